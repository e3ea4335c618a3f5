/**
 * The judge: is what changes on the main still work, or is it damage? Pure: time comes with the question, and the state that
 * was given is never changed. It is asked before a change is made here, one share at a time, and remembers
 *
 *   marks    files with a sign of damage, by path, over a day; a path that is well again loses its mark
 *   strange  random files of an unknown kind over an hour, and
 *   gone     documents that went over an hour: the former count as far as as many of the latter went from the same directory
 *   removed  how many files went, by the minute, over an hour
 *
 * All of it is bounded: whatever reaches a limit trips, and after that nothing is added any more.
 */
import { counted, humanCount, humanDuration } from '../../../base/human.ts';
import { parentOf } from '../names.ts';
import { type Change, pointsOf, SIGN_WORDS, type Sign, signOf } from './signs.ts';
import {
  DAMAGE_LIMIT,
  DAMAGE_WINDOW_MS,
  damageLimit,
  directoryLimit,
  PIN_SCORE,
  REMOVAL_STEP_MS,
  REMOVAL_WINDOW_MS,
  REMOVED_FLOOR,
  REMOVED_PART,
} from './thresholds.ts';

export interface Mark {
  path: string;
  sign: Sign;
  /** Milliseconds since 1970, as for all times here. */
  atMs: number;
}

export interface Removal {
  /** Beginning of the step of REMOVAL_STEP_MS. */
  atMs: number;
  files: number;
}

/** What is remembered of one share. */
export interface Window {
  marks: readonly Mark[];
  strange: readonly Mark[];
  gone: readonly { path: string; atMs: number }[];
  removed: readonly Removal[];
}

export const EMPTY_WINDOW: Window = { marks: [], strange: [], gone: [], removed: [] };

/** Strange files and gone documents that are remembered: the latest, and more than could count. */
const PAIR_LIMIT = 4 * DAMAGE_LIMIT;
/** Half a point a mark: so many fit below the limit. */
const MARK_LIMIT = 4 * DAMAGE_LIMIT;

export interface Judgement {
  /** With the change, when it may be made; unchanged when not. */
  state: Window;
  verdict: 'go' | 'trip';
  sign: Sign | undefined;
  /** How near the nearest limit is with this change: 1 trips. */
  score: number;
  /** What is replaced or removed by it has to stay in the attic. */
  pin: boolean;
  /** The score in words; '' while it is 0. */
  why: string;
}

/** `files`: how many the share has now. Never throws. */
export function judge(before: Window, change: Change, files: number, nowMs: number): Judgement {
  const sign = signOf(change);
  const state = take(before, change, sign, nowMs);
  const { score, why } = scoreOf(state, change, files, nowMs);
  const verdict = score >= 1 && isWorse(before, state) ? 'trip' : 'go';
  const pin = sign !== undefined || score >= PIN_SCORE;
  return { state: verdict === 'trip' ? before : state, verdict, sign, score, pin, why };
}

/** A change without a sign never trips: what went before it would have. */
function isWorse(before: Window, after: Window): boolean {
  const parts = ['marks', 'strange', 'gone', 'removed'] as const;
  return parts.some((part) => after[part] !== before[part]);
}

/** The state with a change that was made. Also used to build the window again after a restart. */
export function take(state: Window, change: Change, sign: Sign | undefined, nowMs: number): Window {
  const path = change.kind === 'renamed' ? change.to : change.path;
  const next = sign === undefined ? withoutMark(state, path, change) : withMark(state, { path, sign, atMs: nowMs });
  if (change.kind !== 'removed' || change.files === 0) return next;
  const gone = change.isDocument ? [...next.gone, { path, atMs: nowMs }].slice(-PAIR_LIMIT) : next.gone;
  return { ...next, gone, removed: withRemoval(next.removed, change.files, nowMs) };
}

function withMark(state: Window, mark: Mark): Window {
  const isOld = (other: Mark): boolean => other.path === mark.path || isOver(other.atMs, mark.atMs, DAMAGE_WINDOW_MS);
  if (mark.sign === 'strange')
    return { ...state, strange: [...state.strange.filter((other) => !isOld(other)), mark].slice(-PAIR_LIMIT) };
  return { ...state, marks: [...state.marks.filter((other) => !isOld(other)), mark].slice(-MARK_LIMIT) };
}

/** A file that has a sound content again was in somebody's hands when it had none. */
function withoutMark(state: Window, path: string, change: Change): Window {
  const isWell = change.kind === 'replaced' && change.after.nature !== 'random' && change.after.nature !== 'sealed';
  if (!isWell || !state.marks.some((mark) => mark.path === path)) return state;
  return { ...state, marks: state.marks.filter((mark) => mark.path !== path) };
}

