/** Copies the share's one file `big` to the folder with our client, with its written time: bench/smb-big.ts runs it. */
import fs from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { msOf, withShare } from './ours.ts';

const write = promisify(fs.write) as (
  fd: number,
  bytes: Buffer,
  from: number,
  length: number,
  at: number,
) => Promise<unknown>;

await withShare(async (tree, folder) => {
  const { size } = await tree.stat('big');
  const fd = fs.openSync(path.join(folder, 'big'), 'wx');
  let written: Promise<unknown> = Promise.resolve();
  const { after } = await tree.fetch('big', size, {
    // In another thread, while this one checks the next answer; one after the other, as they would wait for the same inode.
    async data(chunk, offset) {
      written = written.then(() => write(fd, chunk, 0, chunk.length, offset));
      await written;
    },
  });
  const writtenS = msOf(after.written) / 1_000;
  fs.futimesSync(fd, writtenS, writtenS);
  fs.closeSync(fd);
});
