/** Copies the share's one file `big` to the folder with our client, with its written time: bench/smb-big.ts runs it. */
import fs from 'node:fs';
import path from 'node:path';
import { msOf, withShare } from './ours.ts';

await withShare(async (tree, folder) => {
  const { size } = await tree.stat('big');
  const fd = fs.openSync(path.join(folder, 'big'), 'wx');
  const { after } = await tree.fetch('big', size, {
    data(chunk, offset) {
      fs.writeSync(fd, chunk, 0, chunk.length, offset);
      return 'used';
    },
  });
  const writtenS = msOf(after.written) / 1_000;
  fs.futimesSync(fd, writtenS, writtenS);
  fs.closeSync(fd);
});
