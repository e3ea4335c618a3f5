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
const refusal = (code: string): Failure => new Failure({ code, doing: 'log on', what: 'no' });

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
  ])('after %s it opens again by time alone: %s', (code, expected) => {
    gate.refused(alice, refusal(code));
    nowMs += HOUR_MS / 6 - 1;
    expect(gate.may(alice)).toBe(false);
    expect(gate.refusal(alice)?.code).toBe(code);
    nowMs += 100 * HOUR_MS;
    expect(gate.may(alice)).toBe(expected);
  });

  it('a new plan with the same wrong password changes nothing', () => {
    gate.refused(alice, refusal('wrong-password'));
    nowMs += 100 * HOUR_MS;
    expect(gate.may({ logon: { ...alice.logon } })).toBe(false);
  });

  it('another password may be tried at once', () => {
    gate.refused(alice, refusal('wrong-password'));
    expect(gate.may(another)).toBe(true);
    expect(gate.refusal(another)).toBeUndefined();
  });

  it('keeps a second between any two log-ons', () => {
    gate.begun();
    gate.accepted(alice);
    nowMs += LOGON_SPACING_MS - 1;
    expect(gate.may(alice)).toBe(false);
    nowMs += 1;
    expect(gate.may(alice)).toBe(true);
  });

  it('hears of refusals that another process met, where the plan says where', () => {
    const ledger = { folder, generation: 'one' };
    const elsewhere = openLogonGate(clock);
    elsewhere.refused({ ...alice, ledger }, refusal('wrong-password'));
    expect(gate.may({ ...alice, ledger })).toBe(false);
    expect(gate.may({ ...alice, ledger: { folder, generation: 'two' } })).toBe(true);
    expect(gate.may(alice)).toBe(true);
  });
});
