/** One file of 1 GiB from smbd to disk, signed and encrypted: our client against what a user could pick. */
import { mustRun } from '../base/command.ts';
import type { Part, Report } from './report.ts';
import { LIMIT_MS, openGround, PORT } from './smb/ground.ts';
import { COPY_BIG } from './smb/peers.ts';
import { partOf, race } from './smb/race.ts';
import { runProgram } from './smb/run.ts';
import { makeBigFile } from './smb/tree.ts';

const MEBIBYTES = 1_024;
const DISK_MB = 4_000;
const SHARES = {
  signed: { name: 'signed', folder: 'source' },
  encrypted: { name: 'encrypted', folder: 'source', lines: ['smb encrypt = required'] },
};

export async function run(rounds: number): Promise<Report> {
  const ground = await openGround(DISK_MB, Object.values(SHARES));
  try {
    const big = `${ground.disk}/source/big`;
    makeBigFile(big, MEBIBYTES);
    const parts: Record<string, Part> = {};
    const notes = [
      ground.conditions,
      'content is the same for all; smbclient get does not keep the written time, all others do; nobody syncs to the disk',
    ];
    for (const part of Object.keys(SHARES)) {
      const place = { port: PORT, share: part };
      const peers = Object.entries(COPY_BIG).map(([name, copy]) => ({
        name,
        work: (folder: string) => copy(place, folder),
      }));
      const ours = { name: 'ours', work: (folder: string) => runProgram('./ours-big.ts', place, { folder }) };
      const floor = {
        name: 'cp',
        work: async (folder: string) => void (await mustRun('cp', [big, folder], { timeLimitMs: LIMIT_MS })),
      };
      const { results, notes: told } = await race(ground, [ours, ...peers, floor], {
        rounds,
        folder: 'target',
        check: async (_, folder) => void (await mustRun('cmp', [big, `${folder}/big`], { timeLimitMs: LIMIT_MS })),
        units: MEBIBYTES,
        unit: 'MiB',
        idle: 'waiting for each other and for the disk',
      });
      parts[part] = partOf(results, ['cp']);
      const floorMs = results.get('cp')?.median ?? Number.NaN;
      notes.push(`${part}: floor: cp from disk to disk, median ${Math.round(floorMs)} ms`);
      notes.push(...told.map((note) => `${part}, ${note}`));
    }
    return { bench: 'smb-big', unit: 'ms', better: 'lower', parts, notes };
  } finally {
    await ground.close();
  }
}
