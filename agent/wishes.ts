/**
 * What a mode means for the parts that run all the time: is the main probed, is the mirror kept going, may users write here. Said once,
 * so that a restarted process is brought to the same state as the one it replaces. Pure.
 */
import type { Mode } from './decide/types.ts';

/** Whether the main's address is the main's, so that probes of it say something about the main and not about ourselves. */
export function probesMain(mode: Mode): boolean {
  switch (mode.kind) {
    case 'idle':
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
    case 'handed-back':
    case 'restoring':
      return true;
    case 'taking-over':
      return mode.step === 'stop-mirror' || mode.step === 'freeze' || mode.step === 'open-shares';
    case 'undoing':
      return mode.step !== 'release-address';
    case 'handing-back':
      return mode.step === 'prove-main';
    case 'active':
      return false;
  }
}

/** Whether the engine should be mirroring. */
export function wantsMirror(mode: Mode): boolean {
  switch (mode.kind) {
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
      return true;
    case 'idle':
    case 'taking-over':
    case 'undoing':
    case 'active':
    case 'handing-back':
    case 'handed-back':
    case 'restoring':
      return false;
  }
}

/** Whether shares are to be writable: from the step before the address is taken until the step before it is given back. */
export function servesUsers(mode: Mode): boolean {
  switch (mode.kind) {
    case 'active':
      return true;
    case 'taking-over':
      return mode.step === 'take-address' || mode.step === 'prove-served';
    case 'idle':
    case 'syncing':
    case 'standing-by':
    case 'suspecting':
    case 'undoing':
    case 'handing-back':
    case 'handed-back':
    case 'restoring':
      return false;
  }
}
