/** Which names people may have here. */
import { expect, it } from 'vitest';
import { unfitForAccount } from './account-name.ts';

it.each(['alice', 'anna lena', 'jürgen', "o'neil (temp)", '7days', 'a.b-c_d', 'x'.repeat(32)])('«%s» may', (name) => {
  expect(unfitForAccount(name)).toBeUndefined();
});

it.each([
  ['', 'bytes'],
  ['ü'.repeat(17), 'bytes'],
  ['Anna Lena', 'small letters'],
  ['a:b', 'one of'],
  ['a%u', 'one of'],
  ['a,b', 'one of'],
  ['a"b', 'one of'],
  ['@staff', 'one of'],
  ['+staff', 'one of'],
  ['&staff', 'begins'],
  ['-r', 'begins'],
  ['..', 'begins'],
  ['pc$', 'ends'],
  ['a ', 'ends'],
  ['a\nroot', 'control'],
  ['a\u202eb', 'control'],
  ['1000', 'number'],
])('«%s» may not', (name, why) => {
  expect(unfitForAccount(name)).toContain(why);
});
