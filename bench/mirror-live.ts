/**
 * How soon a change of the main is on the mirror: from the answer to its CLOSE, or rename, to its whole copy here. Small files, one at a time on a
 * quiet main, in a tree of 200,000 files in 2,000 folders. Two kinds: what the server tells of (new files, saves by rename, files cut and written
 * anew) in folders drawn from all of the tree; and what it does not (writes in place over SMB, writes on the server itself) in folders where
 * something happened lately. Of folders where nothing did, some are measured for the notes.
 */
import fs from 'node:fs';
import { seeded } from '../tryout/files.ts';
import { processorMs } from './cpu.ts';
import { arrival, quantile } from './live/arrival.ts';
import type { Follower } from './live/contender.ts';
import { startOurs } from './live/ours.ts';
import { PEERS } from './live/peers.ts';
import { startUser, type User, type Way } from './live/user.ts';
import { figures, type Part, progress, type Report } from './report.ts';
import { emptyFolder, openGround } from './smb/ground.ts';

const DISK_MB = 9_000;
const SHARE = 'bench';
const FOLDERS = 2_000;
const FILES = 100;
/** For lsyncd and syncthing: their first copy of more would take longer than all the rest. */
const PEER_FOLDERS = 20;
const CHANGES = 90;
const WARM_FOLDERS = 20;
const COLD_CHANGES = 6;
const COST_MS = 20_000;
const START_MS = 900_000;
const LIMIT_MS = 20_000;
const COLD_LIMIT_MS = 400_000;
const SEED = 5;
const MOST_REPEATS = 400;
/** Long ago: nothing of it is taken for a recent change. */
const OLD = new Date('2020-01-01T00:00:00Z');

type Deed = Way | 'local';

export async function run(rounds: number): Promise<Report> {
  const ground = await openGround(DISK_MB, [{ name: SHARE, folder: 'source' }]);
  try {
    const source = `${ground.disk}/source`;
    progress(`making ${FOLDERS * FILES} files`);
    makeTree(source, FOLDERS);
    const chance = seeded(SEED);
    const user = await startUser(SHARE);
    const write = (deed: Deed, path: string, content: Buffer): Promise<void> =>
      deed === 'local' ? writeLocally(source, path, content) : user.write(deed, path, content);
    const startedMs = performance.now();
    const ours = await startOurs(ground.disk, SHARE, START_MS);
    progress(`first pass: ${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
    const idle = await cost(ground.pids(), ours.pid);
    const cold = await changes(
      ours,
      { source, write, chance, folders: FOLDERS },
      ['inPlace', 'local'],
      COLD_CHANGES,
      COLD_LIMIT_MS,
    );
    progress(`cold folders: ${cold.map((ms) => Math.round(ms)).join(' ')} ms`);
    const told: number[][] = [];
    const untold: number[][] = [];
    for (let round = 0; round < rounds; round += 1) {
      told.push(
        await changes(ours, { source, write, chance, folders: FOLDERS }, ['new', 'save', 'cut'], CHANGES, LIMIT_MS),
      );
      await warm(ours, source, user, chance);
      untold.push(
        await changes(ours, { source, write, chance, folders: WARM_FOLDERS }, ['inPlace', 'local'], CHANGES, LIMIT_MS),
      );
      progress(
        `round ${round + 1} of ${rounds}: p95 ${Math.round(quantile(told.at(-1) ?? [], 0.95))} and ${Math.round(quantile(untold.at(-1) ?? [], 0.95))} ms`,
      );
    }
    const measured = ours.told();
    await ours.end();
    user.end();
    const peers: Record<string, number[][]> = {};
    for (const [name, start] of Object.entries(PEERS)) {
      const folder = await emptyFolder(ground, name);
      const peerSource = `${folder}/source`;
      makeTree(peerSource, PEER_FOLDERS);
      const follower = await start(folder, peerSource, START_MS);
      const writeHere = (_: Deed, path: string, content: Buffer): Promise<void> =>
        writeLocally(peerSource, path, content);
      peers[name] = [];
      for (let round = 0; round < rounds; round += 1) {
        peers[name].push(
          await changes(
            follower,
            { source: peerSource, write: writeHere, chance, folders: PEER_FOLDERS },
            ['new', 'local'],
            CHANGES,
            LIMIT_MS,
          ),
        );
        progress(`${name}: p95 ${Math.round(quantile(peers[name].at(-1) ?? [], 0.95))} ms`);
      }
      await follower.end();
    }
    const part = (lags: number[][], at: number): Part => ({
      ours: figures(lags.map((each) => quantile(each, at))),
      peers: Object.fromEntries(
        Object.entries(peers).map(([name, each]) => [name, figures(each.map((one) => quantile(one, at)))]),
      ),
    });
    return {
      bench: 'mirror-live',
      unit: 'ms',
      better: 'lower',
      parts: { p50: part(told, 0.5), p95: part(told, 0.95), 'unnotified-p95': part(untold, 0.95) },
      notes: [
        ground.conditions,
        `${FOLDERS * FILES} files in ${FOLDERS} folders, ${CHANGES} changes a round and part, one at a time, seed ${SEED}`,
        `while nothing happens: ${idle}`,
        `unnotified in folders where nothing had happened lately, ${cold.length} changes: median ${Math.round(quantile(cold, 0.5))} ms, longest ${Math.round(Math.max(...cold))} ms`,
        `the engine itself measured, from the main's stamps: ${measured}`,
        `lsyncd (default.direct, delay 0) and syncthing (fsWatcherDelayS 1, two over loopback) follow ${PEER_FOLDERS * FILES} files from one local folder to another: their best case, for every part`,
      ],
    };
  } finally {
    await ground.close();
  }
}

