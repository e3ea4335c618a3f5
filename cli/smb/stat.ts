/** `standby smb stat`: everything that a server tells of one file or folder without reading it. */
import type { Command } from 'commander';
import { isFailure } from '../../base/failure.ts';
import { humanCount, humanSize, printable } from '../../base/human.ts';
import type { ReparsePoint, Stat, Tree } from '../../smb/index.ts';
import { attributeNames } from './attributes.ts';
import { asksServer, atShare, type SmbOptions } from './calling.ts';
import { statObject, tagText } from './entry.ts';
import { nameOf } from './path.ts';
import { shownTime } from './time.ts';

/** What not every server tells, and nobody needs to have; null where it does not. */
interface Extras {
  /** As the server spells it. */
  name: string | null;
  /** The 8.3 name. */
  shortName: string | null;
  /** As text, since programs lose digits of 64-bit numbers. */
  fileId: string | null;
  volumeSerial: string;
  /** How many names the file has. */
  names: number | null;
  reparseTag: string | null;
  /** Where a link leads. */
  target: string | null;
}

export function addStat(smb: Command): void {
  asksServer(
    smb.command('stat <address>').description('show times, ids, sizes and attributes of one file or folder'),
  ).action((text: string, options: SmbOptions) =>
    atShare(text, options, async ({ screen, share: { tree }, path, address }) => {
      const stat = await tree.stat(path);
      const extras = await extrasOf(tree, path);
      screen.result({ address, ...statObject(path, stat), ...extras });
      for (const [name, words] of rows(address, stat, extras)) screen.line(`${name.padEnd(12)} ${words}`);
    }),
  );
}

async function extrasOf(tree: Tree, path: string): Promise<Extras> {
  const canonical = path === '' ? undefined : await ifTold(tree.canonicalPath(path));
  const fileId = await ifTold(tree.fileId(path));
  const { volumeSerial } = await tree.identity();
  const point = await ifTold(tree.reparse(path));
  return {
    name: canonical === undefined ? null : nameOf(canonical),
    shortName: (path === '' ? undefined : await ifTold(tree.shortName(path))) ?? null,
    fileId: fileId === undefined || fileId === 0n ? null : fileId.toString(),
    volumeSerial: volumeSerial.toString(16).padStart(8, '0'),
    names: (await ifTold(tree.linkCount(path))) ?? null,
    reparseTag: point === undefined ? null : tagText(point.tag),
    target: targetOf(point),
  };
}

/** Undefined when the server does not tell, for whatever reason of its own. */
async function ifTold<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isFailure(error, 'not-supported', 'nt-status', 'access-denied', 'not-found')) return undefined;
    throw error;
  }
}

function targetOf(point: ReparsePoint | undefined): string | null {
  if (point?.target === undefined) return null;
  const { shown, substitute } = point.target;
  return shown === '' ? substitute : shown;
}

function rows(address: string, stat: Stat, extras: Extras): [name: string, words: string][] {
  const told: [name: string, words: string | null][] = [
    ['Address', address],
    ['Name', extras.name],
    ['Short name', extras.shortName],
    ['Kind', stat.directory ? 'folder' : 'file'],
    ['Size', bytesWords(stat.size)],
    ['On disk', bytesWords(stat.allocatedBytes)],
    ['Attributes', attributeNames(stat.attributes).join(', ')],
    ['Created', shownTime(stat.created)],
    ['Written', shownTime(stat.written)],
    ['Changed', shownTime(stat.changed)],
    ['Accessed', shownTime(stat.accessed)],
    ['File id', extras.fileId],
    ['Volume', extras.volumeSerial],
    ['Names', extras.names === null ? null : humanCount(extras.names)],
    ['Link or tag', extras.reparseTag],
    ['Leads to', extras.target],
  ];
  return told.flatMap(([name, words]) => (words === null ? [] : [[name, printable(words)]]));
}

/** The digits too: whoever looks at one file may compare them. */
function bytesWords(bytes: number): string {
  return bytes < 1_000 ? humanSize(bytes) : `${humanSize(bytes)} (${humanCount(bytes)} bytes)`;
}
