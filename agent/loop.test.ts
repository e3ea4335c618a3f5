/** Tests of the loop: what is saved before what, and what happens when nothing can be saved. */
import { describe, expect, it, vi } from 'vitest';
import { silentLog } from '../test/fakes/log.ts';
import type { Durable, Policy, Step } from './decide/types.ts';
import { type Effects, type Loop, openLoop } from './loop.ts';
import type { Memory } from './memory.ts';

const policy: Policy = {
  takeover: 'automatic',
  patienceMs: { refused: 10_000, silent: 3_000, frozen: 5_000 },
  witnessFreshMs: 2_500,
  retryMs: 10_000,
  mainName: 'FILES01',
  standbyName: 'STANDBY1',
  address: '10.77.0.10',
};

interface World {
  loop: Loop;
  /** What happened, in order: «save MODE», «run STEP». */
  order: string[];
  /** What was told to people besides alerts. */
  told: string[];
  canSave: boolean;
  finish(): void;
}

function world(saved?: Durable): World {
  const order: string[] = [];
  const told: string[] = [];
  let finishStep: (() => void) | undefined;
  const memory: Memory = {
    load: () => saved,
    save(durable) {
      if (!it_.canSave) throw new Error('no space left on device');
      order.push(`save ${durable.mode.kind}`);
    },
  };
  const effects: Effects = {
    run: (step: Step) =>
      new Promise((resolve) => {
        order.push(`run ${step.effect}`);
        finishStep = () => resolve({});
      }),
    look: () => {},
    alert: (alert) => void told.push(`alert: ${alert.subject}`),
  };
  const loop = openLoop({
    clock: { wallMs: () => 1_000, monoMs: () => 1_000 },
    memory,
    effects,
    log: silentLog,
    policy: () => policy,
    freshId: () => 'decision-1',
    changed: (_state, why) => {
      if (why !== '') told.push(why);
    },
    cannotSave: (what) => void told.push(`cannot save: ${what}`),
  });
  const it_: World = { loop, order, told, canSave: true, finish: () => finishStep?.() };
  return it_;
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the loop', () => {
  it('saves a decision before it acts on it', async () => {
    const { loop, order } = world();
    loop.begin();
    expect(loop.command({ name: 'start-sync' })).toMatchObject({ accepted: true });
    await settled();
    expect(order).toEqual(['save idle', 'save syncing', 'run start-mirror']);
    void loop.end();
  });

  it('does nothing and stays where it was when the decision cannot be saved', async () => {
    const it_ = world();
    it_.loop.begin();
    it_.canSave = false;
    expect(it_.loop.command({ name: 'start-sync' })).toMatchObject({
      accepted: false,
      why: expect.stringContaining('no space left'),
    });
    await settled();
    expect(it_.order).toEqual(['save idle']);
    expect(it_.loop.state.durable.mode.kind).toBe('idle');
    void it_.loop.end();
  });

  it('repeats the step of the saved mode after a restart', async () => {
    const { loop, order } = world({
      mode: { kind: 'handing-back', decision: 'decision-0', step: 'release-address' },
      pausedUntilWallMs: undefined,
      sinceWallMs: 0,
      why: 'Recover IP was ordered',
    });
    loop.begin();
    await settled();
    expect(order).toEqual(['save handing-back', 'run release-address']);
    void loop.end();
  });

  it('resumes nothing until it could be saved', async () => {
    vi.useFakeTimers();
    const it_ = world({
      mode: { kind: 'handing-back', decision: 'decision-0', step: 'release-address' },
      pausedUntilWallMs: undefined,
      sinceWallMs: 0,
      why: 'Recover IP was ordered',
    });
    it_.canSave = false;
    it_.loop.begin();
    await vi.advanceTimersByTimeAsync(200);
    expect(it_.order).toEqual([]);
    it_.canSave = true;
    await vi.advanceTimersByTimeAsync(200);
    expect(it_.order).toEqual(['save handing-back', 'run release-address']);
    void it_.loop.end();
    vi.useRealTimers();
  });

  it('does not forget that a step was done while the disk was full', async () => {
    vi.useFakeTimers();
    const it_ = world({
      mode: { kind: 'handing-back', decision: 'decision-0', step: 'close-shares' },
      pausedUntilWallMs: undefined,
      sinceWallMs: 0,
      why: 'Recover IP was ordered',
    });
    it_.loop.begin();
    await vi.advanceTimersByTimeAsync(10);
    it_.canSave = false;
    it_.finish();
    await vi.advanceTimersByTimeAsync(200);
    expect(it_.order).toEqual(['save handing-back', 'run close-shares']);
    it_.canSave = true;
    await vi.advanceTimersByTimeAsync(200);
    expect(it_.order.slice(2)).toEqual(['save handing-back', 'run release-address']);
    void it_.loop.end();
    vi.useRealTimers();
  });

  it('says once that it cannot save, however often it tries, and again the next time', async () => {
    vi.useFakeTimers();
    const it_ = world();
    it_.loop.begin();
    it_.canSave = false;
    for (let n = 0; n < 10; n += 1) it_.loop.command({ name: 'start-sync' });
    expect(it_.told).toEqual(['cannot save: no space left on device']);
    it_.canSave = true;
    it_.loop.command({ name: 'start-sync' });
    it_.canSave = false;
    it_.loop.command({ name: 'stop-sync' });
    expect(it_.told.filter((line) => line.startsWith('cannot save'))).toHaveLength(2);
    void it_.loop.end();
    vi.useRealTimers();
  });

  it('begins nothing after its end: no decision, no further step, and the step in hand is still remembered', async () => {
    const { loop, order, finish } = world({
      mode: { kind: 'handing-back', decision: 'decision-0', step: 'close-shares' },
      pausedUntilWallMs: undefined,
      sinceWallMs: 0,
      why: 'Recover IP was ordered',
    });
    loop.begin();
    await settled();
    const ended = loop.end();
    expect(loop.command({ name: 'pause', untilWallMs: undefined })).toMatchObject({ accepted: false });
    loop.post({ kind: 'mirror', complete: true, live: true, missingFiles: 0, missingBytes: 0, frozenFor: 'x' });
    finish();
    await ended;
    await settled();
    expect(order).toEqual(['save handing-back', 'run close-shares', 'save handing-back']);
    expect(loop.state.durable.mode).toMatchObject({ step: 'release-address' });
  });

  it('tells a decision before its alert, and the same sentence once', async () => {
    vi.useFakeTimers();
    const it_ = world({
      mode: { kind: 'handing-back', decision: 'decision-0', step: 'prove-main' },
      pausedUntilWallMs: undefined,
      sinceWallMs: 0,
      why: 'Recover IP was ordered',
    });
    it_.loop.begin();
    await vi.advanceTimersByTimeAsync(10);
    it_.finish();
    await vi.advanceTimersByTimeAsync(10);
    expect(it_.told).toEqual(['FILES01 serves again', 'alert: FILES01 serves again; Next: Restore Files']);
    void it_.loop.end();
    vi.useRealTimers();
  });
});
