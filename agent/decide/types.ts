/**
 * The words of the deciding core: what it knows (State), what it is told (StandbyEvent), what it wants done (Effect).
 * Pure: no clock, no timer, no chance, no input or output. Time comes with the event, in monotonic milliseconds
 * (`nowMs`) for judging and wall milliseconds (`wallMs`) for telling people.
 */

export type Layer = 'link' | 'arp' | 'witness' | 'echo' | 'negotiate' | 'fetch';
export type Outcome = 'answered' | 'refused' | 'silent' | 'frozen' | 'denied' | 'changed' | 'unknown';

/** How the main fails its users, each with its own patience. */
export type FailureKind = 'refused' | 'silent' | 'frozen';

export interface Policy {
  /** manual: mail and wait for Force Actions. */
  takeover: 'automatic' | 'manual';
  patienceMs: Record<FailureKind, number>;
  /** A witness answer older than this does not prove that we are on the network. */
  witnessFreshMs: number;
  /** After a failed take-over attempt, how long until the next (doubles each time, up to ten times this). */
  retryMs: number;
  mainName: string;
  standbyName: string;
  address: string;
}

export interface LayerFact {
  outcome: Outcome;
  /** Monotonic time of the answer. */
  atMs: number;
  /** Since when the outcome has been this one without interruption. */
  sinceMs: number;
  ms: number;
  detail: string;
}

/** Lost at a restart: what we know only from looking. */
export interface Facts {
  layers: Partial<Record<Layer, LayerFact>>;
  /** When the first miss that no answer has followed was asked (see learn.ts), or undefined while the main answers. Patience counts from it. */
  failingSinceMs: number | undefined;
  /** When that miss was known, which is later; means nothing while `failingSinceMs` is undefined. */
  failureKnownMs: number;
  /** Seen serving (negotiate answered and no layer failing) since our own boot. */
  seenHealthy: boolean;
  netAlive: boolean;
  engineAlive: boolean;
  /** A witness has answered at least once since the start. */
  witnessKnown: boolean;
  /** Until when verdicts are not trusted because our own clock ran late. */
  distrustUntilMs: number;
  /** What was asked before this says nothing: it was asked of ourselves, or while we were cut off or stood still. */
  trustedFromMs: number;
  /** Missing on the mirror, as the engine last said. */
  mirror: { complete: boolean; live: boolean; missingFiles: number; missingBytes: number; frozenFor: string };
  /** Another box that claims the address we hold; `lastMs` is its latest frame. */
  rival: { mac: string; sinceMs: number; lastMs: number } | undefined;
  /** No automatic attempt before this moment, and how many have failed in a row. */
  nextAttemptMs: number;
  attempts: number;
  /** When any witness last answered. */
  witnessAnsweredMs: number | undefined;
  /** Since when we are cut off (no carrier, or neither a witness nor the main answers), or undefined. */
  isolatedSinceMs: number | undefined;
  /** When the last event came: a long gap between two events is our own lateness. */
  heardMs: number;
  /** When the network process last sent any evidence: after a long gap it was standing still, and its misses are its own. */
  netHeardMs: number;
  /** When `look` was last asked for. */
  lookedAtMs: number;
  /** Since when the main has served without a break, or undefined. */
  calmSinceMs: number | undefined;
  /** Alerts already sent for the present trouble; each is sent once until the trouble is over. */
  told: AlertCode[];
  /** When the present step, which failed, is tried again; undefined while its answer is awaited. */
  retryStepAtMs: number | undefined;
  /** How often the present step has failed in a row. */
  stepFailures: number;
}

/** The steps of taking over, in this order; each is one effect, answered by done or failed. */
export type TakeStep =
  | 'stop-mirror'
  | 'freeze'
  /** Only after a restart in the middle: we may still hold the address, and look afresh before taking it. */
  | 'release-address'
  | 'open-shares'
  | 'take-address'
  | 'prove-served';
/** Undoing an attempt: the same things backwards. An attempt that failed before users could write thaws and mirrors on. */
export type UndoStep = 'release-address' | 'close-shares' | 'thaw' | 'start-mirror';
export type BackStep = 'close-shares' | 'release-address' | 'prove-main';
export type RestoreStep = 'restore' | 'thaw';

/** Where a take-over began, and where an attempt that failed before users could write returns to. */
export type Origin = 'idle' | 'syncing' | 'standing-by' | 'handed-back';

