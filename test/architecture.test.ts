/** Holds the sources to the map in rooms.ts, and to the few rules of form that no other tool checks. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { circles, codeOf, importsOf, packageOf } from './imports.ts';
import { PARTS_OF_TESTS, PRIVATE_ROOMS, ROOMS, roomOf, TESTS_MAY_NOT_IMPORT } from './rooms.ts';

const ROOT = path.dirname(import.meta.dirname);
const MOST_LINES = 400;

interface Source {
  file: string;
  text: string;
}

/** Sources that belong to the project: under version control, or about to be. */
const sources: Source[] = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '--', '*.ts'], {
  cwd: ROOT,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file !== '' && fs.existsSync(path.join(ROOT, file)))
  .map((file) => ({ file, text: fs.readFileSync(path.join(ROOT, file), 'utf8') }));

const isTest = (file: string): boolean => PARTS_OF_TESTS.some((part) => part.test(file));

/** The file of ours that an import means, from the root folder, or undefined when it is a package or Node's own. */
function oursOf(file: string, target: string): string | undefined {
  return target.startsWith('.') ? path.posix.join(path.posix.dirname(file), target) : undefined;
}

/** What is wrong with one import, with the reason of the row, or undefined. */
function fault(file: string, target: string): string | undefined {
  const room = roomOf(file);
  const ours = oursOf(file, target);
  if (ours === undefined) {
    if (isTest(file)) return undefined;
    const allowed = target.startsWith('node:')
      ? room.node
      : room.packages.includes('*') || room.packages.includes(packageOf(target));
    return allowed ? undefined : `${file} imports ${target}: ${room.at} may not; ${room.why}`;
  }
  const other = roomOf(ours);
  if (isTest(file)) {
    return TESTS_MAY_NOT_IMPORT.includes(other.at) && other.at !== room.at
      ? `${file} imports ${ours}: a test may not import ${other.at}`
      : undefined;
  }
  if (isTest(ours) && !room.rooms.includes('*'))
    return `${file} imports ${ours}: the product may not use what tests are made of`;
  if (other.at === room.at) return undefined;
  const only = PRIVATE_ROOMS[other.at];
  const allowed =
    only === undefined ? room.rooms.includes('*') || room.rooms.includes(other.at) : only.includes(room.at);
  return allowed ? undefined : `${file} imports ${ours}: ${room.at} may not import ${other.at}; ${room.why}`;
}

describe('the map', () => {
  it('is kept by every import', () => {
    const faults = sources.flatMap(({ file, text }) => importsOf(text).map(({ target }) => fault(file, target)));
    expect(faults.filter((one) => one !== undefined)).toEqual([]);
  });

  it('names no room that does not exist', () => {
    expect(ROOMS.filter((room) => !fs.existsSync(path.join(ROOT, room.at))).map((room) => room.at)).toEqual([]);
    const known = new Set(['*', ...ROOMS.map((room) => room.at)]);
    expect(ROOMS.flatMap((room) => room.rooms).filter((at) => !known.has(at))).toEqual([]);
  });

  it('finds the imports it judges', () => {
    const broken = sources.flatMap(({ file, text }) =>
      importsOf(text)
        .map(({ target }) => oursOf(file, target))
        .filter((ours) => ours !== undefined && !fs.existsSync(path.join(ROOT, ours)))
        .map((ours) => `${file} imports ${ours}, which is not there`),
    );
    expect(broken).toEqual([]);
    expect(sources.flatMap(({ text }) => importsOf(text)).length).toBeGreaterThan(sources.length);
  });

  it.each([
    ['agent/decide/standby.ts', 'node:fs', 'decide reads no file'],
    ['agent/decide/standby.ts', '../../base/clock.ts', 'decide asks no clock'],
    ['agent/mirror/engine.ts', '../takeover/samba.ts', 'rooms inside agent never see each other'],
    ['agent/http/server.ts', '../standby.ts', 'the edge knows an interface, not the daemon'],
    ['agent/takeover/samba.ts', '../../net/redirect.ts', 'standbyd stays away from raw sockets and addresses'],
    ['base/log.ts', '../settings/read.ts', 'base knows nobody'],
    ['api/routes.ts', '../base/failure.ts', 'the contract carries nothing along'],
    ['cli/main.ts', '../agent/standby.ts', 'the command uses the contract'],
    ['smb/session.ts', 'koffi', 'the client is plain TypeScript'],
    ['agent/standby.ts', '../tryout/samba.ts', 'the play is no part of the product'],
    ['tryout/lan.ts', '../test/fakes/log.ts', 'nor are the tests'],
    ['base/log.test.ts', '../bench/main.ts', 'nor the benches'],
  ])('would refuse %s importing %s: %s', (file, target) => {
    expect(fault(file, target)).toContain(file);
  });
});

