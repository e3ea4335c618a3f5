/** QUERY_DIRECTORY (MS-SMB2 2.2.33) with the classes of entries that tell a file id, and one that every server has (MS-FSCC 2.4). */
import { printable } from '../../base/human.ts';
import { refusedName } from '../name.ts';
import type { Entry } from '../types.ts';
import { badAnswer, HEADER_BYTES, sizeAt, timeAt } from './bytes.ts';
import { ATTRIBUTE } from './create.ts';
import { COMMAND, chargeFor, type Part } from './header.ts';
import { u64At } from './u64.ts';

/** What the classes have in common begins every entry; they differ in what stands between the length of the name and the name. */
export interface Layout {
  class: number;
  nameAt: number;
  /** Of 64 bits, or of 128 whose upper half is 0 wherever the lower one is enough. */
  fileId: { at: number; bytes: 8 | 16 } | undefined;
  reparseTagAt: number;
}

/** In the order of preference: the first is what Windows and Samba have. */
export const LAYOUTS: readonly [Layout, ...Layout[]] = [
  // FileIdBothDirectoryInformation (2.4.17).
  { class: 37, nameAt: 104, fileId: { at: 96, bytes: 8 }, reparseTagAt: 64 },
  // FileIdFullDirectoryInformation (2.4.19).
  { class: 38, nameAt: 80, fileId: { at: 72, bytes: 8 }, reparseTagAt: 64 },
  // FileIdExtdDirectoryInformation (2.4.18).
  { class: 60, nameAt: 88, fileId: { at: 72, bytes: 16 }, reparseTagAt: 68 },
  // FileFullDirectoryInformation (2.4.14).
  { class: 2, nameAt: 68, fileId: undefined, reparseTagAt: 64 },
];

const FIXED_BYTES = 32;
const PATTERN = Buffer.from('*', 'utf16le');

/** Asks for as many entries as fit; the server remembers where it was. */
export function queryDirectoryRequest(fileId: Buffer, bufferBytes: number, layout: Layout = LAYOUTS[0]): Part {
  const body = Buffer.alloc(FIXED_BYTES + PATTERN.length);
  body.writeUInt16LE(33, 0);
  body.writeUInt8(layout.class, 2);
  fileId.copy(body, 8);
  body.writeUInt16LE(HEADER_BYTES + FIXED_BYTES, 24);
  body.writeUInt16LE(PATTERN.length, 26);
  body.writeUInt32LE(bufferBytes, 28);
  PATTERN.copy(body, FIXED_BYTES);
  return { command: COMMAND.queryDirectory, body, charge: chargeFor(bufferBytes) };
}

export interface Entries {
  entries: Entry[];
  /** Names that are not safe to use, escaped for people. */
  refused: string[];
  /** All that the server sent, «.» and «..» too. */
  count: number;
}

/** Reads the buffer of an answer. Throws when it holds no entry: a server that has none left must say NO_MORE_FILES. */
export function readEntries(buffer: Buffer, layout: Layout = LAYOUTS[0]): Entries {
  const { nameAt } = layout;
  const found: Entries = { entries: [], refused: [], count: 0 };
  for (let at = 0; ; ) {
    if (buffer.length - at < nameAt) throw badAnswer(`a directory entry at ${at} of ${buffer.length} is cut short`);
    const next = buffer.readUInt32LE(at);
    const name = nameOf(buffer, at, next, nameAt);
    found.count += 1;
    if (name !== '.' && name !== '..') {
      if (refusedName(name) === undefined) found.entries.push(entryAt(buffer, at, name, layout));
      else found.refused.push(printable(name));
    }
    if (next === 0) return found;
    if (next < nameAt || next % 8 !== 0 || at + next >= buffer.length)
      throw badAnswer(`the entry behind ${at} of ${buffer.length} is said to be ${next} bytes away`);
    at += next;
  }
}

/** Read in place: cutting it out first costs as much as all the rest of an entry. A name ends before the next entry (`upToNext`). */
function nameOf(buffer: Buffer, at: number, next: number, nameAt: number): string {
  const from = at + nameAt;
  const bytes = buffer.readUInt32LE(at + 60);
  const end = next === 0 ? buffer.length : Math.min(at + next, buffer.length);
  if (from + bytes > end) throw badAnswer(`a name in a directory claims ${bytes} bytes at ${from} of ${end}`);
  if (bytes % 2 !== 0) throw badAnswer('a name in a directory has half a UTF-16 unit');
  return buffer.toString('utf16le', from, from + bytes);
}

function entryAt(buffer: Buffer, at: number, name: string, layout: Layout): Entry {
  const attributes = buffer.readUInt32LE(at + 56);
  return {
    name,
    directory: (attributes & ATTRIBUTE.directory) !== 0,
    size: sizeAt(buffer, at + 40, 'the size of a file in a directory'),
    allocatedBytes: sizeAt(buffer, at + 48, 'an allocation size in a directory'),
    attributes,
    created: timeAt(buffer, at + 8),
    accessed: timeAt(buffer, at + 16),
    written: timeAt(buffer, at + 24),
    changed: timeAt(buffer, at + 32),
    fileId: fileIdAt(buffer, at, layout),
    // Mostly in EaSize, which holds the reparse tag of a reparse point.
    reparseTag: (attributes & ATTRIBUTE.reparsePoint) === 0 ? 0 : buffer.readUInt32LE(at + layout.reparseTagAt),
  };
}

/** 0 where there is none, or none of 64 bits. */
function fileIdAt(buffer: Buffer, at: number, { fileId }: Layout): bigint {
  if (fileId === undefined) return 0n;
  if (fileId.bytes === 16 && u64At(buffer, at + fileId.at + 8) !== 0n) return 0n;
  return u64At(buffer, at + fileId.at);
}
