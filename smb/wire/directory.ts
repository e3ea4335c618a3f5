/** QUERY_DIRECTORY (MS-SMB2 2.2.33) with FileIdBothDirectoryInformation (MS-FSCC 2.4.17). */
import { printable } from '../../base/human.ts';
import { refusedName } from '../name.ts';
import type { Entry } from '../types.ts';
import { badAnswer, HEADER_BYTES, rangeOf, sizeAt, textOfBytes, timeAt } from './bytes.ts';
import { ATTRIBUTE } from './create.ts';
import { COMMAND, chargeFor, type Part } from './header.ts';

const ID_BOTH_DIRECTORY_INFORMATION = 37;
const FIXED_BYTES = 32;
const ENTRY_BYTES = 104;
const PATTERN = Buffer.from('*', 'utf16le');

/** Asks for as many entries as fit; the server remembers where it was. */
export function queryDirectoryRequest(fileId: Buffer, bufferBytes: number): Part {
  const body = Buffer.alloc(FIXED_BYTES + PATTERN.length);
  body.writeUInt16LE(33, 0);
  body.writeUInt8(ID_BOTH_DIRECTORY_INFORMATION, 2);
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
export function readEntries(buffer: Buffer): Entries {
  const found: Entries = { entries: [], refused: [], count: 0 };
  for (let at = 0; ; ) {
    if (buffer.length - at < ENTRY_BYTES)
      throw badAnswer(`a directory entry at ${at} of ${buffer.length} is cut short`);
    const next = buffer.readUInt32LE(at);
    const name = textOfBytes(
      rangeOf(buffer, at + ENTRY_BYTES, buffer.readUInt32LE(at + 60), at + ENTRY_BYTES, 'a name in a directory'),
      'a name in a directory',
    );
    found.count += 1;
    if (name !== '.' && name !== '..') {
      if (refusedName(name) === undefined) found.entries.push(entryAt(buffer, at, name));
      else found.refused.push(printable(name));
    }
    if (next === 0) return found;
    if (next < ENTRY_BYTES || next % 8 !== 0 || at + next >= buffer.length)
      throw badAnswer(`the entry behind ${at} of ${buffer.length} is said to be ${next} bytes away`);
    at += next;
  }
}

function entryAt(buffer: Buffer, at: number, name: string): Entry {
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
    fileId: buffer.readBigUInt64LE(at + 96),
    // EaSize holds the reparse tag of a reparse point.
    reparseTag: (attributes & ATTRIBUTE.reparsePoint) === 0 ? 0 : buffer.readUInt32LE(at + 64),
  };
}
