/**
 * How much content moved for each share: read from the main, written here, and changed, since ever and in the last 24 hours. A row
 * for each hour of the last day and one for ever, so at most 25 rows a share. Kept in the index; what was not saved yet is lost with
 * a kill, a second's worth at most.
 *
 * A clock that is set back makes hours that have not come yet: they are forgotten, and with them a part of the last day's figures.
 */

import { count, type Values } from './index-row.ts';
import type { IndexStore } from './index-store.ts';

export interface Figures {
  /** From the main, without holes; also of files that could not be kept then. */
  readBytes: number;
  /** Into drafts here, also into those that were dropped. */
  writtenBytes: number;
  /** In blocks that differed from what lay here, and in files that are new. Holes made where data was do not count. */
  changedBytes: number;
  /** In files that replaced another without being compared with it: how much of them changed is not known. */
  uncomparedBytes: number;
}

const HOUR_MS = 3_600_000;
/** The present hour and those before it. */
const DAY_HOURS = 24;
/** The row of what was ever: hours count from 1970. */
const EVER = 0;
const SAVE_EVERY_MS = 1_000;

const ADD = `INSERT INTO traffic VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (share, hour) DO UPDATE SET
  read_bytes = read_bytes + excluded.read_bytes,
  written_bytes = written_bytes + excluded.written_bytes,
  changed_bytes = changed_bytes + excluded.changed_bytes,
  uncompared_bytes = uncompared_bytes + excluded.uncompared_bytes`;
const FORGET = `DELETE FROM traffic WHERE share = ? AND hour <> ${EVER} AND hour NOT BETWEEN ? AND ?`;
const SUM = `SELECT coalesce(sum(read_bytes), 0) AS read, coalesce(sum(written_bytes), 0) AS written,
  coalesce(sum(changed_bytes), 0) AS changed, coalesce(sum(uncompared_bytes), 0) AS uncompared
  FROM traffic WHERE share = ? AND hour BETWEEN ? AND ?`;

export class Traffic {
  readonly #index: IndexStore;
  readonly #wallMs: () => number;
  /** Not saved yet, by share. */
  readonly #fresh = new Map<number, Figures>();
  /** As saved, for whoever asks four times a second. */
  readonly #saved = new Map<number, { hour: number; ever: Figures; day: Figures }>();
  #savedMs = Number.NEGATIVE_INFINITY;

  constructor(index: IndexStore, wallMs: () => number) {
    this.#index = index;
    this.#wallMs = wallMs;
  }

  note(share: number, figures: Figures): void {
    if (figures.readBytes === 0 && figures.writtenBytes === 0) return;
    this.#fresh.set(share, sum(figures, this.#fresh.get(share) ?? NOTHING));
  }

  /**
   * To be called now and then; with `always`, before the index is closed, also when the last time was just now. Never throws: an index
   * that cannot be written is heard of by whoever writes what matters more. Then figures may be lost, and none counts twice.
   */
  save(always = false): void {
    const nowMs = this.#wallMs();
    const isSoon = Math.abs(nowMs - this.#savedMs) < SAVE_EVERY_MS;
    if (this.#fresh.size === 0 || (isSoon && !always)) return;
    this.#savedMs = nowMs;
    const fresh = [...this.#fresh];
    this.#fresh.clear();
    try {
      for (const [share, figures] of fresh) this.#add(share, Math.floor(nowMs / HOUR_MS), figures);
    } catch {
      // As said above.
    }
  }

  #add(share: number, hour: number, figures: Figures): void {
    const { readBytes, writtenBytes, changedBytes, uncomparedBytes } = figures;
    this.#saved.delete(share);
    for (const row of [EVER, hour])
      this.#index.change(ADD, share, row, readBytes, writtenBytes, changedBytes, uncomparedBytes);
    this.#index.change(FORGET, share, hour - DAY_HOURS + 1, hour);
  }

  of(share: number): { ever: Figures; day: Figures } {
    const hour = Math.floor(this.#wallMs() / HOUR_MS);
    const known = this.#saved.get(share);
    const saved = known?.hour === hour ? known : this.#read(share, hour);
    const fresh = this.#fresh.get(share) ?? NOTHING;
    return { ever: sum(saved.ever, fresh), day: sum(saved.day, fresh) };
  }

  #read(share: number, hour: number): { hour: number; ever: Figures; day: Figures } {
    const between = (from: number, to: number): Figures => figuresOf(this.#index.get(SUM, share, from, to));
    const saved = { hour, ever: between(EVER, EVER), day: between(Math.max(EVER + 1, hour - DAY_HOURS + 1), hour) };
    this.#saved.set(share, saved);
    return saved;
  }
}

const NOTHING: Figures = { readBytes: 0, writtenBytes: 0, changedBytes: 0, uncomparedBytes: 0 };

function sum(a: Figures, b: Figures): Figures {
  return {
    readBytes: a.readBytes + b.readBytes,
    writtenBytes: a.writtenBytes + b.writtenBytes,
    changedBytes: a.changedBytes + b.changedBytes,
    uncomparedBytes: a.uncomparedBytes + b.uncomparedBytes,
  };
}

function figuresOf(values: Values | undefined): Figures {
  if (values === undefined) return NOTHING;
  return {
    readBytes: count(values, 'read'),
    writtenBytes: count(values, 'written'),
    changedBytes: count(values, 'changed'),
    uncomparedBytes: count(values, 'uncompared'),
  };
}
