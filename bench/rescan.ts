/**
 * A full pass over 200,000 files in 2,000 folders of which none has changed: what keeping a mirror costs when nothing happens. Ours is a whole
 * start of the engine; its pass looks at each copy here as well, as rclone and rsync do.
 */
import fs from 'node:fs';
import path from 'node:path';
import { mustRun } from '../base/command.ts';
import { startMirror } from './mirror/engine.ts';
import { inodesFor, makePopulation } from './mirror/population.ts';
import { startRsyncDaemon } from './mirror/rsync.ts';
import { lookAtMachine } from './quiet.ts';
import { progress, type Report } from './report.ts';
import { LIMIT_MS, openGround, PORT } from './smb/ground.ts';
import { MIRROR } from './smb/peers.ts';
import { partOf, type Racer, race } from './smb/race.ts';
import { checkContent } from './smb/tree.ts';

const FILES = 200_000;
const FOLDERS = 2_000;
const SHARE = 'bench';
const REFERENCE = 'rsync, daemon on the main';

export async function run(rounds: number): Promise<Report> {
  const machine = await lookAtMachine();
  // The main, and a copy for each contender.
  const ground = await openGround(inodesFor(4 * FILES), [{ name: SHARE, folder: 'source' }]);
  const source = `${ground.disk}/source`;
  const rsync = await startRsyncDaemon(source);
  try {
    makePopulation(source, FILES, FOLDERS);
    const place = { port: PORT, share: SHARE };
    const state = path.join(ground.disk, 'state');
    const racers: Racer[] = [
      {
        name: 'ours',
        async work(folder) {
          const engine = await startMirror(place, folder, state);
          await engine.passed().finally(() => engine.end());
        },
      },
      { name: 'rclone sync', work: (folder) => MIRROR['rclone sync'](place, folder) },
      { name: REFERENCE, work: (folder) => rsync.mirror(folder), server: rsync },
    ];
    for (const { name, work } of racers) {
      progress(`first copy: ${name}`);
      const folder = folderOf(ground.disk, name);
      fs.mkdirSync(folder);
      // rclone would need many minutes for it; its own first run then finds everything in place.
      if (name === 'rclone sync') await mustRun('rsync', ['-a', `${source}/`, folder], { timeLimitMs: LIMIT_MS });
      else await work(folder);
    }
    const { results, notes } = await race(ground, racers, {
      rounds,
      folder: (name) => folderOf(ground.disk, name),
      check: (name, folder) =>
        checkContent(name, name === 'ours' ? path.join(folder, SHARE) : folder, { files: FILES, bytes: 0 }),
      units: FILES,
      unit: 'file',
      idle: 'waiting for each other and for the disk',
    });
    return {
      bench: 'rescan',
      unit: 'ms',
      better: 'lower',
      ...partOf(results, [REFERENCE]),
      notes: [
        machine,
        ground.conditions,
        `${FILES} empty files in ${FOLDERS} folders, none changed; compared by size and time, by all; caches warm`,
        `reference, no peer: ${REFERENCE}, median ${Math.round(results.get(REFERENCE)?.median ?? Number.NaN)} ms; unsigned, unencrypted, and software on the main`,
        'ours compares besides: attributes, time of creation, ChangeTime, and whether its copy is still the one it placed; and is asked four times a second whether it is done, which is part of its figure',
        ...notes,
      ],
    };
  } finally {
    await rsync.close();
    await ground.close();
  }
}

function folderOf(disk: string, name: string): string {
  return path.join(disk, `copy of ${name.split(/[ ,]/u, 1).join('')}`);
}
