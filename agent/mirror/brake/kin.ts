/** Names that are made from one another: `x.docx.locked`, `x.enc` or `x.docx.7z` and `x.docx`. */
import type { Ground } from '../ground.ts';
import { nameOf } from '../names.ts';

/** Endings that are taken off a name one after the other: `x.docx.[mail].id-17.locked`. */
const ENDINGS = 4;
const PACKED = ['7z', 'zip', 'rar', 'gz', 'xz', 'zst', 'bz2'];

/** The file that a new one is made from: the same object under another name, or a neighbour with the same beginning. */
export function originOf(ground: Ground, parent: number, path: string, fileId: bigint): string | undefined {
  const { index, shareId } = ground;
  const same = index.withFileId(shareId, fileId).find((row) => row.kind === 'file');
  const moved = same === undefined ? undefined : index.path(same.id);
  if (moved !== undefined && moved !== path) return moved;
  let name = nameOf(path);
  for (let n = 0; n < ENDINGS; n += 1) {
    const dot = name.lastIndexOf('.');
    if (dot <= 0) return undefined;
    name = name.slice(0, dot);
    if (index.child(parent, name)?.kind === 'file') return name;
  }
  return beginsWith(ground, parent, `${name}.`, nameOf(path));
}

/** An archive that one file was packed into. */
export function heirOf(ground: Ground, parent: number, name: string): string | undefined {
  const stem = name.slice(0, Math.max(0, name.lastIndexOf('.'))) || name;
  const names = PACKED.flatMap((ending) => [`${name}.${ending}`, `${stem}.${ending}`]);
  return names.find((one) => one !== name && ground.index.child(parent, one)?.kind === 'file');
}

function beginsWith(ground: Ground, parent: number, start: string, not: string): string | undefined {
  const rows = ground.index.children(parent, start, 2);
  return rows.find((row) => row.kind === 'file' && row.name.startsWith(start) && row.name !== not)?.name;
}
