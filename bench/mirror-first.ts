/**
 * A first mirror: 20,000 files of 1–64 KiB and two of 256 MiB from a smbd to an empty standby. Ours is the engine as the product runs it, with
 * its index and its flushes; beside it what a user could keep a copy with.
 */
import fs from 'node:fs';
import path from 'node:path';
import { startMirror } from './mirror/engine.ts';
import { startRsyncDaemon } from './mirror/rsync.ts';
import { lookAtMachine } from './quiet.ts';
import type { Report } from './report.ts';
import { type Ground, openGround, PORT } from './smb/ground.ts';
import { COPY, MIRROR } from './smb/peers.ts';
import { partOf, type Racer, race } from './smb/race.ts';
import { type Content, checkContent, makeBigFile, makeSmallFiles } from './smb/tree.ts';

const FILES = 20_000;
const BIG_FILES = 2;
const BIG_MEBIBYTES = 256;
const DISK_MB = 8_000;
const SHARE = 'bench';
/** The reference: it needs a daemon on the main, where nothing may be installed. */
const REFERENCE = 'rsync, daemon on the main';

export async function run(rounds: number): Promise<Report> {
  const machine = await lookAtMachine();
  const ground = await openGround(DISK_MB, [{ name: SHARE, folder: 'source' }]);
  const source = `${ground.disk}/source`;
  const rsync = await startRsyncDaemon(source);
  try {
    const content = makeContent(source);
    const place = { port: PORT, share: SHARE };
    const racers: Racer[] = [
      { name: 'ours', work: (folder) => firstPass(ground, folder) },
      { name: 'rclone sync', work: (folder) => MIRROR['rclone sync'](place, folder) },
      { name: 'smbclient tar', work: (folder) => COPY['smbclient tar'](place, folder) },
      { name: REFERENCE, work: (folder) => rsync.mirror(folder), server: rsync },
    ];
    const { results, notes } = await race(ground, racers, {
      rounds,
      folder: 'target',
      check: (name, folder) => checkContent(name, name === 'ours' ? path.join(folder, SHARE) : folder, content),
      units: content.files,
      unit: 'file',
      idle: 'waiting for each other and for the disk',
    });
    return {
      bench: 'mirror-first',
      unit: 'ms',
      better: 'lower',
      ...partOf(results, [REFERENCE]),
      notes: [
        machine,
        ground.conditions,
        `${FILES} files of 1–64 KiB and ${BIG_FILES} of ${BIG_MEBIBYTES} MiB, ${(content.bytes / 1e6).toFixed(0)} MB`,
        `reference, no peer: ${REFERENCE}, median ${Math.round(results.get(REFERENCE)?.median ?? Number.NaN)} ms; unsigned, unencrypted, and software on the main`,
        'ours flushes the file system for each batch of rows (the last second’s may still wait when a run ends); no other contender flushes',
        'kept besides content and written time: ours the time of creation and the DOS attributes (user.DOSATTRIB) and the index that a takeover and a restore stand on; rsync -a mode and owner of the main’s Linux; rclone nothing; smbclient tar nothing, and the time by the second',
        ...notes,
      ],
    };
  } finally {
    await rsync.close();
    await ground.close();
  }
}

function makeContent(source: string): Content {
  const small = makeSmallFiles(source, FILES);
  const big = Array.from({ length: BIG_FILES }, (_, n) => makeBigFile(`${source}/big ${n}`, BIG_MEBIBYTES));
  return [small, ...big].reduce((sum, each) => ({ files: sum.files + each.files, bytes: sum.bytes + each.bytes }));
}

async function firstPass(ground: Ground, folder: string): Promise<void> {
  const state = path.join(ground.disk, 'state');
  fs.rmSync(state, { recursive: true, force: true });
  const engine = await startMirror({ port: PORT, share: SHARE }, folder, state);
  try {
    await engine.passed();
  } finally {
    await engine.end();
  }
}
