/**
 * Which directory is listed next to find what notify does not tell (writes below a watched directory on Samba, changes on the
 * server itself): those with events of late first, each about once a second; then all others, one after the other, round and
 * round. All of it together keeps within a part of the time, as the main's answers take it: what that costs the main is at most
 * so much of one of its processors, however large the tree.
 */
import type { Active } from './active.ts';
import { Budget } from './budget.ts';
import type { Ground } from './ground.ts';
import { count } from './index-row.ts';

/** Part of the time that listing may take: 5 % of one processor of the main at most. */
const PART = 0.05;
/** Rows looked through for the next directory at a time: a folder of a million files must not stop everything else. */
const ROWS = 5_000;
/** A small tree is not listed more often than helps anybody. */
const ROUND_MS = 2_000;

/** The first directory behind a row, among the next rows, and the last of these: null when there are none. */
const NEXT =
  'SELECT min(CASE WHEN kind = 0 AND share = ? THEN id END) AS id, max(id) AS last FROM (SELECT id, kind, share FROM objects WHERE id > ? ORDER BY id LIMIT ?)';

export class Rounds {
  readonly #ground: Ground;
  readonly #active: Active;
  readonly #budget = new Budget(PART);
  /** Row of the directory that was last. */
  #after = 0;
  #roundMs = Number.NEGATIVE_INFINITY;
  /** Nothing but what is active: a pass goes through the whole tree at the moment, or has still to. */
  onlyActive = true;

  constructor(ground: Ground, active: Active) {
    this.#ground = ground;
    this.#active = active;
  }

  /** When time for the next is there; whose turn it is may come later. */
  get readyMs(): number {
    return this.#budget.readyMs;
  }

  /** The directory whose turn it is; undefined when it is nobody's yet. */
  next(nowMs: number, isBusy: (directory: string) => boolean): string | undefined {
    if (this.#budget.readyMs > nowMs) return undefined;
    const active = this.#active.next(nowMs, isBusy);
    if (active !== undefined || this.onlyActive) return active;
    return this.#nextOfAll(nowMs);
  }

  listed(beganMs: number, tookMs: number): void {
    this.#budget.spent(beganMs, tookMs);
  }

  #nextOfAll(nowMs: number): string | undefined {
    if (this.#after === 0) {
      if (nowMs - this.#roundMs < ROUND_MS) return undefined;
      this.#roundMs = nowMs;
    }
    const { index, shareId } = this.#ground;
    const found = index.get(NEXT, shareId, this.#after, ROWS);
    const id = found === undefined || found['id'] === null ? undefined : count(found, 'id');
    this.#after = id ?? (found === undefined || found['last'] === null ? 0 : count(found, 'last'));
    const path = id === undefined ? undefined : index.path(id);
    // What is active has its own turns.
    return path === undefined || this.#active.has(path) ? undefined : path;
  }
}
