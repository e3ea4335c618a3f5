/** File formats as their first bytes and their extensions tell them: what belongs together, and what a person works with. */

export type Family =
  | 'zip'
  | 'ole'
  | 'pdf'
  | 'image'
  | 'media'
  | 'archive'
  | 'database'
  | 'program'
  | 'text'
  | 'font'
  | 'other'
  /** Made by a program that encrypts. */
  | 'sealed';

/** First bytes; `at` is 0 unless told. The longer of two that fit stands first. */
const MAGIC: readonly { bytes: Buffer; at: number; family: Family }[] = [
  ...magic('sealed', 'Salted__', 'age-encryption.org/', '-----BEGIN PGP MESSAGE', 'LUKS\xba\xbe'),
  ...magic('zip', 'PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08'),
  ...magic('ole', '\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1'),
  ...magic('pdf', '%PDF-'),
  ...magic('image', '\xff\xd8\xff', '\x89PNG\r\n\x1a\n', 'GIF8', 'II*\0', 'MM\0*', 'II+\0', '8BPS', '\xd7\xcd\xc6\x9a'),
  ...magic(
    'image',
    'IIRO',
    'IIU\0',
    'FUJIFILM',
    'AC10',
    '\0\0\x01\0',
    '\xff\x4f\xff\x51',
    '\0\0\0\x0cjP  ',
    'gimp xcf',
  ),
  { bytes: Buffer.from('ftyp'), at: 4, family: 'media' },
  { bytes: Buffer.from('moov'), at: 4, family: 'media' },
  { bytes: Buffer.from('mdat'), at: 4, family: 'media' },
  ...magic(
    'media',
    'RIFF',
    'RF64',
    'ID3',
    'OggS',
    'fLaC',
    '\x1a\x45\xdf\xa3',
    'FLV\x01',
    '0&\xb2u\x8ef\xcf\x11',
    'MThd',
    'FORM',
  ),
  ...magic('media', '\xff\xfb', '\xff\xf3', '\xff\xf1', '\xff\xf9', '\0\0\x01\xba', '\0\0\x01\xb3'),
  ...magic(
    'archive',
    '7z\xbc\xaf\x27\x1c',
    'Rar!\x1a\x07',
    '\x1f\x8b\x08',
    'BZh',
    '\xfd7zXZ\0',
    '\x28\xb5\x2f\xfd',
    '\x04\x22\x4d\x18',
  ),
  ...magic('archive', 'MSCF', 'LZIP', '\x1f\x9d', '!<arch>', 'xar!', 'MSWIM\0', '\x5d\0\0'),
  { bytes: Buffer.from('ustar'), at: 257, family: 'archive' },
  ...magic(
    'database',
    'SQLite format 3',
    '\0\x01\0\0Standard ',
    '!BDN',
    'KDMV',
    'vhdxfile',
    'conectix',
    'QFI\xfb',
    'regf',
    'ElfFile\0',
  ),
  ...magic('database', '\x03\xd9\xa2\x9a', 'PGDMP', 'TAPE\0', 'PACK', 'DIRC', 'x\x01', 'x\x5e', 'x\x9c', 'x\xda'),
  ...magic('program', 'MZ', '\x7fELF', '\xca\xfe\xba\xbe', '\xcf\xfa\xed\xfe', 'L\0\0\0\x01\x14\x02', '\0asm'),
  ...magic('font', 'wOFF', 'wOF2', '\0\x01\0\0\0', 'OTTO', 'true'),
  ...magic('text', '\xef\xbb\xbf', '\xff\xfe', '\xfe\xff', '{\\rtf', '%!PS'),
  // AppleDouble; DER, in which signatures and certificates come.
  ...magic('other', '\0\x05\x16\x07', '\x30\x80', '\x30\x82', '\x30\x83'),
];

function magic(family: Family, ...starts: string[]): { bytes: Buffer; at: number; family: Family }[] {
  return starts.map((start) => ({ bytes: Buffer.from(start, 'latin1'), at: 0, family }));
}

/** The family that the first bytes name; undefined when none does. */
export function familyOf(head: Buffer): Family | undefined {
  return MAGIC.find(({ bytes, at }) => head.subarray(at, at + bytes.length).equals(bytes))?.family;
}

