/** What people are told of the brake, and their answer to it carried to the engine. */

import { Failure } from '../base/failure.ts';
import type { Answers } from './answers.ts';
import type { Sentence } from './decide/index.ts';
import type { Mode } from './decide/types.ts';
import type { BrakeList, BrakeState, FromEngine, ToEngine } from './engine-messages.ts';
import type { OrderAnswer } from './http/daemon.ts';

export const BRAKE_OFF: BrakeState = {
  state: 'off',
  sinceMs: 0,
  share: '',
  score: 0,
  why: '',
  noted: 0,
  open: 0,
  missing: 0,
  held: 0,
};

/** The alert of a brake that tripped. */
export function brakeNotice(
  { share, why }: BrakeState,
  mainName: string,
  standbyName: string,
): { code: string; subject: string; text: string; next: string } {
  return {
    code: 'brake',
    subject: `${mainName}: files look damaged, mirroring is stopped`,
    text: `What changes in «${share}» on ${mainName} looks like encryption or mass deletion, so ${standbyName} copies nothing any more: ${why}. What is mirrored stays as it is, and a takeover still works with it.`,
    next: 'Look at it: standby brake show. Is it damage: stop it on the main, then standby brake reject. Is it wanted: standby brake allow.',
  };
}

/** Modes whose sentence speaks of mirroring. */
const WATCHING: ReadonlySet<Mode['kind']> = new Set(['syncing', 'standing-by']);

/** The sentence of the moment, told of the brake while it is on. */
export function withBrake(words: Sentence, brake: BrakeState, mode: Mode['kind'], mainName: string): Sentence {
  if (brake.state === 'off') return words;
  // Worse things go first.
  if (!WATCHING.has(mode) || words.level === 'bad' || words.level === 'stop')
    return { ...words, after: `${words.after} The brake is on: standby brake show.`.trim() };
  const what = {
    tripped: `The brake is on: what changes on ${mainName} looks like damage and is not copied.`,
    rejecting: 'The brake is on: the last good state is being put back here.',
    rejected: `The brake is on: the last good state is here, and nothing is copied from ${mainName}.`,
  }[brake.state];
  const next =
    brake.state === 'tripped'
      ? 'Next: standby brake show, then reject or allow.'
      : `Next: clean ${mainName}, then standby brake allow.`;
  return { level: 'warn', sentence: what, after: `If ${mainName} stops, what was here before is served. ${next}` };
}

interface Engine {
  send(message: ToEngine): boolean;
  answers: Answers<FromEngine>;
}

/** The engine stops its sessions first: a write in hand may take a moment. */
const ANSWER_MS = 20_000;

async function ask<T>(
  engine: Engine,
  act: 'list' | 'allow' | 'reject',
  pick: (message: FromEngine) => T | false,
): Promise<T> {
  const doing = 'ask the brake';
  const answer = engine.answers.wait<T>(doing, ANSWER_MS, (message) => {
    if (message.kind === 'failed' && message.order === 'brake')
      throw new Failure({ code: message.code, doing, what: message.what, hint: message.hint });
    return pick(message);
  });
  if (!engine.send({ kind: 'brake', act })) engine.answers.lose('the mirror engine is not there yet');
  return answer;
}

export function askForBrakeList(engine: Engine): Promise<BrakeList> {
  return ask(engine, 'list', (message) => message.kind === 'brake-list' && message.list);
}

/** Refuses what has no sense now, and waits until the engine has taken it. */
export async function answerBrake(
  engine: Engine,
  act: 'allow' | 'reject',
  brake: BrakeState,
  mode: Mode['kind'],
): Promise<OrderAnswer> {
  if (brake.state === 'off') return { accepted: false, why: 'the brake is off: nothing is held' };
  if (act === 'reject' && brake.state !== 'tripped')
    return {
      accepted: false,
      why: 'the last good state is put back already',
      hint: 'clean the main, then: standby brake allow',
    };
  if (act === 'reject' && !WATCHING.has(mode) && mode !== 'idle')
    return {
      accepted: false,
      why: 'users work, or have worked, in the mirror',
      hint: 'recover-ip and restore-files first',
    };
  await ask(engine, act, (message) => message.kind === 'brake-done' && message.act === act && { act });
  return act === 'allow'
    ? { accepted: true, why: 'what is on the main now is accepted; mirroring goes on with a full pass' }
    : {
        accepted: true,
        why: 'the last good state is being put back; mirroring stands still until standby brake allow',
        hint: 'standby brake show',
      };
}
