/** Chunks that are only lent: their memory is read into again, and what a sink saw of them is right all the same; signed and encrypted. */
import { createCipheriv, createHash } from 'node:crypto';
import fs from 'node:fs';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { type Stand, startStand } from './scripted/stand.ts';
import type { FetchSink } from './types.ts';

/** Several times what can be in flight. */
const BIG_BYTES = 40_000_003;
const FILES = 300;

let stand: Stand | undefined;
afterEach(() => stand?.stop());

function pattern(seed: number, size: number): Buffer {
  return createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16, seed >> 8)).update(Buffer.alloc(size));
}

const hashOf = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

/** Copies each chunk at once, or a moment later, and says that it is done with it. */
function borrower(into: Buffer, later: boolean): FetchSink {
  return {
    data(chunk, offset) {
      if (!later) {
        chunk.copy(into, offset);
        return 'used';
      }
      return new Promise((resolve) =>
        setImmediate(() => {
          chunk.copy(into, offset);
          resolve();
        }),
      );
    },
  };
}

it.each([
  ['signed, used at once', [], false],
  ['signed, used later', [], true],
  ['encrypted, used at once', ['smb encrypt = required'], false],
  ['encrypted, used later', ['smb encrypt = required'], true],
])('a big file and many small ones come whole: %s', async (_name, global, later) => {
  stand = await startStand({ global });
  const big = pattern(1, BIG_BYTES);
  fs.writeFileSync(path.join(stand.folder, 'big'), big);
  const smalls = Array.from({ length: FILES }, (_, index) => pattern(index + 2, 1 + ((index * 7_919) % 60_000)));
  for (const [index, content] of smalls.entries()) fs.writeFileSync(path.join(stand.folder, `small ${index}`), content);
  const { tree } = await stand.tree();

  const seenBig = Buffer.alloc(BIG_BYTES);
  const fetchedBig = tree.fetch('big', BIG_BYTES, borrower(seenBig, later));
  const seen = await Promise.all(
    smalls.map(async (content, index) => {
      const into = Buffer.alloc(content.length);
      const { bytes } = await tree.fetch(`small ${index}`, content.length, borrower(into, later));
      expect(bytes).toBe(content.length);
      return hashOf(into);
    }),
  );
  expect((await fetchedBig).bytes).toBe(BIG_BYTES);
  expect(hashOf(seenBig)).toBe(hashOf(big));
  expect(seen).toEqual(smalls.map(hashOf));
});
