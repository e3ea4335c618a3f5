/**
 * Reparse data (MS-FSCC 2.1.2): what a link, a junction or a placeholder holds.
 *
 *   0 ReparseTag │ 4 ReparseDataLength │ 6 Reserved │ 8 data                    of Microsoft (2.1.2.2)
 *   0 ReparseTag │ 4 ReparseDataLength │ 6 Reserved │ 8 ReparseGuid │ 24 data   of others (2.1.2.3), whose tags have no high bit
 */
import { Failure } from '../../base/failure.ts';
import type { ReparsePoint, ReparseTarget } from '../types.ts';
import { badAnswer, rangeOf, textOfBytes } from './bytes.ts';

const FIXED_BYTES = 8;
const GUID_BYTES = 16;
/** MAXIMUM_REPARSE_DATA_BUFFER_SIZE. */
export const REPARSE_LIMIT_BYTES = 16_384;

/** Tags that we take apart (MS-FSCC 2.1.2.1). */
export const REPARSE_TAG = { mountPoint: 0xa000_0003, symlink: 0xa000_000c } as const;

const SYMLINK_NAMES_AT = 12;
const MOUNT_POINT_NAMES_AT = 8;
const RELATIVE = 1;

function isMicrosofts(tag: number): boolean {
  return (tag & 0x8000_0000) !== 0;
}

/** Reads the output of FSCTL_GET_REPARSE_POINT (MS-FSCC 2.3.30). */
export function readReparse(buffer: Buffer): ReparsePoint {
  if (buffer.length < FIXED_BYTES) throw badAnswer(`a reparse point of ${buffer.length} bytes is cut short`);
  const tag = buffer.readUInt32LE(0);
  const dataAt = FIXED_BYTES + (isMicrosofts(tag) ? 0 : GUID_BYTES);
  if (buffer.length < dataAt) throw badAnswer('the owner of a reparse point is cut short');
  const data = rangeOf(buffer, dataAt, buffer.readUInt16LE(4), dataAt, 'a reparse point');
  return {
    tag,
    owner: isMicrosofts(tag) ? undefined : buffer.toString('hex', FIXED_BYTES, dataAt),
    data: Buffer.from(data),
    target: targetIn(tag, data),
  };
}

function targetIn(tag: number, data: Buffer): ReparseTarget | undefined {
  if (tag === REPARSE_TAG.mountPoint) return { kind: 'mount-point', ...namesIn(data, MOUNT_POINT_NAMES_AT) };
  if (tag !== REPARSE_TAG.symlink) return undefined;
  const names = namesIn(data, SYMLINK_NAMES_AT);
  return { kind: 'symlink', ...names, relative: (data.readUInt32LE(8) & RELATIVE) !== 0 };
}

/** SubstituteName and PrintName: offset and length of each, counted from where the names begin (MS-FSCC 2.1.2.4, 2.1.2.5). */
function namesIn(data: Buffer, namesAt: number): { substitute: string; shown: string } {
  if (data.length < namesAt) throw badAnswer('the target of a reparse point is cut short');
  const name = (field: number): string => {
    const bytes = rangeOf(data, namesAt + data.readUInt16LE(field), data.readUInt16LE(field + 2), namesAt, 'a target');
    return textOfBytes(bytes, 'the target of a reparse point');
  };
  return { substitute: name(0), shown: name(4) };
}

/**
 * The input of FSCTL_SET_REPARSE_POINT (MS-FSCC 2.3.81). Throws `malformed` for more than 16,384 bytes, and for an owner that is
 * there, or missing, against its tag.
 */
export function reparseBytes({ tag, owner, data }: Pick<ReparsePoint, 'tag' | 'owner' | 'data'>): Buffer {
  const guid = Buffer.from(owner ?? '', 'hex');
  const head = Buffer.alloc(FIXED_BYTES);
  head.writeUInt32LE(tag, 0);
  if (guid.length !== (isMicrosofts(tag) ? 0 : GUID_BYTES))
    throw unusable(isMicrosofts(tag) ? 'this tag has no owner' : 'this tag needs an owner of 32 hex digits');
  if (head.length + guid.length + data.length > REPARSE_LIMIT_BYTES)
    throw unusable(`it holds ${data.length} bytes; with its head it may have ${REPARSE_LIMIT_BYTES}`);
  head.writeUInt16LE(data.length, 4);
  return Buffer.concat([head, guid, data]);
}

/** The data of a symbolic link or a mount point, for reparseBytes. Throws `malformed` when the names are too long for it. */
export function targetBytes(target: ReparseTarget): ReparsePoint {
  const [substitute, shown] = [Buffer.from(target.substitute, 'utf16le'), Buffer.from(target.shown, 'utf16le')];
  const isLink = target.kind === 'symlink';
  // A mount point's names end with NUL each, which their lengths do not count.
  const end = Buffer.alloc(isLink ? 0 : 2);
  if (substitute.length + shown.length + 2 * end.length > REPARSE_LIMIT_BYTES) throw unusable('its target is too long');
  const head = Buffer.alloc(isLink ? SYMLINK_NAMES_AT : MOUNT_POINT_NAMES_AT);
  head.writeUInt16LE(0, 0);
  head.writeUInt16LE(substitute.length, 2);
  head.writeUInt16LE(substitute.length + end.length, 4);
  head.writeUInt16LE(shown.length, 6);
  if (isLink) head.writeUInt32LE(target.relative ? RELATIVE : 0, 8);
  return {
    tag: isLink ? REPARSE_TAG.symlink : REPARSE_TAG.mountPoint,
    owner: undefined,
    data: Buffer.concat([head, substitute, end, shown, end]),
    target,
  };
}

function unusable(what: string): Failure {
  return new Failure({
    code: 'malformed',
    doing: 'build the reparse point',
    what,
    hint: 'give data that fits its tag',
  });
}