/** Where a whole file of a format ends: what its last bytes hold. */
export function endMark(family: Family | undefined, head: Buffer): Buffer | undefined {
  if (family === 'zip') return Buffer.from('PK\x05\x06', 'latin1');
  if (family === 'pdf') return Buffer.from('%%EOF');
  if (family === 'image' && head[0] === 0xff && head[1] === 0xd8) return Buffer.from('\xff\xd9', 'latin1');
  if (family === 'image' && head[0] === 0x89) return Buffer.from('IEND');
  return undefined;
}

const OFFICE_XML =
  'docx docm dotx xlsx xlsm xltx xlsb pptx pptm potx ppsx vsdx odt ods odp odg ott epub pages numbers key';
const OFFICE_OLD = 'doc dot xls xlt ppt pps pot msg vsd mpp pub';
const IMAGES =
  'jpg jpeg jpe png gif tif tiff bmp webp heic heif psd raw cr2 cr3 nef arw dng orf rw2 svg ico eps ai dwg dxf';
const TEXTS =
  'txt csv tsv md rtf html htm xml json yaml yml ini cfg conf sql log tex eml ics vcf js ts py java c h cpp cs php css sh bat ps1';
const MEDIA = 'mp3 mp4 m4a m4v mov avi mkv wav flac ogg wma wmv mpg mpeg aac';
const ARCHIVES = 'zip 7z rar gz tgz bz2 xz zst tar lz4 cab jar war';
const DATA =
  'mdb accdb sqlite db pst ost kdbx exe dll msi iso vhd vhdx vmdk qcow2 bak ttf otf woff woff2 pem crt p7m p7s lnk url';

/** What a file with an extension may begin with. */
const EXPECTED = new Map<string, readonly Family[]>();
function expect(extensions: string, ...families: Family[]): void {
  for (const extension of extensions.split(' ')) EXPECTED.set(extension, families);
}
// An office document with a password is an OLE file; old ones are often text or web pages under their name.
expect(OFFICE_XML, 'zip', 'ole');
expect(OFFICE_OLD, 'ole', 'zip', 'text');
expect('pdf', 'pdf');
expect(IMAGES, 'image', 'media', 'pdf', 'text');
expect(TEXTS, 'text');
expect(MEDIA, 'media');
expect(ARCHIVES, 'archive', 'zip');
expect(DATA);

const DOCUMENTS = new Set(`${OFFICE_XML} ${OFFICE_OLD} ${IMAGES} pdf rtf`.split(' '));
const TEXT_EXTENSIONS = new Set(TEXTS.split(' '));
const ARCHIVE_EXTENSIONS = new Set(ARCHIVES.split(' '));
/** What people and programs put behind a name they keep. */
const HARMLESS = new Set(
  'bak old orig save tmp temp copy part partial crdownload download filepart new prev swp lock'.split(' '),
);

/** In small letters, without the dot; '' when the name has none. */
export function extensionOf(name: string): string {
  const dot = name.lastIndexOf('.');
  return dot <= 0 ? '' : name.slice(dot + 1).toLowerCase();
}

/** The families that the extension promises; undefined when it promises nothing. */
export function expectedOf(extension: string): readonly Family[] | undefined {
  const families = EXPECTED.get(extension);
  return families === undefined || families.length === 0 ? undefined : families;
}

export function isDocument(extension: string): boolean {
  return DOCUMENTS.has(extension);
}

/** Written down by programs again and again, and emptied when it is full. */
export function isJournal(extension: string): boolean {
  return (
    extension === 'log' || extension === 'tmp' || extension === 'out' || extension === 'err' || /^\d+$/.test(extension)
  );
}

export function isText(extension: string): boolean {
  return TEXT_EXTENSIONS.has(extension);
}

export function isArchive(extension: string): boolean {
  return ARCHIVE_EXTENSIONS.has(extension);
}

/** An extension that no format and no habit of people explains. */
export function isStrange(extension: string): boolean {
  return extension !== '' && !EXPECTED.has(extension) && !HARMLESS.has(extension) && !/^\d+$/.test(extension);
}