/** Where we are. Data of a mode lives in the mode. */
export type Mode =
  /** No Start Sync yet (`because` absent), stopped, or everything restored: the administrator has the next move. */
  | { kind: 'idle'; because?: 'stopped' | 'restored' }
  /** The first pass is under way. */
  | { kind: 'syncing' }
  /** The mirror is complete and followed live. */
  | { kind: 'standing-by' }
  /** The main fails; patience runs. */
  | { kind: 'suspecting'; how: FailureKind; layer: Layer; from: 'syncing' | 'standing-by' }
  | {
      kind: 'taking-over';
      decision: string;
      step: TakeStep;
      why: string;
      forced: boolean;
      startedMs: number;
      from: Origin;
      /** Users may have written here under this decision before the present step: it must never be thawed without a restore. */
      mayHaveWritten: boolean;
    }
  | { kind: 'undoing'; decision: string; step: UndoStep; why: string; from: Origin; mayHaveWritten: boolean }
  /** We hold the address and serve. */
  | { kind: 'active'; decision: string }
  | { kind: 'handing-back'; decision: string; step: BackStep }
  /** The main has its address again; what was changed here waits for Restore Files. */
  | { kind: 'handed-back'; decision: string }
  | { kind: 'restoring'; decision: string; step: RestoreStep; planHash: string };

/** Outlives a restart: saved before the first effect of a change. */
export interface Durable {
  mode: Mode;
  /** Automatic action is off until then (wall ms; -1: until resumed), or undefined. */
  pausedUntilWallMs: number | undefined;
  /** Wall time of the present mode's beginning. */
  sinceWallMs: number;
  /** Why we are in this mode, one sentence. */
  why: string;
}

export interface State {
  durable: Durable;
  facts: Facts;
}

export type Command =
  | { name: 'start-sync' }
  | { name: 'stop-sync' }
  | { name: 'force-failover'; acceptMissing: boolean }
  | { name: 'recover-ip' }
  | { name: 'restore-files'; planHash: string }
  | { name: 'pause'; untilWallMs: number | undefined }
  | { name: 'resume' };

/** Every event carries the time; ids of decisions are made by the caller and come with the event that may need one. */
export type StandbyEvent = { nowMs: number; wallMs: number; freshId: string } & (
  | { kind: 'tick' }
  | { kind: 'evidence'; layer: Layer; outcome: Outcome; ms: number; detail: string }
  | { kind: 'mirror'; complete: boolean; live: boolean; missingFiles: number; missingBytes: number; frozenFor: string }
  | { kind: 'process'; process: 'net' | 'engine'; alive: boolean }
  /** Our own clock, or the network process's, ran late by this much: an own fault. */
  | { kind: 'late'; lateMs: number }
  | { kind: 'rival'; mac: string }
  | { kind: 'command'; command: Command }
  /** `open` comes with `restore` only: how many changes could not be sent back now. Without it nothing is thawed. */
  | { kind: 'done'; effect: Step['effect']; decision: string; detail?: string; open?: number }
  | { kind: 'failed'; effect: Step['effect']; decision: string; code: string; what: string }
);

/** Effects that are steps: one at a time, in order, idempotent, answered by done or failed. */
export type Step =
  | { effect: 'start-mirror'; decision: '' }
  | { effect: 'stop-mirror'; decision: string }
  | { effect: 'freeze'; decision: string }
  | { effect: 'thaw'; decision: string }
  | { effect: 'open-shares'; decision: string }
  | { effect: 'close-shares'; decision: string }
  | { effect: 'take-address'; decision: string }
  | { effect: 'release-address'; decision: string }
  | { effect: 'prove-served'; decision: string }
  | { effect: 'prove-main'; decision: string }
  | { effect: 'restore'; decision: string; planHash: string };

export type AlertCode =
  | 'taken-over'
  | 'down-manual'
  | 'down-not-ready'
  | 'isolated'
  | 'rival'
  | 'take-over-failed'
  | 'degraded'
  | 'handed-back'
  | 'restored'
  | 'main-recovered';

export type Effect =
  | { kind: 'step'; step: Step }
  /** Look at every layer at once: patience should run on fresh evidence. */
  | { kind: 'look' }
  | { kind: 'alert'; code: AlertCode; subject: string; text: string; next: string };

export interface Decision {
  state: State;
  effects: Effect[];
  /** One sentence when something was decided; '' when only a fact was learned. */
  why: string;
  /** The answer to a command. */
  answer?: { accepted: boolean; why: string; hint?: string };
}
