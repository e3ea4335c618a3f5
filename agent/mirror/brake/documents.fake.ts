/** Contents of the formats that people keep, and what attacks make of them: for tests, from a seeded source of chance. */
import crypto from 'node:crypto';
import zlib from 'node:zlib';

export type Chance = () => number;

const WORDS =
  'invoice offer meeting the of and to delivery customer Straße über project minutes plan budget total share office report 2026 draft final'.split(
    ' ',
  );

export function words(chance: Chance, bytes: number): Buffer {
  let text = '';
  while (text.length < bytes) text += `${WORDS[Math.floor(chance() * WORDS.length)]}${chance() < 0.1 ? '.\n' : ' '}`;
  return Buffer.from(text);
}

/** As random as encrypted data, and the same for the same chance. */
export function noise(chance: Chance, bytes: number): Buffer {
  const key = Buffer.alloc(32);
  for (let at = 0; at < key.length; at += 1) key[at] = Math.floor(chance() * 256);
  return crypto.createCipheriv('aes-256-ctr', key, Buffer.alloc(16)).update(Buffer.alloc(bytes));
}

/** A zip file with one member: local header, data, central directory, end (APPNOTE 4.3). */
export function zipOf(name: string, content: Buffer): Buffer {
  const data = zlib.deflateRawSync(content);
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt16LE(8, 4);
  shared.writeUInt32LE(zlib.crc32(content), 10);
  shared.writeUInt32LE(data.length, 14);
  shared.writeUInt32LE(content.length, 18);
  shared.writeUInt16LE(name.length, 22);
  const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), shared, Buffer.from(name), data]);
  const central = Buffer.concat([
    Buffer.from('PK\x01\x02\x14\0', 'latin1'),
    shared,
    Buffer.alloc(14),
    Buffer.from(name),
  ]);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(central.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, central, end]);
}

/** A document by its extension; another one at each call. */
export function documentOf(extension: string, chance: Chance, bytes = 2_000 + Math.floor(chance() * 20_000)): Buffer {
  switch (extension) {
    case 'docx':
    case 'xlsx':
    case 'pptx':
    case 'odt':
    case 'zip':
      return zipOf('word/document.xml', Buffer.concat([words(chance, bytes), noise(chance, bytes / 4)]));
    case 'doc':
    case 'xls':
      return Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.alloc(504), words(chance, bytes)]);
    case 'pdf':
      return Buffer.concat([
        Buffer.from('%PDF-1.4\n1 0 obj\nstream\n'),
        zlib.deflateSync(words(chance, bytes)),
        Buffer.from('\nendstream\nstartxref\n9\n%%EOF\n'),
      ]);
    case 'jpg':
      return Buffer.concat([
        Buffer.from('ffd8ffe000104a464946', 'hex'),
        noise(chance, bytes),
        Buffer.from('ffd9', 'hex'),
      ]);
    case 'png':
      return Buffer.concat([
        Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
        noise(chance, bytes),
        Buffer.from('0000000049454e44ae426082', 'hex'),
      ]);
    case 'gz':
      return zlib.gzipSync(words(chance, bytes));
    case 'mp4':
      return Buffer.concat([Buffer.from('000000186674797069736f6d', 'hex'), noise(chance, bytes)]);
    case 'exe':
      return Buffer.concat([Buffer.from('MZ\x90\0', 'latin1'), words(chance, bytes), Buffer.alloc(500)]);
    default:
      return words(chance, bytes);
  }
}

/** What an office keeps, about as often. */
export const OFFICE = [
  'docx',
  'docx',
  'docx',
  'xlsx',
  'xlsx',
  'pdf',
  'pdf',
  'jpg',
  'txt',
  'doc',
  'pptx',
  'csv',
] as const;
