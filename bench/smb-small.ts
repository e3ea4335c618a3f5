/**
 * 20,000 files of 1–64 KiB from a smbd with mandatory signing, on loopback, to disk: our client against what a user could pick.
 * Every contender is a whole process with log-on and listing; afterwards the copy is counted and its bytes summed.
 */
import { mustRun } from '../base/command.ts';
import { progress, type Report } from './report.ts';
import { LIMIT_MS, openGround, PORT } from './smb/ground.ts';
import { COPY } from './smb/peers.ts';
import { partOf, race } from './smb/race.ts';
import { runProgram } from './smb/run.ts';
import { checkContent, makeSmallFiles } from './smb/tree.ts';

const FILES = 20_000;
const DISK_MB = 4_000;
const FLOOR = 'cp -a';

export async function run(rounds: number): Promise<Report> {
  const ground = await openGround(DISK_MB, [{ name: 'bench', folder: 'source' }]);
  try {
    const source = `${ground.disk}/source`;
    const content = makeSmallFiles(source, FILES);
    progress(`${content.files} files, ${(content.bytes / 1e6).toFixed(0)} MB`);
    const place = { port: PORT, share: 'bench' };
    const ours = { name: 'ours', work: (folder: string) => runProgram('../smb-get.ts', place, { folder }) };
    const peers = Object.entries(COPY).map(([name, copy]) => ({ name, work: (folder: string) => copy(place, folder) }));
    const floor = {
      name: FLOOR,
      work: async (folder: string) =>
        void (await mustRun('cp', ['-a', `${source}/.`, folder], { timeLimitMs: LIMIT_MS })),
    };
    const { results, notes } = await race(ground, [ours, ...peers, floor], {
      rounds,
      folder: 'target',
      check: (name, folder) => checkContent(name, folder, content),
      units: FILES,
      unit: 'file',
      idle: 'waiting for each other and for the disk',
    });
    return {
      bench: 'smb-small',
      unit: 'ms',
      better: 'lower',
      ...partOf(results, [FLOOR]),
      notes: [
        ground.conditions,
        `floor: cp -a of the same tree from disk to disk, median ${Math.round(results.get(FLOOR)?.median ?? Number.NaN)} ms`,
        'content is the same for all; smbclient mget does not keep the written time, all others do; nobody syncs to the disk',
        ...notes,
      ],
    };
  } finally {
    await ground.close();
  }
}
