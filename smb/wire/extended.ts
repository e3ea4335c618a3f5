/**
 * FileFullEaInformation (MS-FSCC 2.4.16): extended attributes.
 *
 *   0 NextEntryOffset │ 4 Flags │ 5 EaNameLength │ 6 EaValueLength │ 8 EaName │ NUL │ EaValue │ … to a multiple of four
 */
import { Failure } from '../../base/failure.ts';
import { printable } from '../../base/human.ts';
import type { ExtendedAttribute } from '../types.ts';
import { badAnswer, upToNext } from './bytes.ts';
import type { Part } from './header.ts';
import { setInfoRequest } from './info.ts';

const ENTRY_BYTES = 8;
/** FILE_NEED_EA. */
const NEEDED = 0x80;
const NAME_LIMIT = 255;
/** All of a file together (MS-FSCC 2.4.16). */
const EXTENDED_LIMIT_BYTES = 65_535;

/** Reads the buffer of an answer; empty for a file without. */
export function readExtended(buffer: Buffer): ExtendedAttribute[] {
  const found: ExtendedAttribute[] = [];
  for (let at = 0; at < buffer.length; ) {
    if (buffer.length - at < ENTRY_BYTES)
      throw badAnswer(`an extended attribute at ${at} of ${buffer.length} is cut short`);
    const next = buffer.readUInt32LE(at);
    const end = upToNext(buffer, at, next).length;
    const nameEnd = at + ENTRY_BYTES + buffer.readUInt8(at + 5);
    const valueEnd = nameEnd + 1 + buffer.readUInt16LE(at + 6);
    if (valueEnd > end) throw badAnswer(`an extended attribute at ${at} of ${end} is said to end at ${valueEnd}`);
    found.push({
      name: buffer.toString('latin1', at + ENTRY_BYTES, nameEnd),
      value: Buffer.from(buffer.subarray(nameEnd + 1, valueEnd)),
      needed: (buffer.readUInt8(at + 4) & NEEDED) !== 0,
    });
    if (next === 0) break;
    if (next % 4 !== 0 || at + next >= buffer.length)
      throw badAnswer(`the extended attribute behind ${at} of ${buffer.length} is said to be ${next} bytes away`);
    at += next;
  }
  return found;
}

/** Throws `bad-name` for a name that cannot be sent, `no-space` when they take more than 65,535 bytes. */
export function setExtendedRequest(fileId: Buffer, attributes: readonly ExtendedAttribute[]): Part {
  return setInfoRequest(fileId, 1, 15, extendedBytes(attributes));
}

/** The list as it is sent. */
export function extendedBytes(attributes: readonly ExtendedAttribute[]): Buffer {
  const entries = attributes.map((attribute, index) => entryBytes(attribute, index === attributes.length - 1));
  const bytes = entries.reduce((sum, entry) => sum + entry.length, 0);
  if (bytes > EXTENDED_LIMIT_BYTES) throw tooLarge(bytes);
  return Buffer.concat(entries);
}

function entryBytes({ name, value, needed }: ExtendedAttribute, last: boolean): Buffer {
  // Single bytes on the wire; which of them a name may hold is for the server to say, with `bad-name` too.
  if (!/^[\x20-\xff]+$/u.test(name) || name.length > NAME_LIMIT) throw badName(name);
  const length = ENTRY_BYTES + name.length + 1 + value.length;
  if (length > EXTENDED_LIMIT_BYTES) throw tooLarge(length);
  const entry = Buffer.alloc(last ? length : Math.ceil(length / 4) * 4);
  entry.writeUInt32LE(last ? 0 : entry.length, 0);
  entry.writeUInt8(needed ? NEEDED : 0, 4);
  entry.writeUInt8(name.length, 5);
  entry.writeUInt16LE(value.length, 6);
  entry.write(name, ENTRY_BYTES, 'latin1');
  value.copy(entry, ENTRY_BYTES + name.length + 1);
  return entry;
}

function badName(name: string): Failure {
  return new Failure({
    code: 'bad-name',
    doing: 'use extended attribute',
    subject: `«${printable(name)}»`,
    what: `its name must be 1 to ${NAME_LIMIT} characters, each of a single byte and none a control character`,
    hint: 'use another name',
  });
}

function tooLarge(bytes: number): Failure {
  return new Failure({
    code: 'no-space',
    doing: 'set extended attributes',
    what: `they take ${bytes} bytes; ${EXTENDED_LIMIT_BYTES} is the most that a file can have`,
    hint: 'set fewer or shorter ones',
  });
}
