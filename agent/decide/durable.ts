/**
 * Reads what was saved: an unknown value becomes a Durable or nothing, and nothing half. The compiler holds the list of
 * modes complete; a mode that cannot be read whole is refused, for a wrong memory is worse than none.
 */
import type { BackStep, Durable, Mode, Origin, RestoreStep, TakeStep, UndoStep } from './types.ts';

const TAKE_STEPS: Record<TakeStep, true> = {
  'stop-mirror': true,
  freeze: true,
  'release-address': true,
  'open-shares': true,
  'take-address': true,
  'prove-served': true,
};
const UNDO_STEPS: Record<UndoStep, true> = {
  'release-address': true,
  'close-shares': true,
  thaw: true,
  'start-mirror': true,
};
const BACK_STEPS: Record<BackStep, true> = { 'close-shares': true, 'release-address': true, 'prove-main': true };
const RESTORE_STEPS: Record<RestoreStep, true> = { restore: true, thaw: true };
const ORIGINS: Record<Origin, true> = { idle: true, syncing: true, 'standing-by': true, 'handed-back': true };
const HOWS = { refused: true, silent: true, frozen: true } as const;
const LAYERS = { link: true, arp: true, witness: true, echo: true, negotiate: true, fetch: true } as const;
const SUSPECTED_FROM = { syncing: true, 'standing-by': true } as const;
const KINDS: Record<Mode['kind'], true> = {
  idle: true,
  syncing: true,
  'standing-by': true,
  suspecting: true,
  'taking-over': true,
  undoing: true,
  active: true,
  'handing-back': true,
  'handed-back': true,
  restoring: true,
};

type Fields = Partial<Record<string, unknown>>;

function fieldsOf(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null ? { ...value } : undefined;
}

function oneOf<Word extends string>(words: Record<Word, true>, value: unknown): Word | undefined {
  for (const word in words) if (word === value) return word;
  return undefined;
}

/** What JSON.parse gave, as a Durable; undefined when any part of it is missing or not understood. */
export function durableFrom(value: unknown): Durable | undefined {
  const fields = fieldsOf(value);
  if (fields === undefined) return undefined;
  const { pausedUntilWallMs, sinceWallMs, why } = fields;
  const saved = fieldsOf(fields['mode']);
  const kind = oneOf(KINDS, saved?.['kind']);
  const mode = saved === undefined || kind === undefined ? undefined : modeFrom(kind, saved);
  if (mode === undefined || typeof sinceWallMs !== 'number' || typeof why !== 'string') return undefined;
  if (pausedUntilWallMs !== undefined && typeof pausedUntilWallMs !== 'number') return undefined;
  return { mode, pausedUntilWallMs, sinceWallMs, why };
}

function modeFrom(kind: Mode['kind'], fields: Fields): Mode | undefined {
  const { decision } = fields;
  switch (kind) {
    case 'idle': {
      const because = oneOf({ stopped: true, restored: true }, fields['because']);
      return because === undefined ? { kind } : { kind, because };
    }
    case 'syncing':
    case 'standing-by':
      return { kind };
    case 'suspecting': {
      const how = oneOf(HOWS, fields['how']);
      const layer = oneOf(LAYERS, fields['layer']);
      const from = oneOf(SUSPECTED_FROM, fields['from']);
      return how && layer && from ? { kind, how, layer, from } : undefined;
    }
    case 'taking-over':
    case 'undoing':
    case 'active':
    case 'handing-back':
    case 'handed-back':
    case 'restoring':
      return typeof decision === 'string' && decision !== '' ? decidedFrom(kind, decision, fields) : undefined;
  }
}

/** The modes that belong to a decision. */
function decidedFrom(
  kind: Exclude<Mode['kind'], 'idle' | 'syncing' | 'standing-by' | 'suspecting'>,
  decision: string,
  fields: Fields,
): Mode | undefined {
  const { why, forced, startedMs, mayHaveWritten, planHash } = fields;
  const from = oneOf(ORIGINS, fields['from']);
  switch (kind) {
    case 'taking-over': {
      const step = oneOf(TAKE_STEPS, fields['step']);
      if (!step || !from || typeof why !== 'string' || typeof startedMs !== 'number') return undefined;
      if (typeof forced !== 'boolean' || typeof mayHaveWritten !== 'boolean') return undefined;
      return { kind, decision, step, why, forced, startedMs, from, mayHaveWritten };
    }
    case 'undoing': {
      const step = oneOf(UNDO_STEPS, fields['step']);
      if (!step || !from || typeof why !== 'string' || typeof mayHaveWritten !== 'boolean') return undefined;
      return { kind, decision, step, why, from, mayHaveWritten };
    }
    case 'active':
    case 'handed-back':
      return { kind, decision };
    case 'handing-back': {
      const step = oneOf(BACK_STEPS, fields['step']);
      return step ? { kind, decision, step } : undefined;
    }
    case 'restoring': {
      const step = oneOf(RESTORE_STEPS, fields['step']);
      return step && typeof planHash === 'string' ? { kind, decision, step, planHash } : undefined;
    }
  }
}
