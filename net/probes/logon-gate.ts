/**
 * When we may log on. A watcher that repeats a wrong password locks the account, for the mirror and perhaps for people:
 * this counts for the whole life of the process, whatever plans come and go. Pure: time comes in.
 */
import type { Credentials } from '../../smb/types.ts';

/** After a denied log-on the same credentials rest for this long. Windows' default lock-out window is 10 minutes. */
export const DENIED_REST_MS = 600_000;
/** Between any two log-ons: a server that throws us out again and again is not stormed. */
export const LOGON_SPACING_MS = 1_000;

/** No retry with these until a new plan comes, however long that takes. */
const FINAL = new Set(['wrong-password', 'account-locked', 'account-disabled', 'password-expired']);

export interface LogonGate {
  /** A new plan came: it may lift a final denial, never the rest after one. */
  plan(): void;
  may(credentials: Credentials, nowMs: number): boolean;
  /** A log-on begins. */
  begun(nowMs: number): void;
  denied(credentials: Credentials, code: string, nowMs: number): void;
  /** The code of the last denial of these credentials, or undefined. */
  denialOf(credentials: Credentials): string | undefined;
  accepted(): void;
}

export function openLogonGate(): LogonGate {
  let denial: { credentials: Credentials; code: string; atMs: number; final: boolean } | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;
  return {
    plan() {
      if (denial !== undefined) denial.final = false;
    },
    may(credentials, nowMs) {
      if (nowMs - lastMs < LOGON_SPACING_MS) return false;
      if (denial === undefined || !same(denial.credentials, credentials)) return true;
      return !denial.final && nowMs - denial.atMs >= DENIED_REST_MS;
    },
    begun(nowMs) {
      lastMs = nowMs;
    },
    denied(credentials, code, atMs) {
      denial = { credentials, code, atMs, final: FINAL.has(code) };
    },
    denialOf: (credentials) =>
      denial !== undefined && same(denial.credentials, credentials) ? denial.code : undefined,
    accepted() {
      denial = undefined;
    },
  };
}

function same(a: Credentials, b: Credentials): boolean {
  return a.user === b.user && a.domain === b.domain && a.password === b.password;
}