function withRemoval(removed: readonly Removal[], files: number, nowMs: number): Removal[] {
  const atMs = nowMs - (nowMs % REMOVAL_STEP_MS);
  const fresh = removed.filter((one) => !isOver(one.atMs, nowMs, REMOVAL_WINDOW_MS));
  const last = fresh.find((one) => one.atMs === atMs);
  return [...fresh.filter((one) => one !== last), { atMs, files: files + (last?.files ?? 0) }];
}

/** A clock that was set back leaves times ahead of us: they are no more than one window ahead, or they are over. */
function isOver(atMs: number, nowMs: number, windowMs: number): boolean {
  return Math.abs(nowMs - atMs) > windowMs;
}

function scoreOf(state: Window, change: Change, files: number, nowMs: number): { score: number; why: string } {
  const marks = state.marks.filter(({ atMs }) => !isOver(atMs, nowMs, DAMAGE_WINDOW_MS));
  const removed = state.removed.filter(({ atMs }) => !isOver(atMs, nowMs, REMOVAL_WINDOW_MS));
  const lately = (one: { atMs: number }): boolean => !isOver(one.atMs, nowMs, REMOVAL_WINDOW_MS);
  const strange = paired(state.strange.filter(lately), state.gone.filter(lately));
  return worst(
    [ofShare([...marks, ...strange], files), ofDirectory(marks, change), ofRemovals(removed, change, files)],
    nowMs,
  );
}

/** Those of the strange files that took the place of a document in their directory. */
function paired(strange: readonly Mark[], gone: Window['gone']): Mark[] {
  const left = new Map<string, number>();
  for (const { path } of gone) left.set(parentOf(path), (left.get(parentOf(path)) ?? 0) + 1);
  return strange.filter(({ path }) => {
    const count = left.get(parentOf(path)) ?? 0;
    left.set(parentOf(path), count - 1);
    return count > 0;
  });
}

interface Score {
  score: number;
  /** Since when it has been adding up. */
  sinceMs: number;
  words: string;
}

const NOTHING: Score = { score: 0, sinceMs: 0, words: '' };

function worst(scores: Score[], nowMs: number): { score: number; why: string } {
  const { score, sinceMs, words } = scores.reduce((a, b) => (b.score > a.score ? b : a), NOTHING);
  if (score === 0) return { score, why: '' };
  return { score, why: `${words} within ${humanDuration(Math.max(1_000, nowMs - sinceMs))}` };
}

function ofShare(marks: readonly Mark[], files: number): Score {
  const points = pointsIn(marks);
  if (points === 0) return NOTHING;
  const limit = damageLimit(files);
  const words = `${counted(marks.length, 'file')} with signs of damage (${signWords(marks)}; limit ${limit} points of ${counted(files, 'file')}, reached ${points})`;
  return { score: points / limit, sinceMs: earliest(marks), words };
}

function ofDirectory(all: readonly Mark[], change: Change): Score {
  const directory = parentOf(change.path);
  const marks = all.filter(({ path }) => parentOf(path) === directory);
  const points = pointsIn(marks);
  if (points === 0) return NOTHING;
  const limit = directoryLimit(change.filesBeside);
  const words = `${counted(marks.length, 'file')} of ${humanCount(change.filesBeside)} in the folder «${directory}» with signs of damage (${signWords(marks)}; limit ${limit} points, reached ${points})`;
  return { score: points / limit, sinceMs: earliest(marks), words };
}

function ofRemovals(removed: readonly Removal[], change: Change, files: number): Score {
  const gone = sum(removed.map((one) => one.files));
  if (gone === 0) return NOTHING;
  // `files` still counts what this change would remove.
  const before = files + gone - (change.kind === 'removed' ? change.files : 0);
  const limit = Math.max(REMOVED_FLOOR, Math.floor(before * REMOVED_PART)) + 1;
  const words = `${counted(gone, 'file')} removed and not moved elsewhere (limit ${humanCount(limit)}: more than half of the share)`;
  return { score: gone / limit, sinceMs: earliest(removed), words };
}

function pointsIn(marks: readonly Mark[]): number {
  return sum(marks.map(({ sign }) => pointsOf(sign)));
}

/** `28 random bytes where there was content, 2 emptied …`, the most frequent first. */
function signWords(marks: readonly Mark[]): string {
  const counts = new Map<Sign, number>();
  for (const { sign } of marks) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  return [...counts]
    .sort(([, a], [, b]) => b - a)
    .map(([sign, count]) => `${count} ${SIGN_WORDS[sign]}`)
    .join(', ');
}

function earliest(times: readonly { atMs: number }[]): number {
  return Math.min(...times.map(({ atMs }) => atMs));
}

function sum(figures: readonly number[]): number {
  return figures.reduce((total, figure) => total + figure, 0);
}
