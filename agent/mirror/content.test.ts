/** What is no content that may be read, and what is said of it. */
import { expect, it } from 'vitest';
import { whyNotContent } from './content.ts';

const stat = {
  directory: false,
  size: 1,
  allocatedBytes: 1,
  created: 1n,
  accessed: 1n,
  written: 1n,
  changed: 1n,
};

it.each([
  ['a symbolic link', { attributes: 0x400, reparseTag: 0xa000000c }, 'link', 'symbolic link'],
  ['a junction', { attributes: 0x410, reparseTag: 0xa0000003, directory: true }, 'link', 'junction'],
  ['a file in a cloud', { attributes: 0x400, reparseTag: 0x9000601a }, 'link', 'placeholder of a file in a cloud'],
  ['what nobody knows', { attributes: 0x400, reparseTag: 0x8000abcd }, 'link', 'tag 0x8000abcd'],
  ['what the server does not tell', { attributes: 0x400, reparseTag: 0 }, 'link', 'link, junction or placeholder'],
  ['a file on tape', { attributes: 0x1000 }, 'offline', 'on tape'],
  ['a file that is recalled by opening it', { attributes: 0x40000 }, 'offline', 'call it back'],
  ['a file that is recalled by reading it', { attributes: 0x400000 }, 'offline', 'call it back'],
  ['a file that EFS encrypted', { attributes: 0x4020 }, 'encrypted', 'EFS'],
] as const)('%s is told and not read', (_, words, code, why) => {
  expect(whyNotContent({ ...stat, ...words })).toEqual({ code, why: expect.stringContaining(why) });
});

it('reads plain files, and goes into a folder whose new files are to be encrypted', () => {
  expect(whyNotContent({ ...stat, attributes: 0x27 })).toBeUndefined();
  expect(whyNotContent({ ...stat, attributes: 0x4010, directory: true })).toBeUndefined();
});
