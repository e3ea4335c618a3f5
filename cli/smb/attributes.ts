/** FILE_ATTRIBUTE_* bits by name (MS-FSCC 2.6), and in the short form of long listings. */

/** Bit, name, and letter where the usual tools have one; in the order of MS-FSCC. */
const ATTRIBUTES: readonly [bit: number, name: string, letter?: string][] = [
  [0x1, 'read-only', 'r'],
  [0x2, 'hidden', 'h'],
  [0x4, 'system', 's'],
  [0x10, 'directory', 'd'],
  [0x20, 'archive', 'a'],
  [0x80, 'normal'],
  [0x100, 'temporary', 't'],
  [0x200, 'sparse', 'p'],
  [0x400, 'reparse-point', 'l'],
  [0x800, 'compressed', 'c'],
  [0x1000, 'offline', 'o'],
  [0x2000, 'not-indexed', 'n'],
  [0x4000, 'encrypted', 'e'],
  [0x8000, 'integrity'],
  [0x2_0000, 'no-scrub'],
  [0x4_0000, 'recall-on-open'],
  [0x8_0000, 'pinned'],
  [0x10_0000, 'unpinned'],
  [0x40_0000, 'recall-on-data-access'],
];

/** Directory first, as everybody looks for it there. */
const COLUMNS = 'drhsatplcone';

/** Names of the bits that are set; bits without a name as one hexadecimal number at the end. */
export function attributeNames(attributes: number): string[] {
  const known = ATTRIBUTES.filter(([bit]) => (attributes & bit) !== 0);
  const rest = known.reduce((left, [bit]) => left & ~bit, attributes) >>> 0;
  const names = known.map(([, name]) => name);
  return rest === 0 ? names : [...names, `0x${rest.toString(16)}`];
}

/** One column for each letter, «-» where the bit is not set. */
export function attributeLetters(attributes: number): string {
  const letters = new Set(ATTRIBUTES.map(([bit, , letter]) => ((attributes & bit) === 0 ? undefined : letter)));
  return [...COLUMNS].map((letter) => (letters.has(letter) ? letter : '-')).join('');
}

/** Why content must not be read by the way: it lies elsewhere, and reading would fetch it from there; undefined when it is here. */
export function whyElsewhere(attributes: number): string | undefined {
  if ((attributes & 0x400) !== 0) return 'a link, junction or placeholder: links are not followed';
  if ((attributes & (0x1000 | 0x4_0000 | 0x40_0000)) !== 0)
    return 'its content is on tape or in a cloud: reading it would call it back';
  return undefined;
}
