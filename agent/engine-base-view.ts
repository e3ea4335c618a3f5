/** Shows the mirror's index to the restore, in the restore's own words: agent/mirror/ and agent/handback/ do not know each other. */
import path from 'node:path';
import { getXattr } from '../base/libc.ts';
import type { BaseRow, BaseView } from './handback/base-view.ts';
import { toldOf } from './mirror/ground.ts';
import type { Row } from './mirror/index-row.ts';
import type { IndexStore } from './mirror/index-store.ts';
import { DOS_ATTRIBUTE_NAME, readDosAttribute } from './mirror/metadata.ts';
import { nameOf, parentOf } from './mirror/names.ts';

const ATTRIBUTE_NORMAL = 0x80;
/** Rows read at a time. */
const PAGE = 500;

export function baseViewOf(index: IndexStore, mirrorPath: string): BaseView {
  const find = (share: string, file: string): Row | undefined => index.find(index.share(share).root, file);
  return {
    mirrorFolder: (share) => path.join(mirrorPath, share),
    *children(share, directory) {
      const parent = find(share, directory);
      if (parent?.kind !== 'directory') return;
      for (let after = ''; ; ) {
        const rows = index.children(parent.id, after, PAGE);
        const last = rows.at(-1);
        if (last === undefined) return;
        for (const row of rows) yield baseRowOf(row);
        after = last.name;
      }
    },
    marksOf(file) {
      const value = getXattr(file, DOS_ATTRIBUTE_NAME);
      const marks = value === undefined ? undefined : readDosAttribute(value);
      // To the main 0 would mean «leave as it is»; a file without any attribute is NORMAL (MS-FSCC 2.6).
      return { attributes: marks?.attributes === 0 ? ATTRIBUTE_NORMAL : marks?.attributes, created: marks?.created };
    },
    learned(share, file, main, local) {
      const { id, root } = index.share(share);
      const parent = index.find(root, parentOf(file));
      // Without its parent a row has no place; the next pass finds the object on the main and copies it.
      if (file === '' || parent?.kind !== 'directory') return;
      const kind = main.directory ? 'directory' : 'file';
      const signature = local === undefined ? undefined : { ...local, size: BigInt(local.size) };
      // An unknown creation time makes the next pass dress it: what our smbd and the main keep beside it may differ.
      index.put(id, parent.id, nameOf(file), kind, { ...toldOf(main, 0n), created: 0n }, signature);
    },
    forget(share, file) {
      const row = find(share, file);
      if (row !== undefined && file !== '') index.remove(row);
    },
  };
}

function baseRowOf(row: Row): BaseRow {
  const { name, size, written, changed, attributes } = row;
  const directory = row.kind === 'directory';
  const hasCopy = directory || row.local.size >= 0n;
  return {
    name,
    directory,
    size,
    written,
    changed,
    attributes,
    local: hasCopy ? { ...row.local, size: Number(row.local.size) } : undefined,
  };
}
