/**
 * `standby smb get`: one file, or a folder with everything below it, to the local disk. What does the work is loaded when it is
 * needed, as the client is.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { systemClock } from '../../base/clock.ts';
import { errnoOf, Failure, failureOf } from '../../base/failure.ts';
import { counted, printable } from '../../base/human.ts';
import { usage } from '../usage.ts';
import { type AtShare, asksServer, atShare, type SmbOptions } from './calling.ts';
import { interruptible } from './interrupt.ts';
import { nameOf } from './path.ts';
import { Problems } from './problems.ts';
import { type Amount, amountOfOne, doneWords, openProgress } from './progress.ts';

interface Options extends SmbOptions {
  recursive?: true;
  overwrite?: true;
  progress?: true;
}

export function addGet(smb: Command): void {
  asksServer(
    smb
      .command('get <address> [local]')
      .description('fetch one file, or a folder, to the local disk; nothing is overwritten')
      .option('-r, --recursive', 'a folder with everything below it, into the local folder that is named')
      .option(
        '--overwrite',
        'replace local files of the same name; owner, rights and links of the old ones are gone then',
      )
      .option('--progress', 'show the progress also where there is no terminal'),
  ).action((text: string, local: string | undefined, options: Options) =>
    atShare(text, options, (at) =>
      interruptible(async (signal) => {
        // Whatever the server is waited for ends with the connection.
        signal.addEventListener('abort', () => at.share.connection.close());
        const stat = await at.share.tree.stat(at.path);
        if (!stat.directory) return getFile(at, stat.size, local, options, signal);
        if (options.recursive !== true) throw isFolder(at.address);
        return getFolder(at, local, options, signal);
      }),
    ),
  );
}

async function getFile(
  { screen, share: { tree }, path: from, address }: AtShare,
  size: number,
  local: string | undefined,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const to = targetOf(local, nameOf(from));
  const { fetchFile } = await import('./fetch-file.ts');
  // Somebody has named this folder, and so meant what is behind a link.
  const folderFd = openFolder(`${path.dirname(to)}/`);
  const startMs = systemClock.monoMs();
  const amount = amountOfOne(size);
  const progress = openProgress(systemClock, options.progress === true, () => amount);
  const arrived = (bytes: number): void => {
    amount.bytes += bytes;
  };
  const overwrite = options.overwrite === true;
  try {
    const name = path.basename(to);
    const bytes = await fetchFile({ tree, from, size, folderFd, name, overwrite, durable: true, signal, arrived });
    progress.end();
    const ms = systemClock.monoMs() - startMs;
    screen.result({ address, to, files: 1, bytes, ms: Math.round(ms) });
    screen.line(`${printable(to)}: ${doneWords(1, bytes, ms)}.`);
  } finally {
    progress.end();
    fs.closeSync(folderFd);
  }
}

async function getFolder(
  { screen, share: { tree }, path: from, address, server }: AtShare,
  local: string | undefined,
  options: Options,
  signal: AbortSignal,
): Promise<void> {
  const to = local ?? nameOf(from === '' ? server.share : from);
  const { downloadFolder } = await import('./download-folder.ts');
  makeTarget(to);
  const folderFd = openFolder(to);
  const startMs = systemClock.monoMs();
  const problems = new Problems(screen, 'fetched');
  const amount: Amount = { files: 0, bytes: 0, found: { files: 0, bytes: 0, all: false } };
  const progress = openProgress(systemClock, options.progress === true, () => amount);
  try {
    const done = await downloadFolder({
      tree,
      from,
      to: folderFd,
      overwrite: options.overwrite === true,
      signal,
      amount,
      problem: (below, failure) => {
        progress.clear();
        problems.add(below, failure);
      },
    });
    progress.end();
    const ms = systemClock.monoMs() - startMs;
    screen.result({ address, to, ...done, ms: Math.round(ms), problems: problems.count, problemList: problems.listed });
    screen.line(`${printable(to)}: ${counted(done.folders, 'folder')}, ${doneWords(done.files, done.bytes, ms)}.`);
    problems.close();
  } finally {
    progress.end();
    fs.closeSync(folderFd);
  }
}

/** Into an existing folder under its own name, else under the name that was given. A symbolic link is no folder here. */
function targetOf(local: string | undefined, name: string): string {
  if (local === undefined) return name;
  if (local === '') throw usage('the local name is empty');
  return local.endsWith('/') || isFolderHere(local) ? path.join(local, name) : local;
}

function isFolderHere(local: string): boolean {
  try {
    return fs.lstatSync(local, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch (error) {
    throw failureOf(error, 'look at', local);
  }
}

function makeTarget(folder: string): void {
  try {
    fs.mkdirSync(folder);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw failureOf(error, 'make folder', folder);
  }
}

/** Not through a symbolic link at its end, which somebody may have put where the folder was to be made, unless a slash follows it. */
function openFolder(folder: string): number {
  try {
    return fs.openSync(folder, fs.constants.O_RDONLY | fs.constants.O_DIRECTORY | fs.constants.O_NOFOLLOW);
  } catch (error) {
    const errno = errnoOf(error);
    if (errno !== 'ELOOP' && errno !== 'ENOTDIR') throw failureOf(error, 'open folder', folder);
    const doing = { code: 'not-a-folder-here', doing: 'open folder', subject: folder };
    if (folder.endsWith('/')) throw new Failure({ ...doing, what: 'it is no folder', hint: 'name a folder' });
    throw new Failure({
      ...doing,
      what: 'it is no folder, or a symbolic link, which is not followed',
      hint: 'name the folder itself; with a slash at its end a link is meant to be followed',
    });
  }
}

function isFolder(address: string): Failure {
  return new Failure({
    code: 'is-a-directory',
    doing: 'fetch',
    subject: address,
    what: 'it is a folder',
    hint: 'add -r to fetch it with everything below it',
  });
}
