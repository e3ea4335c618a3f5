/**
 * 20,000 small files, and one of 1 GiB, from disk to smbd: our client against what a user could pick, with the same durability for all; small
 * files also with a delay on the wire.
 */
import { mustRun } from '../base/command.ts';
import type { Part, Report } from './report.ts';
import { type Delay, openDelay, proveDelay } from './smb/delay.ts';
import { type Ground, LIMIT_MS, openGround, PORT } from './smb/ground.ts';
import { PUT } from './smb/peers.ts';
import { partOf, race } from './smb/race.ts';
import { runProgram } from './smb/run.ts';
import { type Content, checkContent, makeBigFile, makeSmallFiles } from './smb/tree.ts';

const FILES = 20_000;
const FEWER_FILES = 2_000;
const MEBIBYTES = 1_024;
const DISK_MB = 4_000;
const DELAY_MS = 0.25;
const DELAYED_PORT = 4456;

/** Samba answers a FLUSH at once: what ours asks for and its peers do not is done for nobody. */
const NOBODY_SYNCS = 'strict sync = no';

const SHARES = [
  { name: 'quick', folder: 'target', lines: [NOBODY_SYNCS] },
  { name: 'flushed', folder: 'target' },
];

/** An empty folder that rclone 1.60 makes in a share's root for one file: the full-width form of a dot. */
const RCLONE_EXTRA = '．';

interface PartPlan {
  port: number;
  /** Of what is copied, on the ground's disk. */
  source: string;
  units: number;
  unit: string;
  make(folder: string): Content;
  idle: string;
}

/** Ours where Samba does what it asks for: no peer can ask for it. */
const FLUSHED = 'ours, each file on the disk';

const small = (files: number): PartPlan => ({
  port: PORT,
  source: `${files}`,
  units: files,
  unit: 'file',
  make: (folder) => makeSmallFiles(folder, files),
  idle: 'waiting for each other and for the disk',
});

const PLANS: Readonly<Record<string, PartPlan>> = {
  small: small(FILES),
  [`small, ${DELAY_MS}ms`]: { ...small(FEWER_FILES), port: DELAYED_PORT, idle: 'the wire' },
  big: {
    port: PORT,
    source: 'one',
    units: MEBIBYTES,
    unit: 'MiB',
    make: (folder) => makeBigFile(`${folder}/big`, MEBIBYTES),
    idle: 'waiting for each other and for the disk',
  },
};

export async function run(rounds: number): Promise<Report> {
  const ground = await openGround(DISK_MB, SHARES);
  let delay: Delay | undefined;
  try {
    const realMs = await proveDelay(DELAYED_PORT, DELAY_MS);
    delay = await openDelay(DELAYED_PORT, PORT, DELAY_MS);
    const parts: Record<string, Part> = {};
    const notes = [
      ground.conditions,
      `durability: ours asks smbd to flush each file, its peers do not; smbd does not do it here (${NOBODY_SYNCS}), so nothing is on the disk for sure when any contender ends`,
      `${DELAY_MS}ms: ${FEWER_FILES} files; the wire adds ${realMs.toFixed(3)} ms each way, measured with single bytes to and fro`,
      'content is the same for all; ours and rclone keep the written time, smbclient mput and libsmbclient do not',
    ];
    for (const [part, plan] of Object.entries(PLANS)) {
      const { part: measured, notes: told } = await put(ground, plan, rounds);
      parts[part] = measured;
      notes.push(...told.map((note) => `${part}, ${note}`));
    }
    return { bench: 'smb-write', unit: 'ms', better: 'lower', parts, notes };
  } finally {
    await delay?.end();
    await ground.close();
  }
}

async function put(ground: Ground, plan: PartPlan, rounds: number): Promise<{ part: Part; notes: string[] }> {
  const { port, units, unit, idle } = plan;
  const source = `${ground.disk}/${plan.source}`;
  const content = plan.make(source);
  const peers = Object.entries(PUT).map(([name, work]) => ({
    name,
    work: () => work({ port, share: 'quick' }, source),
  }));
  const ours = (name: string, share: string) => ({
    name,
    work: () => runProgram('./ours-put.ts', { port, share }, { folder: source }),
  });
  const { results, notes } = await race(ground, [ours('ours', 'quick'), ...peers, ours(FLUSHED, 'flushed')], {
    rounds,
    folder: 'target',
    check: async (name, target) => {
      checkContent(name, target, content);
      await mustRun('diff', ['-r', '-x', RCLONE_EXTRA, source, target], { timeLimitMs: LIMIT_MS });
    },
    units,
    unit,
    idle,
  });
  const flushedMs = Math.round(results.get(FLUSHED)?.median ?? Number.NaN);
  return { part: partOf(results, [FLUSHED]), notes: [...notes, `${FLUSHED}: median ${flushedMs} ms`] };
}
