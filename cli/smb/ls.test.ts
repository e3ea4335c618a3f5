/** `standby smb ls` where the server's folder is larger than any that a test wants to make on a disk. */
import { expect, it } from 'vitest';
import type { ListBatch, Tree } from '../../smb/index.ts';
import type { AtShare } from './calling.ts';
import { list } from './ls.ts';

/** Far more than a call may have arguments. */
const FOLDERS = 200_000;

it('descends into any number of folders beside each other', async () => {
  const folder = { directory: true, attributes: 0x10, size: 0, allocatedBytes: 0, reparseTag: 0 };
  const times = { created: 0n, accessed: 0n, written: 0n, changed: 0n };
  let listed = 0;
  const tree: Pick<Tree, 'fileId' | 'list'> = {
    fileId: async () => 1n,
    async *list(directory): AsyncGenerator<ListBatch, void, undefined> {
      listed += 1;
      if (directory !== '') return;
      const entries = Array.from({ length: FOLDERS }, (_, index) => ({
        ...folder,
        ...times,
        name: `${index}`,
        fileId: BigInt(index + 2),
      }));
      yield { entries, refused: [] };
    },
  };
  const lines: string[] = [];
  const screen = { line: (text: string) => lines.push(text), result: () => {}, note: () => {} };
  await list({ screen, share: { tree }, path: '' } as unknown as AtShare, { settings: '', recursive: true });
  expect(lines).toHaveLength(FOLDERS);
  expect(listed).toBe(FOLDERS + 1);
});
