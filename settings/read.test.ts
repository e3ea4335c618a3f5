/** Tests of reading the settings: every mistake is told at once, with its line and a hint. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { isFailure } from '../base/failure.ts';
import type { ProbePlan } from '../net/messages.ts';
import { DEFAULT_EXCLUDES } from './excludes.ts';
import { checkSettings, readSettings } from './read.ts';
import { probeTimings } from './timings.ts';

const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'settings-'));
afterAll(() => fs.rmSync(folder, { recursive: true }));

const LEAST = `version: 1
main: {name: FILESRV, address: 192.168.1.10, user: reader}
interface: eth0
`;

function good(text: string) {
  const checked = checkSettings(text);
  if (checked.kind === 'bad') throw new Error(JSON.stringify(checked.problems));
  return checked.settings;
}

/** `line path: what` of each problem. */
function problems(text: string): string[] {
  const checked = checkSettings(text);
  return checked.kind === 'good' ? [] : checked.problems.map((one) => `${one.line} ${one.path}: ${one.what}`);
}

describe('what is left out', () => {
  it('has its default', () => {
    expect(good(LEAST)).toEqual({
      version: 1,
      limit: [],
      main: {
        name: 'FILESRV',
        address: '192.168.1.10',
        port: 445,
        user: 'reader',
        domain: '',
        require: { dialect: 0x0300, encryption: false },
      },
      interface: 'eth0',
      shares: [],
      mirror: {
        path: '/srv/standby',
        passEveryMs: 21_600_000,
        reserveBytes: 1_000_000_000,
        scrubEveryMs: 86_400_000,
        excludes: DEFAULT_EXCLUDES,
      },
      takeover: {
        mode: 'automatic',
        profile: 'default',
        patienceMs: { refused: 10_000, silent: 3_000, frozen: 5_000 },
        witnesses: [],
      },
      serve: { port: 4450, workgroup: 'WORKGROUP', name: 'FILESRV', users: [] },
      log: { format: 'human', level: 'info' },
      state: '/var/lib/standby',
      run: '/run/standby',
      secrets: '/etc/standby/secrets.yaml',
    });
  });

  it.each([
    ['starttls', 587],
    ['tls', 465],
    ['none', 25],
  ])('makes the mail port follow security %s', (security, port) => {
    const text = `${LEAST}mail: {server: mx, security: ${security}, from: a@b.example, to: [c@d.example]}\n`;
    expect(good(text).mail?.port).toBe(port);
  });

  it.each([
    ['dialect: SMB210', { dialect: 0x0210, encryption: false }],
    ['dialect: SMB311', { dialect: 0x0311, encryption: false }],
    ['encrypt: always', { dialect: 0x0300, encryption: true }],
    ['dialect: SMB302, encrypt: when-demanded', { dialect: 0x0302, encryption: false }],
  ])('says what the main must do: %s', (text, expected) => {
    expect(good(LEAST.replace('user: reader', `user: reader, ${text}`)).main.require).toEqual(expected);
  });

  it.each([
    ['dialect: 3.0', 'main.dialect: must be one of SMB210, SMB300, SMB302, SMB311'],
    ['dialect: SMB30', 'main.dialect: must be one of SMB210, SMB300, SMB302, SMB311; did you mean «SMB300»?'],
    ['encrypt: true', 'main.encrypt: must be one of when-demanded, always'],
    ['dialect: SMB210, encrypt: always', 'main.encrypt: needs dialect SMB300 or later: SMB 2.1 cannot encrypt'],
    ['signing: false', 'main.signing: is no setting'],
  ])('does not take %s', (text, expected) => {
    expect(problems(LEAST.replace('user: reader', `user: reader, ${text}`))).toEqual([`2 ${expected}`]);
  });

  it('makes patience follow the profile, and what is told goes before it', () => {
    const settings = good(`${LEAST}takeover: {profile: fast, patience: {refused: 20s}}\n`);
    expect(settings.takeover.patienceMs).toEqual({ refused: 20_000, silent: 300, frozen: 300 });
  });
});

