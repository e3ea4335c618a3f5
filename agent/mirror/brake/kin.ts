/** Names that are made from one another: `x.docx.locked`, `x.enc` or `x.docx.7z` and `x.docx`. Pure. */

/** The files of one directory. */
export interface Neighbours {
  has(name: string): boolean;
  /** Up to two names with this beginning. */
  startingWith(beginning: string): string[];
}

/** Endings that are taken off a name one after the other: `x.docx.[mail].id-17.locked`. */
const ENDINGS = 4;
const PACKED = ['7z', 'zip', 'rar', 'gz', 'xz', 'zst', 'bz2'];

/** The neighbour that a new name is made from. */
export function originOf(beside: Neighbours, name: string): string | undefined {
  let stem = name;
  for (let n = 0; n < ENDINGS; n += 1) {
    const dot = stem.lastIndexOf('.');
    if (dot <= 0) return undefined;
    stem = stem.slice(0, dot);
    if (beside.has(stem)) return stem;
    const sibling = n === 0 ? beside.startingWith(`${stem}.`).find((other) => other !== name) : undefined;
    if (sibling !== undefined) return sibling;
  }
  return undefined;
}

/** An archive that one file was packed into. */
export function heirOf(beside: Neighbours, name: string): string | undefined {
  const stem = name.slice(0, Math.max(0, name.lastIndexOf('.'))) || name;
  const names = PACKED.flatMap((ending) => [`${name}.${ending}`, `${stem}.${ending}`]);
  return names.find((one) => one !== name && beside.has(one));
}
