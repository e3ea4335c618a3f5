/**
 * The loop between deciding and acting: event → decide → save → effects. It knows decide, memory and one Effects interface, and
 * nothing of networks, disks or servers.
 *
 *   evidence, commands, ticks ──▶ post ──▶ decide ──▶ save ──▶ steps, one at a time ──▶ done / failed ──┐
 *                                  ▲────────────────────────────────────────────────────────────────────┘
 *
 * Invariants: a state is saved before any effect that follows from it; when it cannot be saved, nothing is done and the old state stays;
 * steps never overlap; an event is handled to its end before the next one is looked at; once it was ended no step begins any more.
 */
import type { Clock } from '../base/clock.ts';
import { isFailure, textOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { decide, resume, start } from './decide/index.ts';
import type { Command, Decision, Durable, Effect, Policy, StandbyEvent, State, Step } from './decide/types.ts';
import type { Memory } from './memory.ts';

export type Alert = Extract<Effect, { kind: 'alert' }>;

/** What a step has to tell besides being done. */
export interface StepResult {
  /** For people. */
  detail?: string;
  /** Of a restore: how many changes could not be sent back now. */
  open?: number;
}

export interface Effects {
  /** Carries out one step; resolves when it is done and throws when it failed. Idempotent. */
  run(step: Step): Promise<StepResult>;
  look(): void;
  alert(alert: Alert): void;
}

/** An event without its time and id, which the loop adds. */
export type Told = StandbyEvent extends infer E
  ? E extends StandbyEvent
    ? Omit<E, 'nowMs' | 'wallMs' | 'freshId'>
    : never
  : never;

export interface LoopOptions {
  clock: Clock;
  memory: Memory;
  effects: Effects;
  log: Log;
  /** Asked at each event, so that changed settings count from the next one. */
  policy(): Policy;
  /** A new decision's id, unique over restarts. */
  freshId(): string;
  /** After each event that changed something a person can see. `why` is empty when nothing was decided, or when an alert says it. */
  changed(state: State, why: string): void;
  /** Once for each time that the state cannot be saved any more. */
  cannotSave(what: string): void;
}

export interface Loop {
  readonly state: State;
  post(told: Told): void;
  command(command: Command): { accepted: boolean; why: string; hint?: string };
  /** Takes up what the saved mode left unfinished, and begins to tick. Until that could be saved, commands are refused. */
  begin(): void;
  /**
   * Begins nothing any more and waits for the step in hand, whose answer is still remembered for the successor. Nothing is released: a stopped
   * standbyd that was active stays so for its successor.
   */
  end(): Promise<void>;
}

const TICK_MS = 50;
/** A tick this late means that our own process or box was stopped: what we did not hear in that time is no evidence. */
const LATE_MS = 400;

export function openLoop(options: LoopOptions): Loop {
  const { clock, memory, effects, log } = options;
  let state = start(memory.load(), clock.monoMs(), clock.wallMs());
  let steps: Promise<void> = Promise.resolve();
  let ticker: NodeJS.Timeout | undefined;
  let lastTickMs = clock.monoMs();
  /** Events that could not be acted upon because the state could not be saved; tried again at each tick. */
  let held: StandbyEvent[] = [];
  let unsaved = false;
  let ended = false;

  const act = (todo: Effect[]): void => {
    for (const effect of todo) {
      switch (effect.kind) {
        case 'step':
          steps = steps.then(() => runStep(effect.step));
          break;
        case 'look':
          if (!ended) effects.look();
          break;
        case 'alert':
          effects.alert(effect);
          break;
      }
    }
  };

  const runStep = async (step: Step): Promise<void> => {
    if (ended) return;
    const before = clock.monoMs();
    try {
      const result = await effects.run(step);
      log.info(`${step.effect} done`, { decision: step.decision, ms: Math.round(clock.monoMs() - before), ...result });
      post({ kind: 'done', effect: step.effect, decision: step.decision, ...result });
    } catch (error) {
      const expected = isFailure(error);
      const code = expected ? error.code : 'unexpected';
      const stack = !expected && error instanceof Error ? error.stack : undefined;
      log.error(`${step.effect} failed: ${textOf(error)}`, { decision: step.decision, code, stack });
      post({ kind: 'failed', effect: step.effect, decision: step.decision, code, what: textOf(error) });
    }
  };

  /** What went wrong, or undefined when it was saved. The trouble is told once until it is over. */
  const save = (durable: Durable): string | undefined => {
    try {
      memory.save(durable);
      unsaved = false;
      return undefined;
    } catch (error) {
      const what = textOf(error);
      if (!unsaved) {
        log.critical(`cannot remember a decision, so it is not carried out: ${what}`);
        options.cannotSave(what);
      }
      unsaved = true;
      return what;
    }
  };

  /** Evidence and ticks come again by themselves and commands are answered; what happens once must not be forgotten. */
  const hold = (event: StandbyEvent): void => {
    if (event.kind === 'process')
      held = held.filter((older) => older.kind !== 'process' || older.process !== event.process);
    if (event.kind === 'done' || event.kind === 'failed' || event.kind === 'process') held.push(event);
  };

  const handle = (event: StandbyEvent): Decision['answer'] => {
    const decision = decide(state, event, options.policy());
    if (!sameDurable(decision.state.durable, state.durable)) {
      // What follows from a state that cannot be remembered must not be done: the old state stays.
      const trouble = save(decision.state.durable);
      if (trouble !== undefined) {
        hold(event);
        return {
          accepted: false,
          why: `this box cannot write its own state: ${trouble}`,
          hint: 'make room on its disk, then order it again',
        };
      }
    }
    const modeBefore = state.durable.mode.kind;
    state = decision.state;
    const { why } = decision;
    const stays = modeBefore === state.durable.mode.kind;
    if (why !== '') log.notice(why, { mode: state.durable.mode.kind, ...(stays ? {} : { from: modeBefore }) });
    // First what was decided, then the alerts that follow from it; one sentence is not told twice.
    const isAlerted = decision.effects.some((effect) => effect.kind === 'alert' && (stays || effect.subject === why));
    if (why !== '' || event.kind !== 'tick') options.changed(state, isAlerted ? '' : why);
    act(decision.effects);
    return decision.answer;
  };

  const stamp = (told: Told): StandbyEvent =>
    ({ ...told, nowMs: clock.monoMs(), wallMs: clock.wallMs(), freshId: options.freshId() }) as StandbyEvent;

  const post = (told: Told): void => {
    if (ended && told.kind !== 'done' && told.kind !== 'failed') return;
    handle(stamp(told));
  };

  let resumed = false;
  const resumeWhenSaved = (): void => {
    if (save(state.durable) !== undefined) return;
    resumed = true;
    act(resume(state));
  };

  const tick = (): void => {
    if (!resumed) {
      resumeWhenSaved();
      return;
    }
    const lateMs = clock.monoMs() - lastTickMs - TICK_MS;
    lastTickMs = clock.monoMs();
    if (lateMs > LATE_MS) post({ kind: 'late', lateMs });
    const again = held;
    held = [];
    for (const event of again) handle({ ...event, nowMs: clock.monoMs(), wallMs: clock.wallMs() });
    post({ kind: 'tick' });
  };

  return {
    get state() {
      return state;
    },
    post,
    command(command) {
      if (ended || !resumed)
        return { accepted: false, why: 'standbyd is starting or ending', hint: 'try again in a moment' };
      const answer = handle(stamp({ kind: 'command', command }));
      return answer ?? { accepted: false, why: 'the command was not understood' };
    },
    begin() {
      // What a restart made of the memory is a decision like any other. When it cannot be saved, nothing is resumed, and each tick tries again.
      resumeWhenSaved();
      lastTickMs = clock.monoMs();
      ticker = setInterval(tick, TICK_MS);
    },
    async end() {
      ended = true;
      clearInterval(ticker);
      await steps;
    },
  };
}

function sameDurable(a: Durable, b: Durable): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
