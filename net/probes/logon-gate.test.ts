/** Tests that no account can be locked by watching. */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../base/failure.ts';
import { LOGON_SPACING_MS, type LogonGate, openLogonGate } from './logon-gate.ts';

const HOUR_MS = 3_600_000;
const alice = { logon: { user: 'alice', domain: '', password: 'one' } };
const another = { logon: { ...alice.logon, password: 'two' } };
/** A log-on that goes through the gate and is refused after its proof, or ends otherwise. */
const refused = (gate: LogonGate, plan: Parameters<LogonGate['turn']>[0], code: string): Promise<unknown> =>
  gate
    .turn(plan)(async (proving) => {
      await proving();
      throw new Failure({ code, doing: 'log on', what: 'no' });
    })
    .catch(() => {});

describe('the gate before log-ons', () => {
  let nowMs = 0;
  let gate: LogonGate;
  let folder: string;
  const clock = { monoMs: () => nowMs, wallMs: () => 1_800_000_000_000 + nowMs };
  beforeEach(() => {
    nowMs = 0;
    gate = openLogonGate(clock);
    folder = fs.mkdtempSync(path.join(os.tmpdir(), 'gate-'));
  });
  afterEach(() => fs.rmSync(folder, { recursive: true }));

  it.each([
    ['wrong-password', false],
    ['account-locked', true],
    ['logon-denied', true],
    ['access-denied', true],
  ])('after %s it opens again by time alone: %s', async (code, expected) => {
    await refused(gate, alice, code);
    nowMs += HOUR_MS / 6 - 1;
    expect(gate.may(alice)).toBe(false);
    expect(gate.refusal(alice)?.code).toBe(code);
    nowMs += 100 * HOUR_MS;
    expect(gate.may(alice)).toBe(expected);
  });

  it('a new plan with the same wrong password changes nothing', async () => {
    await refused(gate, alice, 'wrong-password');
    nowMs += 100 * HOUR_MS;
    expect(gate.may({ logon: { ...alice.logon } })).toBe(false);
  });

  it('another password may be tried at once', async () => {
    await refused(gate, alice, 'wrong-password');
    nowMs += LOGON_SPACING_MS;
    expect(gate.may(another)).toBe(true);
    expect(gate.refusal(another)).toBeUndefined();
  });

  it('keeps a second between any two log-ons', async () => {
    await gate.turn(alice)(() => Promise.resolve());
    nowMs += LOGON_SPACING_MS - 1;
    expect(gate.may(alice)).toBe(false);
    nowMs += 1;
    expect(gate.may(alice)).toBe(true);
  });

  it('hears of refusals that another process met, where the plan says where', async () => {
    const ledger = { folder, generation: 'one' };
    const elsewhere = openLogonGate(clock);
    await refused(elsewhere, { ...alice, ledger }, 'wrong-password');
    expect(gate.may({ ...alice, ledger })).toBe(false);
    expect(gate.may({ ...alice, ledger: { folder, generation: 'two' } })).toBe(true);
    expect(gate.may(alice)).toBe(true);
  });

  it('lets renewals and log-ons of all sessions go one at a time, and none after one that was refused', async () => {
    let under = 0;
    let proofs = 0;
    const tries = [1, 2, 3, 4].map(() =>
      gate
        .turn({ logon: { ...alice.logon } })(async (proving) => {
          under += 1;
          expect(under).toBe(1);
          await new Promise((resolve) => setImmediate(resolve));
          under -= 1;
          await proving();
          proofs += 1;
          throw new Failure({ code: 'wrong-password', doing: 'log on', what: 'no' });
        })
        .catch((error: unknown) => (error instanceof Failure ? error.code : String(error))),
    );
    expect(await Promise.all(tries)).toEqual(new Array(4).fill('wrong-password'));
    expect(proofs).toBe(1);
  });

  it('rests after log-ons that were not answered, and says so', async () => {
    for (const expected of [true, false]) {
      await refused(gate, alice, 'timeout');
      nowMs += LOGON_SPACING_MS;
      expect(gate.may(alice)).toBe(expected);
    }
    expect(gate.refusal(alice)?.code).toBe('unanswered');
    nowMs += HOUR_MS / 30;
    expect(gate.may(alice)).toBe(true);
  });
});
