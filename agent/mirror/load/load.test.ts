/** The load before real gates, with time by hand: a limit holds bulk and nothing urgent, takes effect at once, and a pass gives way alone. */
import { expect, it } from 'vitest';
import { Gate } from '../../../smb/link/gate.ts';
import { Load, type Use } from './load.ts';
import { MOST } from './width.ts';

const SECOND_MS = 1_000;
const READ_BYTES = 65_536;
const MEGABIT = 125_000;
/** 2026-11-20 is a Friday; the hours are those of the process, whatever its zone. */
const NOON_MS = new Date(2026, 10, 20, 12).getTime();

class Time {
  monoMs = 0;
  readonly load = new Load({
    clock: { monoMs: () => this.monoMs, wallMs: () => NOON_MS + this.monoMs },
    later: (act, ms) => this.#timers.push({ dueMs: this.monoMs + ms, act }),
  });
  #timers: { dueMs: number; act(): void }[] = [];

  /** Lets time pass in steps of a millisecond; `each` is called in every one. */
  async pass(ms: number, each: () => void = () => {}): Promise<void> {
    for (const endMs = this.monoMs + ms; this.monoMs < endMs; ) {
      this.monoMs += 1;
      const due = this.#timers.filter(({ dueMs }) => dueMs <= this.monoMs);
      this.#timers = this.#timers.filter(({ dueMs }) => dueMs > this.monoMs);
      for (const { act } of due) act();
      each();
      await Promise.resolve();
    }
  }
}

/** Reads through a gate as fast as it lets them in, each answered in the next millisecond. */
class Reader {
  readonly gate: Gate;
  readonly #limit;
  bytes = 0;
  flying = 0;
  most = 0;

  constructor(time: Time, use: Use, hands: number) {
    this.#limit = time.load.before(use);
    this.gate = new Gate(this.#limit);
    for (let n = 0; n < hands; n += 1) void this.#hand();
  }

  #landing: (() => void)[] = [];

  async #hand(): Promise<void> {
    for (;;) {
      await this.gate.enter(READ_BYTES, 'fresh');
      this.flying += 1;
      this.most = Math.max(this.most, this.flying);
      await new Promise<void>((resolve) => this.#landing.push(resolve));
      this.#limit.arrived(READ_BYTES);
      this.bytes += READ_BYTES;
      this.flying -= 1;
      this.gate.leave(READ_BYTES);
    }
  }

  land(): void {
    for (const resolve of this.#landing.splice(0)) resolve();
  }
}

const rule = (megabits: number, fromMinute = 0, toMinute = 1_440) => ({
  bytesPerSecond: megabits * MEGABIT,
  fromMinute,
  toMinute,
  days: [0, 1, 2, 3, 4, 5, 6],
});

it('lets 5 MB in within what 10 mbit take, and all connections together no more', async () => {
  const time = new Time();
  time.load.setLimits([rule(10)]);
  const readers = [new Reader(time, 'live', 8), new Reader(time, 'pass', 32)];
  const land = (): void => {
    for (const reader of readers) reader.land();
  };
  let tookMs = 0;
  while (readers.reduce((sum, { bytes }) => sum + bytes, 0) < 5e6 && tookMs < 60 * SECOND_MS) {
    await time.pass(1, land);
    tookMs += 1;
  }
  expect(tookMs).toBeGreaterThan(4 * SECOND_MS * 0.9);
  expect(tookMs).toBeLessThan(4 * SECOND_MS * 1.1);
  expect(time.load.state).toMatchObject({ limitBytesPerSecond: 10 * MEGABIT, limiting: true });
});

it('takes a limit at once, and lets go of it at once', async () => {
  const time = new Time();
  const reader = new Reader(time, 'pass', 4);
  const bytesIn = async (ms: number): Promise<number> => {
    const before = reader.bytes;
    await time.pass(ms, () => reader.land());
    return reader.bytes - before;
  };
  expect(await bytesIn(SECOND_MS)).toBeGreaterThan(50e6);
  time.load.setLimits([rule(1)]);
  expect(await bytesIn(10 * SECOND_MS)).toBeLessThan(10 * MEGABIT * 1.1 + 5 * READ_BYTES);
  time.load.setLimits([]);
  expect(await bytesIn(SECOND_MS)).toBeGreaterThan(50e6);
  expect(time.load.state).toMatchObject({ limitBytesPerSecond: 0, limiting: false });
});

it('begins and ends by the clock', async () => {
  const time = new Time();
  const reader = new Reader(time, 'pass', 4);
  time.load.setLimits([rule(1, 12 * 60 + 1, 12 * 60 + 2)]);
  const rates: number[] = [];
  for (let second = 0; second < 180; second += 1) {
    const before = reader.bytes;
    await time.pass(SECOND_MS / 100, () => reader.land());
    time.monoMs += (SECOND_MS / 100) * 99;
    rates.push(reader.bytes - before);
  }
  const isHeld = rates.map((bytes) => bytes < 10 * READ_BYTES);
  expect(isHeld.slice(2, 59)).toEqual(Array.from({ length: 57 }, () => false));
  expect(isHeld.slice(62, 119)).toEqual(Array.from({ length: 57 }, () => true));
  expect(isHeld.slice(122)).toEqual(Array.from({ length: 58 }, () => false));
});

it('narrows a pass while the main is slow, not what is live, and widens it again', async () => {
  const time = new Time();
  const live = new Reader(time, 'live', MOST);
  const pass = new Reader(time, 'pass', MOST);
  const landAll = (): void => {
    live.land();
    pass.land();
  };
  const day = async (seconds: number, answerMs: number): Promise<void> => {
    for (let n = 0; n < seconds * 2; n += 1) {
      await time.pass(500, landAll);
      expect(time.load.takeTurn()).toBe(true);
      time.load.answered(answerMs, time.load.inFlight);
    }
    live.most = pass.most = 0;
    await time.pass(100, landAll);
  };
  await day(10, 2);
  expect([live.most, pass.most]).toEqual([MOST, MOST]);
  await day(10, 200);
  expect(live.most).toBe(MOST);
  expect(pass.most).toBeLessThanOrEqual(2);
  expect(time.load.state).toMatchObject({ yielding: true, inFlightAtMost: pass.most });
  await day(40, 2);
  expect([live.most, pass.most]).toEqual([MOST, MOST]);
  expect(time.load.state.yielding).toBe(false);
});

it('tells nobody whose connection is gone', async () => {
  const time = new Time();
  const limit = time.load.before('pass');
  let asked = 0;
  const forget = limit.onRoom(() => {
    asked += 1;
  });
  time.load.setLimits([]);
  forget();
  time.load.setLimits([]);
  expect(asked).toBe(1);
});
