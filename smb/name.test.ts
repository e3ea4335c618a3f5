/** Which paths go out and which names may come in. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../base/failure.ts';
import { refusedName, refusedStream, wirePath } from './name.ts';

function codeOf(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    if (isFailure(error)) return error.code;
    throw error;
  }
}

describe('wirePath', () => {
  it.each([
    ['', '', 'the root'],
    ['a', 'a', 'one component'],
    ['a/b c/d.txt', 'a\\b c\\d.txt', 'three'],
    ['Übung/日本/😀', 'Übung\\日本\\😀', 'beyond ASCII, with a surrogate pair'],
    ['...', '...', 'three dots are a name'],
    ['.hidden', '.hidden', 'a leading dot'],
    ['trailing ', 'trailing ', 'left for the server to judge'],
  ])('sends «%s» as «%s»: %s', (path, wire) => {
    expect(wirePath(path).toString('utf16le')).toBe(wire);
  });

  it.each([
    ['leading slash', '/a'],
    ['trailing slash', 'a/'],
    ['empty component', 'a//b'],
    ['the directory itself', '.'],
    ['the parent', 'a/..'],
    ['out of the share', '../a'],
    ['backslash', 'a\\b'],
    ['NUL', 'a\0'],
    ['control character', 'a\nb'],
    ['lone surrogate', 'a\ud800'],
    ['would write an alternate data stream', 'report:secret'],
    ['component too long', 'x'.repeat(256)],
    ['path too long', Array.from({ length: 17_000 }, () => 'ab').join('/')],
  ])('refuses a path: %s', (_remark, path) => {
    expect(codeOf(() => wirePath(path))).toBe('bad-name');
  });

  it('shows a bad name without its control characters', () => {
    expect(() => wirePath('a\nb')).toThrow('use path «a\\u000ab»: it holds a control character');
  });
});

describe('wirePath with a stream', () => {
  it('fits into the 16 bits that CREATE has for its length', () => {
    const path = `${'a/'.repeat(16_370)}b`;
    expect(wirePath(path).length).toBe(65_482);
    expect(wirePath(path, 'x'.repeat(18)).length).toBe(65_532);
    expect(codeOf(() => wirePath(path, 'x'.repeat(19)))).toBe('bad-name');
  });

  it.each([
    ['a/b', 'Zone.Identifier', 'a\\b:Zone.Identifier:$DATA'],
    ['a', '\u0005Summary', 'a:\u0005Summary:$DATA'],
    ['a', '$DATA', 'a:$DATA:$DATA'],
    ['a', '..', 'a:..:$DATA'],
    ['', 'of the root', ':of the root:$DATA'],
  ])('of «%s» and %j sends %j', (path, stream, wire) => {
    expect(wirePath(path, stream).toString('utf16le')).toBe(wire);
  });

  it('never means the content of the file, a stream of another type or another file', () => {
    const piece = fc.oneof(fc.constantFrom('', ':', '$DATA', ':$DATA', '/', '\\', '\0', '\ud800', 'a'), fc.string());
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 4 }), (pieces) => {
        const stream = pieces.join('');
        const why = refusedStream(stream);
        const sent = codeOf(() => wirePath('file', stream).toString('utf16le'));
        expect(sent).toBe(why === undefined ? `file:${stream}:$DATA` : 'bad-name');
        if (why === undefined) expect(stream).toMatch(/^[^:/\\\0]{1,255}$/u);
      }),
      { seed: 3, numRuns: 1_000 },
    );
  });

  it('judges the path as ever', () => {
    for (const path of ['../a', 'a:b', 'a//b']) expect(codeOf(() => wirePath(path, 'note'))).toBe('bad-name');
  });
});

describe('refusedName', () => {
  it.each(['a', '.a', '...', 'x'.repeat(255), 'a:b', '日本', '😀', 'a b ', 'CON'])(
    'has nothing against «%s»',
    (name) => {
      expect(refusedName(name)).toBeUndefined();
    },
  );

  it.each([
    ['', 'it is empty'],
    ['.', 'it is «.»'],
    ['..', 'it is «..»'],
    ['..\\..\\x', 'it holds a path separator'],
    ['a/b', 'it holds a path separator'],
    ['a\0', 'it holds a control character'],
    ['\u001f', 'it holds a control character'],
    ['\ud800', 'it is not valid Unicode'],
    ['a\udc00b', 'it is not valid Unicode'],
    ['x'.repeat(256), 'it is longer than 255 characters'],
  ])('refuses «%j»: %s', (name, why) => {
    expect(refusedName(name)).toBe(why);
  });

  it('lets through only names that stay one component wherever they are joined', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 12 }), (name) => {
        if (refusedName(name) !== undefined) return;
        expect(name.split(/[/\\]/)).toHaveLength(1);
        expect(['', '.', '..']).not.toContain(name);
        expect(Buffer.from(name, 'utf8').toString('utf8')).toBe(name);
      }),
      { seed: 1, numRuns: 2_000 },
    );
  });

  it('and wirePath agree about every component', () => {
    const piece = fc.oneof(
      fc.constantFrom('', '.', '..', 'a\\b', 'ok', '\ud800', 'a\u0001'),
      fc.string({ maxLength: 5 }),
    );
    fc.assert(
      fc.property(fc.array(piece, { minLength: 1, maxLength: 4 }), (pieces) => {
        const path = pieces.join('/');
        const parts = path.split('/');
        const good = path === '' || parts.every((part) => refusedName(part) === undefined && !part.includes(':'));
        const sent = codeOf(() => wirePath(path));
        expect(sent).toEqual(good ? Buffer.from(path.replaceAll('/', '\\'), 'utf16le') : 'bad-name');
      }),
      { seed: 2, numRuns: 1_000 },
    );
  });
});
