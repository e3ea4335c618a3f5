/** What the main's words mean for a copy. */
import { describe, expect, it } from 'vitest';
import { compareFile } from './compare.ts';
import type { Local } from './folder.ts';
import type { Row } from './index-row.ts';

const signature = { size: 10n, mtimeNs: 1n, ctimeNs: 2n, ino: 3n };
const row: Row = {
  id: 1,
  parent: 0,
  name: 'a',
  kind: 'file',
  size: 10,
  written: 100n,
  created: 50n,
  changed: 200n,
  attributes: 0x20,
  fileId: 7n,
  local: signature,
  listed: false,
};
const here: Local = { kind: 'file', signature };

describe('a copy', () => {
  for (const { remark, told, from = {}, local = here, verdict } of [
    { remark: 'of which nothing changed', told: {}, verdict: 'same' },
    { remark: 'whose size differs', told: { size: 11 }, verdict: 'fetch' },
    { remark: 'whose time of writing went back', told: { written: 99n }, verdict: 'fetch' },
    { remark: 'whose content changed with its old time and size', told: { changed: 201n }, verdict: 'fetch' },
    { remark: 'whose attributes changed', told: { attributes: 0x21, changed: 201n }, verdict: 'dress' },
    {
      remark: 'that was written with its old time kept, as ARCHIVE tells',
      told: { attributes: 0x20, changed: 201n },
      from: { attributes: 0x80 },
      verdict: 'fetch',
    },
    { remark: 'that was backed up', told: { attributes: 0x80, changed: 201n }, verdict: 'dress' },
    {
      remark: 'in whose place is another file of the same size and time',
      told: { created: 51n, fileId: 8n },
      verdict: 'fetch',
    },
    { remark: 'whose creation time moved', told: { created: 51n }, verdict: 'dress' },
    { remark: 'whose creation time we did not know', told: {}, from: { created: 0n }, verdict: 'dress' },
    {
      remark: 'whose creation time we did not know, and that changed',
      told: { changed: 201n },
      from: { created: 0n },
      verdict: 'fetch',
    },
    { remark: 'on a server without ChangeTime', told: { changed: 0n }, verdict: 'same' },
    { remark: 'that got another file id', told: { fileId: 8n }, verdict: 'same' },
    { remark: 'that is gone here', told: {}, local: { kind: 'none' } as const, verdict: 'fetch' },
    { remark: 'that is a link here', told: {}, local: { kind: 'foreign' } as const, verdict: 'fetch' },
    {
      remark: 'that somebody touched here',
      told: {},
      local: { kind: 'file', signature: { ...signature, ctimeNs: 9n } } as const,
      verdict: 'fetch',
    },
  ])
    it(`${remark}: ${verdict}`, () => {
      expect(compareFile({ ...row, ...told }, { ...row, ...from }, local)).toBe(verdict);
    });
});
