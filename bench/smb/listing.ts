/** What a listing holds, whoever wrote it: ours, libsmbclient and rclone as `path;size;time`, smbclient as columns. */

export interface Listing {
  files: number;
  bytes: number;
}

/** `folder 7/file 7.dat;7;2026-11-22 00:05:16`; a folder's path ends with a slash. */
const FIELDS = /^[^;]*[^/;];(?<size>\d+);[^;]+$/u;
/** `  file 7.dat                          N        7  Sun Nov 22 00:05:16 2026`: name, attributes, size, time. */
const COLUMNS = /^ {2}.*?\s(?<attributes>[A-Z]*) +(?<size>\d+) {2}\w{3} \w{3} [ \d]\d \d\d:\d\d:\d\d \d{4}$/u;

export function readListing(text: string): Listing {
  const listing: Listing = { files: 0, bytes: 0 };
  for (const line of text.split('\n')) {
    const { size, attributes = '' } = (FIELDS.exec(line) ?? COLUMNS.exec(line))?.groups ?? {};
    if (size === undefined || attributes.includes('D')) continue;
    listing.files += 1;
    listing.bytes += Number(size);
  }
  return listing;
}
