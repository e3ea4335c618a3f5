/** `standby smb put`: one local file to a share. The work is in upload-file.ts. */
import path from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import { printable } from '../../base/human.ts';
import { type AtShare, asksServer, atShare, type SmbOptions } from './calling.ts';
import { statIfThere } from './find.ts';
import { interruptible } from './interrupt.ts';
import { LocalFile } from './local-file.ts';
import { joined } from './path.ts';
import { amountOfOne, doneWords, openProgress } from './progress.ts';
import { uploadFile } from './upload-file.ts';
import { notOnTheMain } from './writing.ts';

interface Options extends SmbOptions {
  overwrite?: true;
  progress?: true;
}

export function addPut(smb: Command): void {
  asksServer(
    smb
      .command('put <local> <address>')
      .description('send one file to a share; nothing is overwritten')
      .option('--overwrite', 'replace a file of the same name, which keeps neither its access rules nor its streams')
      .option('--progress', 'show the progress also where there is no terminal'),
  ).action(async (local: string, text: string, options: Options) => {
    notOnTheMain(text);
    const file = LocalFile.open(local);
    try {
      await atShare(text, options, (at) =>
        interruptible((signal) => put(at, file, /[/\\]$/u.test(text), options, signal)),
      );
    } finally {
      file.close();
    }
  });
}

/** @param asFolder whether the address says, by a slash at its end, that it means a folder */
async function put(
  { screen, share: { tree }, path: at, address }: AtShare,
  file: LocalFile,
  asFolder: boolean,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const there = await statIfThere(tree, at);
  const name = path.basename(file.path);
  const inside = there?.directory === true;
  if (!inside && asFolder) throw noFolder(address);
  const to = inside ? joined(at, name) : at;
  const startMs = systemClock.monoMs();
  const amount = amountOfOne(file.size);
  const progress = openProgress(systemClock, options.progress === true, () => amount);
  const sent = (bytes: number): void => {
    amount.bytes += bytes;
  };
  try {
    await uploadFile({ tree, file, to, overwrite: options.overwrite === true, signal, sent });
  } finally {
    progress.end();
  }
  const ms = systemClock.monoMs() - startMs;
  const where = inside ? `${address}/${name}` : address;
  screen.result({ address: where, from: file.path, files: 1, bytes: file.size, ms: Math.round(ms) });
  screen.line(`${printable(where)}: ${doneWords(1, file.size, ms)}.`);
}

function noFolder(subject: string): Failure {
  return new Failure({
    code: 'no-such-file',
    doing: 'send to',
    subject,
    what: 'there is no folder of that name',
    hint: 'make the folder first, or leave out the slash at the end to give the file this name',
  });
}
