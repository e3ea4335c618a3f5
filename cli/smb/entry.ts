/** One file or folder of a share, as programs and people read it. */
import { humanSize, printable } from '../../base/human.ts';
import type { Entry, Stat } from '../../smb/index.ts';
import { attributeLetters, attributeNames } from './attributes.ts';
import { isoTime, shownTime } from './time.ts';

/** What `stat` and `ls` say of the same thing. */
export function statObject(path: string, stat: Stat): Record<string, unknown> {
  const { directory, size, allocatedBytes, attributes, created, accessed, written, changed } = stat;
  return {
    path,
    directory,
    size,
    allocatedBytes,
    attributes: attributeNames(attributes),
    created: isoTime(created),
    accessed: isoTime(accessed),
    written: isoTime(written),
    changed: isoTime(changed),
  };
}

/** Ids as text, since programs lose digits of 64-bit numbers. */
export function entryObject(path: string, entry: Entry): Record<string, unknown> {
  const { fileId, reparseTag } = entry;
  return {
    ...statObject(path, entry),
    fileId: fileId === 0n ? null : fileId.toString(),
    reparseTag: reparseTag === 0 ? null : tagText(reparseTag),
  };
}

export function tagText(reparseTag: number): string {
  return `0x${reparseTag.toString(16).padStart(8, '0')}`;
}

/** `d-----a-----   4.2 MB  21 Nov 2026, 21:14:18  21 Nov 2026, 21:14:18  name`: attributes, size, written, created. */
export function longLine(path: string, stat: Stat): string {
  const size = stat.directory ? '' : humanSize(stat.size);
  const times = [stat.written, stat.created].map((time) => shownTime(time).padStart(TIME_WIDTH));
  return `${attributeLetters(stat.attributes)}  ${size.padStart(SIZE_WIDTH)}  ${times.join('  ')}  ${shortLine(path, stat)}`;
}

export function shortLine(path: string, { directory }: Stat): string {
  return `${printable(path)}${directory ? '/' : ''}`;
}

/** `999 MB`, `21 Sept 2026, 21:14:18`. */
const SIZE_WIDTH = 7;
const TIME_WIDTH = 22;