describe('mistakes', () => {
  it('are told all at once, in the order of the lines', () => {
    const text = `version: 1
main:
  nam: FILESRV
  address: 192.168.1
  user: 5
interface: eth0
shares: [Projects, PROJECTS]
takeover:
  mode: automatik
  patience:
    silent: 3
  witnesses: [10.0.0.1, 10.0.0.1]
serve: {port: 445}
mail: {server: mx, security: none, user: u, from: a, to: []}
`;
    expect(problems(text)).toEqual([
      '2 main.name: is missing',
      '3 main.nam: is no setting',
      '4 main.address: is not an IPv4 address',
      '5 main.user: must be text, not a number; put it in quotes',
      '7 shares[1]: stands in the list twice',
      '9 takeover.mode: must be one of automatic, manual; did you mean «automatic»?',
      '11 takeover.patience.silent: must be text, not a number; put it in quotes',
      '12 takeover.witnesses[1]: stands in the list twice',
      '13 serve.port: must not be 445',
      '14 mail.from: is not a mail address',
      '14 mail.to: needs at least 1 in the list',
      '14 mail.user: needs security starttls or tls, or its password could be read on the way',
    ]);
  });

  it.each([
    ['shars: []', '4 shars: is no setting', 'a key mistyped'],
    ['state: var/lib', '4 state: must be an absolute path', 'a relative path'],
    ['state: /', '4 state: must be a plain path: not / itself, no empty part, no . or .., no / at the end', 'the root'],
    [
      'state: /srv/../etc',
      '4 state: must be a plain path: not / itself, no empty part, no . or .., no / at the end',
      'a way out',
    ],
    ['mirror: {path: /srv/%U}', '4 mirror.path: holds % or a control character', 'smb.conf would replace it'],
    ['shares: [global]', '4 shares[0]: is not a share of files', 'a section of smb.conf with its own meaning'],
    ['shares: ["../etc"]', '4 shares[0]: holds a character that no share name may have', 'a way out of the mirror'],
    ['shares: [".."]', '4 shares[0]: begins with a space or a dot, or ends with a space', 'a way out of the mirror'],
    ['shares: [.hidden]', '4 shares[0]: begins with a space or a dot, or ends with a space', 'no folder of a mirror'],
    ['shares: ["a\\nb"]', '4 shares[0]: holds a character that no share name may have', 'a line break in smb.conf'],
    [
      'takeover: {witnesses: [192.168.1.10]}',
      '4 takeover.witnesses[0]: is the main itself',
      'contradiction across groups',
    ],
    [
      'takeover: {patience: {silent: 5ms}}',
      '4 takeover.patience.silent: must be between 100 ms and 1 h',
      'out of range',
    ],
    ['mirror: {passEvery: 6}', '4 mirror.passEvery: must be text, not a number; put it in quotes', 'no unit'],
    [
      'mirror: {reserve: 5GiB}',
      '4 mirror.reserve: has the unknown unit GiB; known are B, kB, MB, GB, TB',
      'binary unit',
    ],
    ['log:', '4 log: must be a group of settings, not empty', 'a group without content'],
    [
      'serve: {users: [Alice]}',
      '4 serve.users[0]: must be in small letters; users may type it in any case',
      'no such account can be',
    ],
    ['state: [1, 2]', '4 state: must be text, not a list', 'another kind'],
  ])('%s → %s (%s)', (line, problem) => {
    expect(problems(`${LEAST}${line}\n`)).toEqual([problem]);
  });

  it('come with what was perhaps meant, or with what is known', () => {
    const hints = (text: string) => {
      const checked = checkSettings(text);
      return checked.kind === 'good' ? [] : checked.problems.map((one) => one.hint);
    };
    expect(hints(`${LEAST}sharez: []\n`)).toEqual(['did you mean «shares»?']);
    expect(hints(`${LEAST}log: {colour: yes}\n`)).toEqual(['known here: format, level']);
    expect(hints(`${LEAST}run: run\n`)).toEqual(['the folder for sockets']);
  });

  it('that lie between two groups are told together with the others', () => {
    expect(problems(`${LEAST}takeover: {witnesses: [192.168.1.10]}\nlog: 5\n`)).toEqual([
      '4 takeover.witnesses[0]: is the main itself',
      '5 log: must be a group of settings, not a number',
    ]);
  });

  it('of another version of the file are told as such', () => {
    expect(problems(LEAST.replace('1', '2'))).toEqual(['1 version: must be 1']);
  });
});

