/**
 * 2,000 files of 1–64 KiB from a smbd behind a wire with a delay, to disk: our client against what a user could pick. The delay is that of a
 * proxy of our own (smb/delay-line.ts), for all the same.
 */
import { type Part, progress, type Report } from './report.ts';
import { openDelay, proveDelay } from './smb/delay.ts';
import { type Ground, openGround, PORT } from './smb/ground.ts';
import { COPY } from './smb/peers.ts';
import { partOf, race } from './smb/race.ts';
import { runProgram } from './smb/run.ts';
import { type Content, checkContent, makeSmallFiles } from './smb/tree.ts';

const FILES = 2_000;
const DISK_MB = 1_000;
const DELAYS_MS = [0.25, 1];
const DELAYED_PORT = 4456;

export async function run(rounds: number): Promise<Report> {
  const ground = await openGround(DISK_MB, [{ name: 'bench', folder: 'source' }]);
  try {
    const content = makeSmallFiles(`${ground.disk}/source`, FILES);
    progress(`${content.files} files, ${(content.bytes / 1e6).toFixed(0)} MB`);
    const parts: Record<string, Part> = {};
    const notes = [
      ground.conditions,
      'content is the same for all; smbclient mget does not keep the written time, all others do; nobody syncs to the disk',
    ];
    for (const delayMs of DELAYS_MS) {
      const part = `${delayMs}ms`;
      const realMs = await proveDelay(DELAYED_PORT, delayMs);
      notes.push(`${part}: the wire adds ${realMs.toFixed(3)} ms each way, measured with single bytes to and fro`);
      const { results, notes: told } = await delayed(ground, content, delayMs, rounds);
      parts[part] = partOf(results);
      notes.push(...told.map((note) => `${part}, ${note}`));
    }
    return { bench: 'smb-delay', unit: 'ms', better: 'lower', parts, notes };
  } finally {
    await ground.close();
  }
}

async function delayed(ground: Ground, content: Content, delayMs: number, rounds: number) {
  const delay = await openDelay(DELAYED_PORT, PORT, delayMs);
  const place = { port: delay.port, share: 'bench' };
  try {
    const peers = Object.entries(COPY).map(([name, copy]) => ({ name, work: (folder: string) => copy(place, folder) }));
    const ours = { name: 'ours', work: (folder: string) => runProgram('../smb-get.ts', place, { folder }) };
    return await race(ground, [ours, ...peers], {
      rounds,
      folder: 'target',
      check: (name, folder) => checkContent(name, folder, content),
      units: content.files,
      unit: 'file',
      idle: 'the wire',
    });
  } finally {
    await delay.end();
  }
}
