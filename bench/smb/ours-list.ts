/** Lists a whole share with our client to the file `listing`, many directories at once: bench/smb-list.ts runs it. */
import fs from 'node:fs';
import path from 'node:path';
import { msOf, withShare } from './ours.ts';

/** Directories in flight: enough to hide a delay of a few milliseconds. */
const WIDTH = 32;

await withShare(async (tree, folder) => {
  const lines: string[] = [];
  const waiting = [''];
  const visit = async (directory: string): Promise<void> => {
    for await (const { entries } of tree.list(directory)) {
      for (const entry of entries) {
        const each = directory === '' ? entry.name : `${directory}/${entry.name}`;
        if (entry.directory) waiting.push(each);
        // In whole milliseconds: Node takes longer to print a fraction than to read the entry.
        else lines.push(`${each};${entry.size};${Math.trunc(msOf(entry.written))}\n`);
      }
    }
  };
  const running = new Set<Promise<void>>();
  while (waiting.length > 0 || running.size > 0) {
    while (waiting.length > 0 && running.size < WIDTH) {
      const visiting = visit(waiting.pop() ?? '').finally(() => running.delete(visiting));
      running.add(visiting);
    }
    await Promise.race(running);
  }
  fs.writeFileSync(path.join(folder, 'listing'), lines.join(''));
});