describe('YAML that is refused', () => {
  it.each([
    ['', '1 : is empty', 'nothing at all'],
    ['# nothing\n', '1 : is empty', 'only a comment'],
    ['interface: a\ninterface: b\n', '2 : has the same key twice in one group', 'the second would win silently'],
    ['a: &x [1]\nb: [*x, *x]\n', '2 : uses an alias (*); write the value out', 'aliases multiply'],
    ['a: !!js/function 1\n', '1 : uses a tag (!); none is known here', 'tags'],
    ['a: 1\n---\nb: 1\n', '2 : holds more than one document (---)', 'two documents'],
    ['\tversion: 1\n', '1 : uses a tab to indent; use spaces', 'tabs'],
    ['a: "b\n', '2 : lacks a closing quote, bracket or colon', 'an open quote'],
    ['? {a: 1}\n: 2\n', '1 : has a key that is not a plain word', 'a group as key'],
  ])('%j: %s (%s)', (text, problem) => {
    expect(problems(text)[0]).toBe(problem);
  });

  it('does not overflow on deep nesting or end in an exception on anything', () => {
    expect(problems('['.repeat(100_000))[0]).toContain('is nested too deeply');
    const piece = fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '-',
      '[',
      '{',
      '}',
      '"',
      '*',
      '&',
      '!',
      '#',
      '|',
      '\t',
      'version: 1\n',
      '\u0000',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((parts) => parts.join('')),
        ),
        (text) => {
          expect(checkSettings(text).kind).toBe('bad');
        },
      ),
      { seed: 1, numRuns: 500 },
    );
  });
});

describe('readSettings', () => {
  const file = path.join(folder, 'standby.yaml');

  it('throws one failure with a line for each mistake', () => {
    fs.writeFileSync(file, `${LEAST}shars: []\nrun: run\n`);
    expect(() => readSettings(file)).toThrow(
      `read settings ${file}: 2 errors\n${file}:4: shars: is no setting; did you mean «shares»?\n${file}:5: run: must be an absolute path; the folder for sockets`,
    );
  });

  it.each([
    ['settings-missing', 'no file', (name: string) => fs.rmSync(name, { force: true })],
    ['not-a-file', 'a folder', (name: string) => fs.mkdirSync(name)],
    ['too-large', 'a huge file', (name: string) => fs.writeFileSync(name, 'x'.repeat(300_000))],
    ['not-text', 'bytes', (name: string) => fs.writeFileSync(name, Buffer.from([0xff, 0xfe, 0x00]))],
  ])('fails with %s for %s', (code, _what, make) => {
    const name = path.join(folder, code);
    make(name);
    expect(() => readSettings(name)).toThrow(expect.toSatisfy((error) => isFailure(error, code)));
  });

  it('gives the rhythm of the probes in the form the network process takes', () => {
    fs.writeFileSync(file, `${LEAST}takeover: {profile: fast}\n`);
    const timings: Pick<ProbePlan, keyof ReturnType<typeof probeTimings>> = probeTimings(readSettings(file));
    expect(timings).toMatchObject({ echoEveryMs: 100, echoTimeoutMs: 150 });
    fs.writeFileSync(file, LEAST);
    expect(probeTimings(readSettings(file))).toEqual({
      echoEveryMs: 250,
      echoTimeoutMs: 1_000,
      negotiateEveryMs: 2_000,
      negotiateTimeoutMs: 1_000,
      fetchEveryMs: 5_000,
      fetchTimeoutMs: 2_000,
    });
  });
});
