/**
 * Log-ons that a person asks for, with the account that the engine and the probes use as well: they share the notes, so that all
 * together do not lock it. A password typed by hand may be another than the stored one: that it is wrong holds nothing back but itself,
 * yet the server counts it, so it counts towards the three of lock-out.ts.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { Clock } from '../../base/clock.ts';
import type { Credentials, LogonTurn } from '../types.ts';
import { WINDOW_MS } from './lock-out.ts';
import { LogonGuard } from './logon-guard.ts';
import { clearNotes, type Notes, sharedNotes } from './logon-notes.ts';

/** The account by which the engine and the probes log on, and where they note it. */
export interface StoredAccount {
  address: string;
  user: string;
  domain: string;
  folder: string;
  generation: string;
}

export interface ByHand {
  /** Where it goes to, and by which account. */
  address: string;
  account: Omit<Credentials, 'password'>;
  /** The password is the stored one, and nobody typed it. */
  isStored: boolean;
}

/** For what is under way in other processes: an answer takes milliseconds, and a person waits that long. */
const PATIENCE_MS = 3_000;
const LOOK_MS = 50;

/**
 * @param writer unique among those who note in the same folder (sharedNotes)
 * @param random between 0 and 1, so that commands that begin together do not go on meeting
 */
export function openLogonsByHand(
  clock: Clock,
  writer: string,
  random: () => number,
): (stored: StoredAccount, by: ByHand) => LogonTurn {
  const notes = new Map<string, Notes>();
  let count = 0;
  const notesIn = (folder: string): Notes => {
    const known = notes.get(folder);
    if (known !== undefined) return known;
    clearNotes(folder, clock.wallMs(), 2 * WINDOW_MS);
    const opened = sharedNotes(folder, writer);
    notes.set(folder, opened);
    return opened;
  };
  return (stored, by) => {
    if (!isSame(stored, by)) return (logOn) => logOn(() => {});
    count += 1;
    const generation = by.isStored ? stored.generation : `by hand ${clock.wallMs()} ${count}`;
    const endMs = clock.monoMs() + PATIENCE_MS;
    const patience = async (): Promise<boolean> => {
      await pause(LOOK_MS * (0.5 + random()));
      return clock.monoMs() < endMs;
    };
    return new LogonGuard(clock, notesIn(stored.folder), by.account, generation, patience).run;
  };
}

/** An account of a domain is the same on every server of it. */
function isSame(stored: StoredAccount, { address, account }: ByHand): boolean {
  const same = (one: string, other: string): boolean => one.toLowerCase() === other.toLowerCase();
  if (!same(stored.user, account.user) || !same(stored.domain, account.domain)) return false;
  return stored.domain !== '' || same(stored.address, address);
}
