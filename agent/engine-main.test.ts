/** How the engine reaches the main: refused where the main is too weak, and no log-on that could lock the account. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../base/failure.ts';
import { LODGER, type Lodge, startLodge } from '../smb/scripted/lodge.ts';
import type { Asked } from '../smb/scripted/signing.ts';
import { STATUS } from '../smb/status/status.ts';
import type { Requirements } from '../smb/types.ts';
import { COMMAND } from '../smb/wire/header.ts';
import { guardOf, linkOpener } from './engine-main.ts';
import { askedAgain } from './ledger.ts';
import type { Link, OpenLink } from './mirror/links.ts';

let lodge: Lodge;
let folder: string;
const links: Link[] = [];
beforeEach(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'ledger-'));
});
afterEach(() => {
  for (const link of links.splice(0)) link.close();
  lodge.close();
  fs.rmSync(folder, { recursive: true });
});

let nowMs = 1_800_000_000_000;
const clock = { wallMs: () => nowMs, monoMs: () => performance.now() };

/** As a fresh engine process opens its shares. */
function opener(password: string = LODGER.password, generation = 'one', require?: Requirements): OpenLink {
  const logon = { ...LODGER, password };
  const guard = guardOf({ logon, ledger: { folder, generation } }, clock);
  const open = linkOpener({ address: '127.0.0.1', port: lodge.port, require }, logon, guard);
  return async (share) => {
    const link = await open(share);
    links.push(link);
    return link;
  };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof Failure) return error.code;
    throw error;
  }
  return 'no failure';
}

/** A SESSION_SETUP with NTLMSSP_AUTHENTICATE (MS-NLMP 2.2.1.3). */
function isProof({ command, body }: Asked): boolean {
  const at = body.indexOf('NTLMSSP\0', 0, 'latin1');
  return command === COMMAND.sessionSetup && at >= 0 && body.readUInt32LE(at + 8) === 3;
}

describe('a main', () => {
  it.each([
    ['that speaks 2.1 only', 0x0210, { dialect: 0x0300, encryption: false }, 'too-weak'],
    ['that speaks 3.0', 0x0300, { dialect: 0x0300, encryption: false }, 'no failure'],
    ['that cannot encrypt', 0x0210, { dialect: 0x0210, encryption: true }, 'too-weak'],
    ['that can', 0x0311, { dialect: 0x0300, encryption: true }, 'no failure'],
  ] as const)('%s', async (_name, dialect, require, expected) => {
    lodge = await startLodge({ dialect });
    expect(await codeOf(opener(undefined, 'one', require)('docs'))).toBe(expected);
    // Nobody's password is shown to a server that is refused.
    expect(lodge.tried).toBe(expected === 'no failure' ? 1 : 0);
  });
});

describe('the account', () => {
  it('is tried once for all shares, by one engine after the other, until a person asks or the password changes', async () => {
    lodge = await startLodge({ dialect: 0x0311 });
    const all = (open: OpenLink): Promise<string[]> =>
      Promise.all(['a', 'b', 'c', 'd'].map((share) => codeOf(open(share))));
    for (let restart = 0; restart < 3; restart += 1) {
      expect(new Set(await all(opener('wrong')))).toEqual(new Set(['wrong-password']));
      nowMs += 3_600_000;
    }
    expect(lodge.tried).toBe(1);
    askedAgain({ folder, generation: 'one' }, clock);
    nowMs += 1;
    await all(opener('wrong'));
    expect(lodge.tried).toBe(2);
    expect(await all(opener(undefined, 'two'))).toEqual(new Array(4).fill('no failure'));
    expect(await all(opener(undefined, 'two'))).toEqual(new Array(4).fill('no failure'));
  });

  it('is tried once when the sessions of all shares expire with the password changed', async () => {
    lodge = await startLodge({ dialect: 0x0311 });
    const open = opener();
    const shares = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((share) => open(share)));
    let refused = 0;
    lodge.refuse = ({ command }) => {
      if (command !== COMMAND.sessionSetup) return undefined;
      refused += 1;
      return STATUS.LOGON_FAILURE;
    };
    lodge.expire();
    const codes = await Promise.all(shares.map(({ tree }) => codeOf(tree.stat('a'))));
    expect(codes).toEqual(new Array(6).fill('session-expired'));
    expect(refused).toBe(1);
  });

  it('rests when the main goes away with the proof of the password again and again, over restarts of the engine', async () => {
    let proofs = 0;
    const codes: string[] = [];
    for (const minutes of [0, 0, 0, 3, 0, 0]) {
      nowMs += minutes * 60_000;
      lodge = await startLodge({ dialect: 0x0311 });
      lodge.hang = (asked) => {
        if (!isProof(asked)) return false;
        proofs += 1;
        lodge.close();
        return true;
      };
      codes.push(await codeOf(opener(LODGER.password, `file ${codes.length}`)('docs')));
      lodge.close();
    }
    expect(codes).toEqual(['disconnected', 'disconnected', 'unanswered', 'disconnected', 'unanswered', 'unanswered']);
    expect(proofs).toBe(3);
    nowMs += 30 * 60_000;
    lodge = await startLodge({ dialect: 0x0311 });
    expect(await codeOf(opener()('docs'))).toBe('no failure');
  });

  it('is not tried again after its session could not be renewed', async () => {
    lodge = await startLodge({ dialect: 0x0311 });
    const open = opener();
    const { tree, closed } = await open('docs');
    lodge.refuse = ({ command }) => (command === COMMAND.sessionSetup ? STATUS.LOGON_FAILURE : undefined);
    lodge.expire();
    expect(await codeOf(tree.stat('a'))).toBe('session-expired');
    await closed;
    lodge.refuse = () => undefined;
    expect(await codeOf(open('docs'))).toBe('wrong-password');
    expect(lodge.tried).toBe(1);
  });
});
