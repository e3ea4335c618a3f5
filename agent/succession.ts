/**
 * One standby succeeds another when it is set up anew. What fails on the way must not end the protection that there was: the
 * files become what they were, and whoever ran before runs again, however much of that fails too.
 */
import { textOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { Saved } from './setup.ts';

export interface Succession<Settings> {
  saved: Pick<Saved, 'undo'> & { settings: Settings };
  /** What ran so far; undefined when nothing was set up. */
  before: Settings | undefined;
  /** Ends whatever runs, wholly or half opened. */
  close(): Promise<void>;
  open(settings: Settings): Promise<void>;
  /** The last of what a set-up does once the new one is open. */
  finish(): Promise<void>;
  log: Log;
}

/** Throws what made it fail, when everything is as before or cannot be. */
export async function succeed<Settings>(parts: Succession<Settings>): Promise<void> {
  const { saved, before, close, open, finish, log } = parts;
  const attempt = async (doing: string, act: () => void | Promise<void>): Promise<void> => {
    try {
      await act();
    } catch (error) {
      log.critical(`a set-up failed, and so did to ${doing}: ${textOf(error)}`);
    }
  };
  try {
    await close();
    await open(saved.settings);
    await finish();
  } catch (error) {
    await attempt('put the settings back', saved.undo);
    await attempt('end what it began', close);
    if (before !== undefined) await attempt('go on as before', () => open(before));
    throw error;
  }
}
