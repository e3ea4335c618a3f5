/** Tests of how the names of base and mirror meet. */
import { describe, expect, it } from 'vitest';
import type { BaseRow } from './base-view.ts';
import { foldCase, type LocalEntry, pairNames } from './local.ts';

const local = { size: 0, mtimeNs: 0n, ctimeNs: 0n, ino: 0n };

function rows(...names: string[]): BaseRow[] {
  return names.map((name) => ({ name, directory: false, size: 0, written: 1n, changed: 1n, attributes: 0, local }));
}

function entries(...names: string[]): LocalEntry[] {
  return names.map((name) => ({ name, kind: 'file', signature: local }));
}

function words(base: string[], here: string[]): string[] {
  return pairNames(rows(...base), entries(...here)).map(
    (pair) => `${pair.base?.name ?? '-'}/${pair.local?.name ?? '-'}${pair.twin ? ' twin' : ''}`,
  );
}

describe('the names of base and mirror', () => {
  it.each([
    [['a', 'b'], ['a', 'c'], ['a/a', 'b/-', '-/c'], 'known, deleted, new'],
    [['a.txt'], ['A.TXT'], ['a.txt/A.TXT'], 'only the case changed'],
    [['a'], ['a', 'A'], ['-/A twin', 'a/a twin'], 'a twin was made: no deletion, no replacement by it'],
    [['a', 'A'], ['A'], ['A/A twin', 'a/- twin'], 'one of two twins is gone'],
    [['ab'], ['Ab', 'aB'], ['-/Ab twin', '-/aB twin', 'ab/- twin'], 'two candidates: neither'],
    [['straße'], ['STRASSE'], ['-/STRASSE', 'straße/-'], 'ß is not SS'],
    [['ü'], ['Ü'], ['ü/Ü'], 'umlauts have a case'],
  ])('%j and %j meet as %j (%s)', (base, here, expected) => {
    expect(words(base, here)).toEqual(expected);
  });

  it('folds one unit to one unit', () => {
    for (const name of ['ß', 'ŉ', 'ﬀ', '𝄞x', 'ǰ']) expect(foldCase(name)).toHaveLength(name.length);
  });
});
