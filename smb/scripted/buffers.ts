/** For tests: the bodies of answers that hold a buffer (MS-SMB2 2.2.34, 2.2.36, 2.2.38), with entries and changes in it. */
import type { Asked, Said } from './signing.ts';

/** An answer with this buffer. */
export function bufferAnswer(to: Asked, buffer: Buffer): Said {
  const body = Buffer.alloc(8);
  body.writeUInt16LE(9, 0);
  body.writeUInt16LE(72, 2);
  body.writeUInt32LE(buffer.length, 4);
  return { to, body: Buffer.concat([body, buffer]) };
}

export interface EntryFields {
  name: string;
  size?: bigint;
  attributes?: number;
  /** NextEntryOffset as it shall be told. */
  next?: number;
}

/** FileIdBothDirectoryInformation (MS-FSCC 2.4.17). */
export function entriesBuffer(...list: EntryFields[]): Buffer {
  return Buffer.concat(
    list.map((fields, index) => {
      const name = Buffer.from(fields.name, 'utf16le');
      const entry = Buffer.alloc(Math.ceil((104 + name.length) / 8) * 8);
      entry.writeUInt32LE(fields.next ?? (index === list.length - 1 ? 0 : entry.length), 0);
      entry.writeBigUInt64LE(fields.size ?? 0n, 40);
      entry.writeUInt32LE(fields.attributes ?? 0x80, 56);
      entry.writeUInt32LE(name.length, 60);
      name.copy(entry, 104);
      return entry;
    }),
  );
}

/** FILE_NOTIFY_INFORMATION (MS-FSCC 2.7.1), actions by their number. */
export function changesBuffer(...list: [action: number, path: string][]): Buffer {
  return Buffer.concat(
    list.map(([action, path], index) => {
      const name = Buffer.from(path, 'utf16le');
      const record = Buffer.alloc(Math.ceil((12 + name.length) / 4) * 4);
      record.writeUInt32LE(index === list.length - 1 ? 0 : record.length, 0);
      record.writeUInt32LE(action, 4);
      record.writeUInt32LE(name.length, 8);
      name.copy(record, 12);
      return record;
    }),
  );
}
