/** What `standby smb` reads and writes as text: addresses, credentials files, attributes, times, progress. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { addressText, readAddress } from './address.ts';
import { attributeLetters, attributeNames } from './attributes.ts';
import { readCredentials } from './credentials.ts';
import { amountOfOne, doneWords, progressLine } from './progress.ts';
import { isoTime, shownTime } from './time.ts';

const codeOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
};

describe('an address', () => {
  const rows: [text: string, host: string | undefined, port: number | undefined, share: string, path: string][] = [
    ['//files01/Projects/a/b c', 'files01', undefined, 'Projects', 'a/b c'],
    ['//files01', 'files01', undefined, '', ''],
    ['//files01/Projects/', 'files01', undefined, 'Projects', ''],
    ['//files01//Projects//a/', 'files01', undefined, 'Projects', 'a'],
    ['//files01/Projects/100%25', 'files01', undefined, 'Projects', '100%25'],
    ['\\\\files01\\Projects\\a\\b', 'files01', undefined, 'Projects', 'a/b'],
    ['//[fe80::1]/Projects', 'fe80::1', undefined, 'Projects', ''],
    ['smb://files01/Projects/a%20b%25', 'files01', undefined, 'Projects', 'a b%'],
    ['SMB://files01:4450/Projects/%C3%B6', 'files01', 4450, 'Projects', 'ö'],
    ['smb://[::1]:445/c$', '::1', 445, 'c$', ''],
    ['Projects/a', undefined, undefined, 'Projects', 'a'],
    ['..', undefined, undefined, '..', ''],
  ];
  it.each(rows)('%s is read', (text, host, port, share, path) => {
    expect(readAddress(text)).toEqual({ host, port, share, path });
  });

  it.each([
    [''],
    ['/Projects/a'],
    ['//'],
    ['///Projects'],
    ['//a b/Projects'],
    ['smb:files01/Projects'],
    ['smb://'],
    ['smb://user@files01/Projects'],
    ['smb://user:secret@files01/Projects'],
    ['//user@files01/Projects'],
    ['//user:secret@files01/Projects'],
    ['\\\\user:secret@files01\\Projects'],
    ['//files01:445/Projects'],
    ['smb://files01:0/Projects'],
    ['smb://files01:65536/Projects'],
    ['smb://files01:http/Projects'],
    ['smb://files01/Projects?x'],
    ['smb://files01/Projects/%'],
    ['smb://files01/Projects/a%2fb'],
  ])('%s is refused', (text) => {
    expect(codeOf(() => readAddress(text))).toBe('usage');
  });

  it('is the same after it was written and read again', () => {
    const name = fc.string({ minLength: 1, unit: 'grapheme' }).filter((text) => !/[/\\]/u.test(text));
    const host = fc.constantFrom('files01', '192.168.10.20', '::1');
    fc.assert(
      fc.property(host, name, fc.array(name, { maxLength: 4 }), (at, share, below) => {
        const address = { host: at, port: undefined, share, path: below.join('/') };
        expect(readAddress(addressText(address))).toEqual(address);
      }),
    );
  });

  it('may be any text: it is read or refused', () => {
    fc.assert(fc.property(fc.string(), (text) => ['usage', 'no failure'].includes(codeOf(() => readAddress(text)))));
  });
});

describe('a credentials file', () => {
  it.each([
    ['username=alice\npassword=secret\n', { user: 'alice', domain: '', password: 'secret' }],
    [
      '# mine\r\n\r\n USERNAME = alice\r\n domain = HARROW\r\npassword =  a = b \r\n',
      { user: 'alice', domain: 'HARROW', password: 'a = b ' },
    ],
    ['username=HARROW\\alice\npassword=x', { user: 'alice', domain: 'HARROW', password: 'x' }],
    ['user=alice\npass=#x\nrealm=HARROW.EXAMPLE', { user: 'alice', domain: '', password: '#x' }],
  ])('%j is read', (text, credentials) => {
    expect(readCredentials(text, 'file')).toEqual(credentials);
  });

  it.each([
    ['an unknown key', 'username=alice\npasswort=hunter2'],
    ['no key', 'username=alice\nhunter2'],
    ['no user', 'password=hunter2'],
    ['no password', 'username=alice\npassword='],
    ['two passwords', 'username=alice\npassword=hunter2\npassword=hunter2'],
    ['a key of every object', 'username=alice\nconstructor=hunter2'],
  ])('with %s is refused, and not quoted', (_, text) => {
    try {
      readCredentials(text, 'file');
      expect.fail('it was read');
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      expect(error.code).toBe('usage');
      expect(JSON.stringify({ ...error, message: error.message })).not.toContain('hunter2');
    }
  });
});

describe('attributes', () => {
  it('have names, and those without one a number', () => {
    expect(attributeNames(0x21)).toEqual(['read-only', 'archive']);
    expect(attributeNames(0x10)).toEqual(['directory']);
    expect(attributeNames(0x8000_0420)).toEqual(['archive', 'reparse-point', '0x80000000']);
    expect(attributeNames(0)).toEqual([]);
  });

  it('have columns', () => {
    expect(attributeLetters(0x37)).toBe('drhsa-------');
    expect(attributeLetters(0x80)).toBe('------------');
    expect(attributeLetters(0xffff_ffff)).toBe('drhsatplcone');
  });
});

describe('times', () => {
  const NOON = 116_444_736_000_000_000n + 1_100_000_000_123_456_7n;

  it('are told to people and programs, and not known when 0', () => {
    expect(isoTime(NOON)).toBe('2004-11-09T11:33:20.123Z');
    expect(isoTime(0n)).toBeNull();
    expect(shownTime(0n)).toBe('not known');
    expect(isoTime(1n)).toBe('1601-01-01T00:00:00.000Z');
    expect(isoTime(2n ** 63n - 1n)).toContain('+030828');
  });
});

describe('progress', () => {
  it('tells part, amount, rate and what is left where the end is known', () => {
    const amount = amountOfOne(120e6);
    expect(progressLine({ ...amount, bytes: 30e6 }, 3_000)).toBe(
      '[#####...............]  25 %  30 MB of 120 MB, 10 MB/s, 9.0 s left',
    );
    expect(progressLine(amount, 3_000)).toBe('[....................]   0 %  0 B of 120 MB, 0 B/s');
    // A file that has grown meanwhile.
    expect(progressLine({ ...amount, bytes: 130e6 }, 13_000)).toContain('100 %');
    expect(progressLine({ files: 3, bytes: 30e6, found: { files: 20, bytes: 120e6, all: true } }, 3_000)).toBe(
      '[#####...............]  25 %  3 of 20 files, 30 MB of 120 MB, 10 MB/s, 9.0 s left',
    );
  });

  it('tells what is known where the end is not', () => {
    const found = { files: 7_000, bytes: 90e6, all: false };
    expect(progressLine({ files: 1_200, bytes: 30e6, found }, 3_000)).toBe(
      '1,200 of 7,000 files, 30 MB of 90 MB found so far, 10 MB/s',
    );
  });

  it('ends with the figures', () => {
    expect(doneWords(3, 12e6, 400)).toBe('3 files, 12 MB in 400 ms (30 MB/s)');
    expect(doneWords(1, 0, 0)).toBe('1 file, 0 B in 0 ms');
  });
});
