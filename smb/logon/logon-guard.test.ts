/** The guard before log-ons: one at a time, shared notes of several processes, and a real server that counts wrong passwords. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';
import { ACCOUNT, type Stand, startStand } from '../scripted/stand.ts';
import { LogonGuard } from './logon-guard.ts';
import { clearNotes, type Notes, ownNotes, sharedNotes } from './logon-notes.ts';

let folder: string;
let stand: Stand | undefined;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'notes-'));
});
afterEach(async () => {
  fs.rmSync(folder, { recursive: true });
  await stand?.stop();
  stand = undefined;
});

let nowMs = 1_800_000_000_000;
const clock = { wallMs: () => nowMs, monoMs: () => nowMs };
const failing =
  (code: string, retry = false) =>
  (): Promise<never> =>
    Promise.reject(new Failure({ code, doing: 'log on to', what: 'as played', retry }));
const guard = (notes: Notes, generation = 'one', account = ACCOUNT): LogonGuard =>
  new LogonGuard(clock, notes, account, generation);

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

describe('the guard', () => {
  it('lets one log-on through at a time, and none after a refusal, though all asked before it', async () => {
    const one = guard(ownNotes());
    let under = 0;
    let tries = 0;
    const attempt = async (): Promise<never> => {
      under += 1;
      tries += 1;
      expect(under).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      under -= 1;
      return failing('wrong-password')();
    };
    const codes = await Promise.all(Array.from({ length: 20 }, () => codeOf(one.run(attempt))));
    expect(new Set(codes)).toEqual(new Set(['wrong-password']));
    expect(tries).toBe(1);
    expect(() => one.check()).toThrow(/not tried again/);
  });

  it.each([
    ['timeout', false],
    ['disconnected', false],
    ['session-expired', false],
  ])('is not closed by %s', async (code, retry) => {
    const one = guard(ownNotes());
    await codeOf(one.run(failing(code, retry)));
    one.check();
  });

  it('is not closed by a domain that cannot be asked just now', async () => {
    const one = guard(ownNotes());
    await codeOf(one.run(failing('logon-denied', true)));
    one.check();
  });

  it('is opened by success, which is noted only when there was a refusal', async () => {
    const notes = ownNotes();
    const one = guard(notes);
    await one.run(() => Promise.resolve());
    expect(notes.all()).toEqual([]);
    await codeOf(one.run(failing('account-locked')));
    nowMs += 3_600_000;
    await one.run(() => Promise.resolve());
    nowMs += 1;
    one.check();
    expect(notes.all().map(({ kind }) => kind)).toEqual(['refused', 'accepted']);
  });

  const cutOff =
    (code: string) =>
    async (proving: () => void | Promise<void>): Promise<never> => {
      await proving();
      return failing(code, true)();
    };

  it.each(['timeout', 'disconnected', 'bad-signature', 'malformed'])(
    'counts a log-on that ended with %s after its proof, and not one that ended so before',
    async (code) => {
      const notes = ownNotes();
      const one = guard(notes);
      for (let times = 0; times < 9; times += 1) expect(await codeOf(one.run(failing(code, true)))).toBe(code);
      expect(notes.all()).toEqual([]);
      expect(await codeOf(one.run(cutOff(code)))).toBe(code);
      // The first costs no rest, the second two minutes, and the third the rest of half an hour.
      expect(await codeOf(one.run(cutOff(code)))).toBe(code);
      expect(one.refusal).toMatchObject({ code: 'unanswered', retry: true });
      expect(await codeOf(one.run(cutOff(code)))).toBe('unanswered');
      nowMs += 120_000;
      expect(await codeOf(one.run(cutOff(code)))).toBe(code);
      nowMs += 27 * 60_000;
      expect(await codeOf(one.run(cutOff(code)))).toBe('unanswered');
      nowMs += 60_000;
      await one.run(async (proving) => proving());
      expect(notes.all().map(({ kind }) => kind)).toEqual(['unanswered', 'unanswered', 'unanswered', 'accepted']);
      nowMs += 1;
      expect(one.refusal).toBeUndefined();
    },
  );

  it('notes nothing lasting for a log-on that is answered', async () => {
    const notes = sharedNotes(folder, 'engine');
    const one = guard(notes);
    let during: unknown;
    await one.run(async (proving) => {
      await proving();
      during = guard(sharedNotes(folder, 'net')).refusal;
      expect(sharedNotes(folder, 'net').all()).toMatchObject([{ kind: 'unanswered' }]);
    });
    expect(during).toBeUndefined();
    expect(notes.all()).toEqual([]);
    expect(fs.readdirSync(folder)).toEqual([]);
  });

  it('keeps a proof from going out when others were quicker', async () => {
    const one = guard(sharedNotes(folder, 'engine'));
    let proved = false;
    const code = await codeOf(
      one.run(async (proving) => {
        const others = sharedNotes(folder, 'net');
        for (let times = 0; times < 3; times += 1)
          others.add({ kind: 'unanswered', account: 'lab\\alice', generation: 'two', atMs: nowMs });
        for (const note of others.all())
          if ('account' in note) note.account = `${ACCOUNT.domain}\\${ACCOUNT.user}`.toLowerCase();
        others.add({ kind: 'asked', atMs: nowMs });
        await proving();
        proved = true;
      }),
    );
    expect(code).toBe('unanswered');
    expect(proved).toBe(false);
    expect(
      sharedNotes(folder, 'engine')
        .all()
        .filter(({ kind }) => kind === 'unanswered'),
    ).toHaveLength(3);
  });

  it('does not name the password', async () => {
    const one = guard(ownNotes());
    await codeOf(one.run(failing('wrong-password')));
    const { refusal } = one;
    expect(refusal).toMatchObject({ code: 'wrong-password', subject: 'alice', retry: false });
    expect(JSON.stringify(refusal) + String(refusal?.message)).not.toContain(ACCOUNT.password);
  });
});

describe('notes in a folder', () => {
  it('are seen by the other process, and by the same one after its restart', async () => {
    await codeOf(guard(sharedNotes(folder, 'engine')).run(failing('wrong-password')));
    for (const writer of ['net', 'engine'])
      expect(guard(sharedNotes(folder, writer)).refusal?.code).toBe('wrong-password');
    expect(guard(sharedNotes(folder, 'net'), 'two').refusal).toBeUndefined();
    nowMs += 1;
    sharedNotes(folder, 'standbyd').add({ kind: 'asked', atMs: nowMs });
    expect(guard(sharedNotes(folder, 'net')).refusal).toBeUndefined();
    for (const name of fs.readdirSync(folder)) expect(fs.statSync(path.join(folder, name)).mode & 0o777).toBe(0o600);
  });

  it.each(['', '{', '[]', '[1, null, {}]', '[{"kind": "refused", "atMs": "1"}]', '{"kind": "asked"}'])(
    'that say %s hold nothing back',
    (text) => {
      fs.writeFileSync(path.join(folder, 'logons-engine.json'), text);
      guard(sharedNotes(folder, 'net')).check();
      guard(sharedNotes(folder, 'engine')).check();
    },
  );

  it('that cannot be written count for the process itself', async () => {
    const notes = sharedNotes(path.join(folder, 'nowhere'), 'engine');
    await codeOf(guard(notes).run(failing('wrong-password')));
    expect(guard(notes).refusal?.code).toBe('wrong-password');
  });

  it('of commands that ended long ago are removed, and nobody else’s', () => {
    const note = { kind: 'asked', atMs: nowMs } as const;
    for (const writer of ['command-1', 'command-22', 'engine']) sharedNotes(folder, writer).add(note);
    fs.writeFileSync(path.join(folder, 'command-3.json'), 'of somebody else');
    for (const name of ['logons-command-1.json', 'logons-engine.json', 'command-3.json'])
      fs.utimesSync(path.join(folder, name), (nowMs - 60_001) / 1_000, (nowMs - 60_001) / 1_000);
    fs.utimesSync(path.join(folder, 'logons-command-22.json'), nowMs / 1_000, nowMs / 1_000);
    clearNotes(folder, nowMs, 60_000);
    clearNotes(path.join(folder, 'nowhere'), nowMs, 60_000);
    expect(fs.readdirSync(folder).sort()).toEqual(['command-3.json', 'logons-command-22.json', 'logons-engine.json']);
  });

  it('do not grow', async () => {
    const notes = sharedNotes(folder, 'engine');
    for (let times = 0; times < 100; times += 1) notes.add({ kind: 'asked', atMs: times });
    expect(sharedNotes(folder, 'net').all()).toHaveLength(16);
    expect(notes.all().at(-1)).toEqual({ kind: 'asked', atMs: 99 });
  });
});

describe('two processes and a real server', () => {
  it('cost the account two wrong passwords at most, and it stays open', async () => {
    stand = await startStand();
    const { samba, connect } = stand;
    const pdbedit = (...args: string[]): Promise<string> =>
      mustRun('pdbedit', ['-s', samba.configFile, ...args], { timeLimitMs: 10_000 });
    await pdbedit('-P', 'bad lockout attempt', '-C', '5');
    const wrong = { ...ACCOUNT, password: 'wrong' };
    for (let restart = 0; restart < 4; restart += 1) {
      const guards = ['engine', 'net'].map((writer) => guard(sharedNotes(folder, writer)));
      const tries = guards.flatMap((one) =>
        [1, 2, 3].map(async () => {
          const connection = await connect();
          return codeOf(one.run(() => connection.logon(wrong))).finally(() => connection.close());
        }),
      );
      expect(new Set(await Promise.all(tries))).toEqual(new Set(['wrong-password']));
    }
    expect(await pdbedit('-v', '-u', ACCOUNT.user)).toMatch(/Bad password count\s*: [12]\n/);
    await (await connect()).logon(ACCOUNT);
  });
});