interface Field {
  source: string;
  write(deed: Deed, path: string, content: Buffer): Promise<void>;
  chance(): number;
  /** Folders that changes fall into, from the first. */
  folders: number;
}

let made = 0;

/** Makes changes one after the other; tells how long each took to arrive, the limit where it did not. */
async function changes(
  { copy }: Follower,
  { source, write, chance, folders }: Field,
  deeds: readonly Deed[],
  count: number,
  limitMs: number,
): Promise<number[]> {
  const lags: number[] = [];
  for (let n = 0; n < count; n += 1) {
    const deed = deeds[n % deeds.length] ?? 'new';
    const folder = Math.floor(chance() * folders);
    made += 1;
    const name = deed === 'new' ? `new ${made}.txt` : `${Math.floor(chance() * FILES)}.txt`;
    const path = `${folder}/${name}`;
    await write(deed, path, Buffer.from(`change ${made} `.repeat(1 + Math.floor(chance() * MOST_REPEATS))));
    const closedMs = performance.now();
    const content = fs.readFileSync(`${source}/${path}`);
    const arrivedMs = await arrival(`${copy}/${path}`, content, limitMs);
    lags.push(arrivedMs === undefined ? limitMs : arrivedMs - closedMs);
    await new Promise((resolve) => setTimeout(resolve, 50 + chance() * 150));
  }
  return lags;
}

/** Something that the server tells of happens in each of the first folders. */
async function warm(ours: Follower, source: string, user: User, chance: () => number): Promise<void> {
  for (let folder = 0; folder < WARM_FOLDERS; folder += 1) {
    made += 1;
    const path = `${folder}/warm ${made}.txt`;
    await user.write('new', path, Buffer.from(`warm ${chance()}`));
    await arrival(`${ours.copy}/${path}`, fs.readFileSync(`${source}/${path}`), LIMIT_MS);
  }
}

async function writeLocally(source: string, path: string, content: Buffer): Promise<void> {
  await fs.promises.writeFile(`${source}/${path}`, content);
}

function makeTree(source: string, folders: number): void {
  for (let folder = 0; folder < folders; folder += 1) {
    fs.mkdirSync(`${source}/${folder}`, { recursive: true });
    for (let file = 0; file < FILES; file += 1) {
      const at = `${source}/${folder}/${file}.txt`;
      fs.writeFileSync(at, `file ${file} of folder ${folder}`);
      fs.utimesSync(at, OLD, OLD);
    }
  }
}

/** Processor time of both sides while nothing happens but the rounds. */
async function cost(server: readonly number[], engine: number): Promise<string> {
  const before = { server: processorMs(server), engine: processorMs([engine]), ms: performance.now() };
  await new Promise((resolve) => setTimeout(resolve, COST_MS));
  const ms = performance.now() - before.ms;
  const percent = (spentMs: number): string => `${((100 * spentMs) / ms).toFixed(1)} %`;
  return `smbd ${percent(processorMs(server) - before.server)} of a processor, the engine ${percent(processorMs([engine]) - before.engine)}`;
}
