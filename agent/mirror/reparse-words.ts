/** What a reparse point is, for people, by its tag (MS-FSCC 2.1.2.1). */

const WORDS: Readonly<Record<number, string>> = {
  2684354572: 'a symbolic link on the main',
  2684354563: 'a junction or mount point on the main',
  2147483658: 'a DFS link on the main',
  2147483666: 'a DFS replication link on the main',
  2147483675: 'an app link on the main',
};

/** IO_REPARSE_TAG_CLOUD to CLOUD_F: the digit before the last three tells them apart. */
const CLOUD = 0x9000001a;
const CLOUD_MASK = 0xffff0fff;

/** @param tag 0 where the server has not told it */
export function reparseWords(tag: number): string {
  if (tag === 0) return 'a link, junction or placeholder on the main';
  if ((tag & CLOUD_MASK) >>> 0 === CLOUD) return 'a placeholder of a file in a cloud';
  return WORDS[tag] ?? `a reparse point on the main (tag 0x${tag.toString(16).padStart(8, '0')})`;
}
