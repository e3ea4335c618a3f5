/** Tests of finding and adding the own name in hosts(5). */
import { describe, expect, it } from 'vitest';
import { hasName, withName } from './own-name.ts';

describe('the own name in /etc/hosts', () => {
  it.each([
    ['127.0.1.1 standby1', true, 'alone'],
    ['127.0.1.1\tstandby1.example.com standby1 # the box', true, 'among others'],
    ['127.0.1.1 STANDBY1', true, 'in another case'],
    ['# 127.0.1.1 standby1', false, 'in a comment'],
    ['127.0.1.1 standby12', false, 'a longer name'],
    ['standby1 127.0.0.1', false, 'in the place of the address'],
    ['', false, 'an empty file'],
  ])('%j: %s (%s)', (hosts, has) => {
    expect(hasName(`127.0.0.1 localhost\n${hosts}\n`, 'standby1')).toBe(has);
    expect(hasName(withName(hosts, 'standby1'), 'standby1')).toBe(true);
  });

  it('keeps every line, also one without an end', () => {
    expect(withName('10.0.0.1 a', 'b')).toBe('10.0.0.1 a\n127.0.1.1 b\n');
  });
});
