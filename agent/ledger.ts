/**
 * The notes about log-ons to the main that the mirror engine and the network process share (smb/logon/logon-notes.ts), so that both together
 * do not lock the account: where they are, and the one note that is ours: a person asks for another try.
 */
import type { Clock } from '../base/clock.ts';
import type { Settings } from '../settings/schema.ts';
import { generationOf, sharedNotes } from '../smb/logon/logon-notes.ts';

export interface LedgerPlace {
  folder: string;
  /** Another one whenever the password may be another. */
  generation: string;
}

/** The generation is that of the file with the password: no trace of the password itself leaves it. */
export function ledgerPlace(settings: Settings): LedgerPlace {
  return { folder: settings.run, generation: generationOf(settings.secrets) };
}

export function askedAgain({ folder }: LedgerPlace, clock: Clock): void {
  sharedNotes(folder, 'standbyd').add({ kind: 'asked', atMs: clock.wallMs() });
}