describe('imports', () => {
  const graph = (keep: (typeOnly: boolean) => boolean): Map<string, string[]> =>
    new Map(
      sources.map(({ file, text }) => [
        file,
        importsOf(text).flatMap((one) => (keep(one.typeOnly) ? (oursOf(file, one.target) ?? []) : [])),
      ]),
    );

  it('go round in no circle', () => {
    expect(circles(graph((typeOnly) => !typeOnly))).toEqual([]);
  });

  it('would be seen to go round', () => {
    const round = new Map([
      ['a', ['b', 'c']],
      ['b', []],
      ['c', ['d']],
      ['d', ['a']],
    ]);
    expect(circles(round)).toEqual([['a', 'c', 'd', 'a']]);
  });

  it.each([
    ["import fs from 'node:fs';", 'node:fs', false],
    ["import type { A } from './a.ts';", './a.ts', true],
    ["import {\n  a,\n  type B,\n} from './a.ts';", './a.ts', false],
    ["export * from './a.ts';", './a.ts', false],
    ["export type { A } from './a.ts';", './a.ts', true],
    ["import './a.ts';", './a.ts', false],
    ["import type { A } from './a.ts';\nimport { b } from './a.ts';", './a.ts', false],
    // In two pieces, or this file would import it.
    [`  const a = await ${'import'}('./a.ts');`, './a.ts', false],
  ])('are read from %j', (text, target, typeOnly) => {
    expect(importsOf(text)).toEqual([{ target, typeOnly }]);
  });
});

describe('every source', () => {
  it('begins with a comment that says what it is', () => {
    expect(sources.filter(({ text }) => !/^(#!.*\n)?\/\*\*/u.test(text)).map(({ file }) => file)).toEqual([]);
  });

  it(`has at most ${MOST_LINES} lines`, () => {
    expect(sources.filter(({ text }) => text.split('\n').length - 1 > MOST_LINES).map(({ file }) => file)).toEqual([]);
  });
});

describe('deciding', () => {
  // `process` and `fetch` are words of the trade there too: only their use as what Node offers counts.
  const IMPURE =
    /\b(?:Date|performance|globalThis|setTimeout|setInterval|setImmediate|queueMicrotask|crypto|console|Promise|async|await)\b|\bMath\s*\.\s*random\b|(?<!\.)\bprocess\s*[.[]|(?<!\.)\bfetch\s*\(/u;

  it('asks no clock, no chance and no world', () => {
    const decide = sources.filter(({ file }) => file.startsWith('agent/decide/') && !isTest(file));
    expect(decide.length).toBeGreaterThan(0);
    expect(decide.filter(({ text }) => IMPURE.test(codeOf(text))).map(({ file }) => file)).toEqual([]);
  });

  it.each([
    'const now = Date.now();',
    'x = Math.random();',
    'setTimeout(go, 1);',
    'process.exit();',
    'go(fetch(url));',
  ])('would be caught with %s', (line) => {
    expect(codeOf(`/** Date */\n// Date\nconst a = 'Date';\n${line}`)).toMatch(IMPURE);
    expect(codeOf(`/** Date */\n// Date\nconst a = 'Date';\n`)).not.toMatch(IMPURE);
  });
});

it('raw sockets are opened by the network process only', () => {
  const raw = sources.filter(
    ({ file, text }) => !isTest(file) && /\b(?:openSocket|bindSocket|setSocketOption)\b|['"]raw-socket['"]/u.test(text),
  );
  const product = raw.map(({ file }) => file).filter((file) => !/^(?:net|test|bench|tryout)\//u.test(file));
  expect(product).toEqual(['base/libc.ts']);
  expect(raw.some(({ file }) => file.startsWith('net/'))).toBe(true);
});

it('the C library is called from base, and from the network process, only', () => {
  const callers = sources.filter(
    ({ file, text }) => !isTest(file) && importsOf(text).some(({ target }) => target === 'koffi'),
  );
  const product = callers.map(({ file }) => file).filter((file) => !/^(?:base|net|test|bench|tryout)\//u.test(file));
  expect(product).toEqual([]);
});

it('no test is left out or run alone', () => {
  // Put together here, or this file would accuse itself.
  const mark = new RegExp(`\\b(?:it|test|describe)\\.(?:${['skip', 'todo', 'only'].join('|')})\\b`, 'u');
  expect(sources.filter(({ text }) => mark.test(codeOf(text))).map(({ file }) => file)).toEqual([]);
});
