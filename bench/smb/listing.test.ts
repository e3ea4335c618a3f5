/** Reading the listings of the contenders of bench/smb-list.ts. */
import { expect, test } from 'vitest';
import { readListing } from './listing.ts';

const FIELDS = `folder 0/;-1;2026-11-22 00:14:02
folder 0/file 0.dat;0;2026-11-22 00:14:02
folder 0/file 200.dat;200;1795306442.25
`;

const COLUMNS = `  .                                   D        0  Sun Nov 22 00:14:02 2026
  ..                                  D        0  Sun Nov 22 00:14:02 2026
  folder 0                            D        0  Sun Nov 22 00:14:02 2026

\\folder 0
  file 0.dat                          N        0  Sun Nov  1 00:14:02 2026
  file 200.dat                       AH      200  Sun Nov 22 00:14:02 2026

\t\t1019208 blocks of size 1024. 934408 blocks available
`;

test.each([
  ['fields', FIELDS],
  ['columns', COLUMNS],
])('counts the files and their bytes in %s, and no folder', (_, text) => {
  expect(readListing(text)).toEqual({ files: 2, bytes: 200 });
});
