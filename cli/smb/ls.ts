/** `standby smb ls`: what is in a folder of a share, in the order of the server, as it comes. */
import type { Command } from 'commander';
import { isFailure } from '../../base/failure.ts';
import { counted, humanSize } from '../../base/human.ts';
import type { Entry, Tree } from '../../smb/index.ts';
import { type AtShare, asksServer, atShare, type SmbOptions } from './calling.ts';
import { entryObject, longLine, shortLine, statObject } from './entry.ts';
import { endsEverything } from './failure.ts';
import { joined, nameOf } from './path.ts';
import { Problems, unsafeName } from './problems.ts';
import { inCircles, leadsBack, type Trail, trailOf } from './trail.ts';

interface Options extends SmbOptions {
  long?: true;
  recursive?: true;
}

/** MS-FSCC 2.6: a link, junction or placeholder; not descended into. */
const REPARSE_POINT = 0x400;

export function addLs(smb: Command): void {
  asksServer(
    smb
      .command('ls <address>')
      .description('list a folder of a share')
      .option('-l, --long', 'attributes, size, time of writing, time of creation and name')
      .option('-R, --recursive', 'with everything below it; links are not descended into'),
    'name',
  ).action((text: string, options: Options) => atShare(text, options, (at) => list(at, options)));
}

export async function list({ screen, share, path }: AtShare, options: Options): Promise<void> {
  const { tree } = share;
  const problems = new Problems(screen, 'listed');
  let files = 0;
  let bytes = 0;
  const lineOf = options.long === true ? longLine : shortLine;
  const show = (below: string, entry: Entry): void => {
    files += entry.directory ? 0 : 1;
    bytes += entry.directory ? 0 : entry.size;
    screen.result(entryObject(below, entry));
    screen.line(lineOf(below, entry));
  };
  const waiting: Trail[] = [await trailOf(tree, path)];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at.above !== undefined && leadsBack(at.above, at.fileId)) {
      problems.add(at.path, inCircles(at.path));
      continue;
    }
    try {
      const folders = await listOne(tree, path, at, show, problems);
      // Taken from the end: in the order of the server, each before its neighbour.
      if (options.recursive === true) for (const folder of folders.reverse()) waiting.push(folder);
    } catch (error) {
      if (at.path === '' && isFailure(error, 'not-a-directory')) {
        const stat = await tree.stat(path);
        screen.result(statObject(nameOf(path), stat));
        return screen.line(lineOf(nameOf(path), stat));
      }
      if (at.path === '' || !isFailure(error) || endsEverything(error)) throw error;
      problems.add(at.path, error);
    }
  }
  if (options.long === true) screen.line(`${counted(files, 'file')}, ${humanSize(bytes)}.`);
  problems.close();
}

/** Shows one folder, which is below `root`; the folders in it. */
async function listOne(
  tree: Tree,
  root: string,
  at: Trail,
  show: (below: string, entry: Entry) => void,
  problems: Problems,
): Promise<Trail[]> {
  const folders: Trail[] = [];
  for await (const { entries, refused } of tree.list(joined(root, at.path))) {
    for (const name of refused) problems.add(joined(at.path, name), unsafeName('list', name));
    for (const entry of entries) {
      const path = joined(at.path, entry.name);
      show(path, entry);
      if (entry.directory && (entry.attributes & REPARSE_POINT) === 0)
        folders.push({ path, fileId: entry.fileId, above: at });
    }
  }
  return folders;
}
