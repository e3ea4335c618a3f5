/** The create context that we send (MS-SMB2 2.2.13.2). */
import type { FileTime } from '../types.ts';

const NAME = 'TWrp';
const NAME_AT = 16;
const DATA_AT = 24;
const DATA_BYTES = 8;

/** SMB2_CREATE_TIMEWARP_TOKEN (MS-SMB2 2.2.13.2.7): the file as it was in the snapshot of this moment. The only one of its CREATE. */
export function timewarpContext(moment: FileTime): Buffer {
  const context = Buffer.alloc(DATA_AT + DATA_BYTES);
  context.writeUInt16LE(NAME_AT, 4);
  context.writeUInt16LE(NAME.length, 6);
  context.writeUInt16LE(DATA_AT, 10);
  context.writeUInt32LE(DATA_BYTES, 12);
  context.write(NAME, NAME_AT, 'latin1');
  context.writeBigInt64LE(moment, DATA_AT);
  return context;
}
