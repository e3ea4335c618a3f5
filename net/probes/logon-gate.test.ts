/** Tests that no account can be locked by watching. */
import { describe, expect, it } from 'vitest';
import { DENIED_REST_MS, openLogonGate } from './logon-gate.ts';

const alice = { user: 'alice', domain: '', password: 'one' };

describe('the gate before log-ons', () => {
  it.each([
    ['wrong-password', false],
    ['account-locked', false],
    ['account-disabled', false],
    ['password-expired', false],
    ['logon-denied', true],
    ['access-denied', true],
  ])('after %s it opens again by time alone: %s', (code, expected) => {
    const gate = openLogonGate();
    gate.denied(alice, code, 0);
    expect(gate.may(alice, DENIED_REST_MS - 1)).toBe(false);
    expect(gate.may(alice, 100 * DENIED_REST_MS)).toBe(expected);
    expect(gate.denialOf(alice)).toBe(code);
  });

  it('a new plan with the same wrong password does not shorten the rest', () => {
    const gate = openLogonGate();
    gate.denied(alice, 'wrong-password', 0);
    for (let n = 0; n < 50; n += 1) gate.plan();
    expect(gate.may({ ...alice }, DENIED_REST_MS - 1)).toBe(false);
    expect(gate.may({ ...alice }, DENIED_REST_MS)).toBe(true);
  });

  it('another password may be tried at once', () => {
    const gate = openLogonGate();
    gate.denied(alice, 'wrong-password', 0);
    expect(gate.may({ ...alice, password: 'two' }, 1)).toBe(true);
    expect(gate.denialOf({ ...alice, password: 'two' })).toBeUndefined();
  });

  it('keeps a second between any two log-ons', () => {
    const gate = openLogonGate();
    gate.begun(0);
    gate.accepted();
    expect([gate.may(alice, 999), gate.may(alice, 1_000)]).toEqual([false, true]);
  });
});
