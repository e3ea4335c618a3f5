/** `standby smb rm`: deletes one file or one empty folder on a server, after it was shown and its name was typed. */
import type { Command } from 'commander';
import { Failure } from '../../base/failure.ts';
import { humanSize, printable } from '../../base/human.ts';
import type { Stat } from '../../smb/index.ts';
import { ask } from '../typing.ts';
import { usage } from '../usage.ts';
import { readAddress } from './address.ts';
import { type AtShare, asksServer, atShare, type SmbOptions } from './calling.ts';
import { nameOf } from './path.ts';
import { shownTime } from './time.ts';
import { notOnTheMain } from './writing.ts';

interface Options extends SmbOptions {
  yes?: true;
}

export function addRm(smb: Command): void {
  asksServer(
    smb
      .command('rm <address>')
      .description('delete one file or one empty folder on a server; nothing keeps a copy')
      .option('--yes', 'do not ask for its name'),
  ).action((text: string, options: Options) => {
    notOnTheMain(text);
    if (readAddress(text).path === '') throw usage('a whole share is not deleted', 'name a file or a folder in it');
    return atShare(text, options, (at) => remove(at, options));
  });
}

async function remove(at: AtShare, options: Options): Promise<void> {
  const {
    screen,
    share: { tree },
    path,
    address,
  } = at;
  const shown = await tree.stat(path);
  if (options.yes !== true) await confirm(at, shown);
  // What is deleted is what was shown, and nobody has it open.
  if (shown.directory) await tree.removeDirectory(path);
  else await tree.removeFile(path, (now) => now.size === shown.size && now.written === shown.written);
  screen.result({ address, deleted: true, directory: shown.directory, size: shown.size });
  screen.line(`Deleted ${printable(address)}.`);
}

async function confirm({ screen, path, address }: AtShare, { directory, size, written }: Stat): Promise<void> {
  if (!screen.canAsk) {
    throw new Failure({
      code: 'confirm',
      doing: 'confirm',
      what: 'deleting was not confirmed; nothing was done',
      hint: 'add --yes',
    });
  }
  const name = nameOf(path);
  const kind = directory ? 'a folder' : `a file of ${humanSize(size)}`;
  screen.note(`${printable(address)} is ${kind}, written ${shownTime(written)}.`);
  if ((await ask(`Type its name (${printable(name)}) to delete it`)) === name) return;
  throw new Failure({ code: 'confirm', doing: 'confirm', what: 'that is not its name; nothing was done' });
}
