/** Log-ons by hand beside the engine, and real processes that try a wrong password at once, against a real server that counts. */
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mustRun } from '../../base/command.ts';
import { Failure } from '../../base/failure.ts';
import { ACCOUNT, type Stand, startStand } from '../scripted/stand.ts';
import { openLogonsByHand, type StoredAccount } from './by-hand.ts';
import { LogonGuard } from './logon-guard.ts';
import { sharedNotes } from './logon-notes.ts';

let folder: string;
let stored: StoredAccount;
let stand: Stand | undefined;
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'notes-'));
  stored = { address: '192.168.1.10', user: 'backup', domain: '', folder, generation: 'one' };
});
afterEach(async () => {
  fs.rmSync(folder, { recursive: true });
  await stand?.stop();
  stand = undefined;
});

let nowMs = 1_800_000_000_000;
const clock = { wallMs: () => nowMs, monoMs: () => performance.now() };

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

interface Seen {
  proofs: number;
}
const wrong =
  (seen: Seen) =>
  async (proving: () => void | Promise<void>): Promise<never> => {
    await proving();
    seen.proofs += 1;
    throw new Failure({ code: 'wrong-password', doing: 'log on to', what: 'as played' });
  };

describe('a log-on by hand', () => {
  const by = (account: { user: string; domain: string }, address = '192.168.1.10', isStored = false) => ({
    address,
    account,
    isStored,
  });

  it('is tried three times in half an hour with whatever is typed, and the engine is not tried besides', async () => {
    const open = openLogonsByHand(clock, 'setup', Math.random);
    const seen = { proofs: 0 };
    for (let times = 0; times < 6; times += 1) {
      nowMs += 1_000;
      expect(await codeOf(open(stored, by({ user: 'Backup', domain: '' }))(wrong(seen)))).toBe('wrong-password');
    }
    expect(seen.proofs).toBe(3);
    const engine = new LogonGuard(clock, sharedNotes(folder, 'engine'), stored, 'one');
    expect(engine.refusal?.code).toBe('wrong-password');
    nowMs += 30 * 60_000;
    expect(engine.refusal).toBeUndefined();
  });

  it('with the stored password is not tried when the engine has been told that it is wrong', async () => {
    const seen = { proofs: 0 };
    const engine = new LogonGuard(clock, sharedNotes(folder, 'engine'), stored, 'one');
    await codeOf(engine.run(wrong(seen)));
    const open = openLogonsByHand(clock, 'command-7', Math.random);
    expect(await codeOf(open(stored, by(stored, stored.address, true))(wrong(seen)))).toBe('wrong-password');
    expect(seen.proofs).toBe(1);
    await codeOf(open(stored, by(stored))(wrong(seen)));
    expect(seen.proofs).toBe(2);
  });

  it.each([
    ['another account', { user: 'ann', domain: '' }, '192.168.1.10', 4],
    ['the same name on another server', { user: 'backup', domain: '' }, '192.168.1.11', 4],
    ['the same name of a domain', { user: 'backup', domain: 'LAB' }, '192.168.1.10', 4],
    ['the same account', { user: 'BACKUP', domain: '' }, '192.168.1.10', 3],
  ])('as %s', async (_name, account, address, expected) => {
    const open = openLogonsByHand(clock, 'setup', Math.random);
    const seen = { proofs: 0 };
    for (let times = 0; times < 4; times += 1) await codeOf(open(stored, by(account, address))(wrong(seen)));
    expect(seen.proofs).toBe(expected);
  });

  it('of a domain shares the count on every server of it', async () => {
    const open = openLogonsByHand(clock, 'setup', Math.random);
    const seen = { proofs: 0 };
    const domain = { ...stored, domain: 'LAB' };
    for (let times = 0; times < 4; times += 1)
      await codeOf(open(domain, by({ user: 'backup', domain: 'lab' }, `192.168.1.${times}`))(wrong(seen)));
    expect(seen.proofs).toBe(3);
  });

  it('waits for what is under way elsewhere, instead of taking it for lost', async () => {
    const engine = sharedNotes(folder, 'engine');
    const under = [1, 2].map(() => {
      const note = { kind: 'unanswered' as const, account: '\\backup', generation: 'one', atMs: nowMs };
      engine.add(note);
      return note;
    });
    const seen: string[] = [];
    const logon = openLogonsByHand(clock, 'command-8', Math.random)(stored, by(stored))(async (proving) => {
      await proving();
      seen.push('tried');
    });
    expect(seen).toEqual([]);
    for (const note of under) engine.drop(note);
    await logon;
    expect(seen).toEqual(['tried']);
  });
});

const PROGRAM = `
  import { connect, openLogonsByHand } from './index.ts';
  import { systemClock } from '../base/clock.ts';
  const [port, stored, account, number] = process.argv.slice(1).map((each) => JSON.parse(each));
  const limits = { connectTimeoutMs: 5000, requestTimeoutMs: 10000 };
  const connection = await connect({ host: '127.0.0.1', port, ...limits });
  const turn = openLogonsByHand(systemClock, 'command-' + number, Math.random)(stored, { address: '127.0.0.1', account, isStored: false });
  process.stdout.write('ready\\n');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  const told = await connection.logon(account, turn).then(() => 'accepted', (error) => error.code);
  process.stdout.write(told + '\\n', () => process.exit());
`;

/** A process of its own: connected, and at the word it logs on. */
function process_(number: number, port: number, password: string) {
  const account = { ...ACCOUNT, password };
  const all = [port, { ...stored, address: '127.0.0.1', user: ACCOUNT.user, domain: ACCOUNT.domain }, account, number];
  const options = ['--input-type=module-typescript', '--eval', PROGRAM, ...all.map((each) => JSON.stringify(each))];
  const child = spawn(process.execPath, options, {
    cwd: path.dirname(import.meta.dirname),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ready = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<string>();
  let told = '';
  child.stdout.on('data', (bytes) => {
    told += String(bytes);
    if (told.startsWith('ready\n')) ready.resolve();
  });
  child.once('exit', () => ended.resolve(told.replace('ready\n', '').trim()));
  return { ready: ready.promise, ended: ended.promise, go: () => child.stdin.write('go\n') };
}

describe('eight commands at once', () => {
  async function told(password: string): Promise<{ codes: string[]; bad: number }> {
    stand = await startStand();
    const { samba, port } = stand;
    const pdbedit = (...args: string[]): Promise<string> =>
      mustRun('pdbedit', ['-s', samba.configFile, ...args], { timeLimitMs: 10_000 });
    await pdbedit('-P', 'bad lockout attempt', '-C', '5');
    const commands = Array.from({ length: 8 }, (_, number) => process_(number, port, password));
    await Promise.all(commands.map(({ ready }) => ready));
    for (const { go } of commands) go();
    const codes = await Promise.all(commands.map(({ ended }) => ended));
    const bad = /Bad password count\s*: (\d+)\n/.exec(await pdbedit('-v', '-u', ACCOUNT.user))?.[1];
    return { codes, bad: Number(bad) };
  }

  it('with a wrong password leave the account open', async () => {
    const { codes, bad } = await told('wrong');
    console.log(`8 commands: ${codes.join(' ')}; the server counted ${bad}`);
    expect(bad).toBeGreaterThan(0);
    expect(bad).toBeLessThanOrEqual(3);
    expect(codes).not.toContain('accepted');
    expect(codes).not.toContain('account-locked');
  });

  it('with the right one are let in, each in its turn', async () => {
    const { codes, bad } = await told(ACCOUNT.password);
    expect(bad).toBe(0);
    expect(codes).toEqual(new Array(8).fill('accepted'));
  });
});
