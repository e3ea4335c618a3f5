/** What is done about the brake: everything halted when it trips, people told, and their answer carried out. */
import type { Clock } from '../../../base/clock.ts';
import { Failure, textOf } from '../../../base/failure.ts';
import { humanCount } from '../../../base/human.ts';
import type { Log } from '../../../base/log.ts';
import type { BrakeList, FromEngine } from '../../engine-messages.ts';
import type { Attic } from '../attic.ts';
import type { Ground } from '../ground.ts';
import type { IndexStore } from '../index-store.ts';
import type { OpenLink } from '../links.ts';
import { Brake } from './brake.ts';
import { observe } from './observe.ts';
import { putBack } from './put-back.ts';

export interface ControlOptions {
  index: IndexStore;
  attic: Attic;
  clock: Clock;
  log: Log;
  tell(message: FromEngine): void;
  open: OpenLink;
  /** Mirroring is wanted. */
  isRunning(): boolean;
  /** The main's clock, ms since 1970. */
  mainMs(): number;
  /** Calls off every session at once; resolves when nothing is written any more. */
  halt(): Promise<unknown>;
  /** Lets mirroring go on if it is wanted. */
  resume(): void;
  /** Users' changes lie in the mirror. */
  isFrozen(): boolean;
}

export interface BrakeControl {
  readonly brake: Brake;
  /** By share; filled by whoever makes them. */
  readonly grounds: Map<string, Ground>;
  readonly list: BrakeList;
  /** Accepts what is held. Throws `brake-off` when there is nothing to answer. */
  allow(): Promise<void>;
  /** Begins to put the last good state back; the state tells when it is there. Throws `brake-off` or `frozen`. */
  reject(): Promise<void>;
  /** Watching and putting back go on where a kill or a takeover cut them off. */
  continue(): void;
  /** Ends what is under way between two steps. */
  stop(): Promise<void>;
  /** A few times a second: tells what is new. */
  turn(): void;
}

const FORGET_EVERY_MS = 1_000;
/** Figures alone are told so often; another state at once. */
const TELL_MS = 1_000;

export function openBrake(options: ControlOptions): BrakeControl {
  const { index, attic, clock, log } = options;
  const brake = new Brake({
    index,
    clock,
    log,
    tripped() {
      options.halt().catch((error: unknown) => log.error(textOf(error)));
      watchAll();
    },
  });
  attic.isNeeded = (day) => brake.firstDay !== '' && day >= brake.firstDay;
  const grounds = new Map<string, Ground>();
  let observing: { end: AbortController; done: Promise<unknown> } | undefined;
  let putting: { end: AbortController; done: Promise<void> } | undefined;
  let told = { version: -1, state: '', ms: 0 };
  let forgotMs = clock.monoMs();

  const mustBeOn = (): void => {
    if (brake.on) return;
    throw new Failure({ code: 'brake-off', doing: 'answer the brake', what: 'the brake is off: nothing is held' });
  };

  const putBackAll = async (signal: AbortSignal): Promise<void> => {
    await putBack(grounds, brake.notes, brake.state.sinceMs, signal);
    brake.rejecting('rejected');
    const { noted, missing } = brake.state;
    log.notice('the last good state is back', { noted: humanCount(noted), missing: humanCount(missing) });
  };

  const watchAll = (): void => {
    if (observing !== undefined || !brake.on || !options.isRunning() || options.isFrozen()) return;
    const end = new AbortController();
    const all = [...grounds.values()].map((ground) => observe(brake, options.open, ground, end.signal));
    observing = { end, done: Promise.all(all) };
  };

  const begin = (): void => {
    watchAll();
    if (putting !== undefined || brake.state.state !== 'rejecting' || options.isFrozen()) return;
    const end = new AbortController();
    const done = putBackAll(end.signal)
      .catch((error: unknown) => {
        if (!end.signal.aborted) log.error(`putting back ended: ${textOf(error)}`);
      })
      .finally(() => {
        putting = undefined;
      });
    putting = { end, done };
  };

  const stop = async (): Promise<void> => {
    observing?.end.abort();
    putting?.end.abort();
    await observing?.done;
    await putting?.done;
    observing = undefined;
  };

  // A kill cut it off; the shares are not known yet.
  setImmediate(begin);

  return {
    brake,
    grounds,
    get list() {
      return brake.list;
    },
    async allow() {
      mustBeOn();
      await stop();
      await options.halt();
      brake.allow(options.mainMs());
      options.resume();
    },
    async reject() {
      mustBeOn();
      if (options.isFrozen())
        throw new Failure({
          code: 'frozen',
          doing: 'put the last good state back',
          what: 'users work, or have worked, in the mirror',
          hint: 'Recover IP and Restore Files first',
        });
      await options.halt();
      if (brake.state.state === 'tripped') brake.rejecting('rejecting');
      begin();
    },
    continue: begin,
    stop,
    turn() {
      if (clock.monoMs() - forgotMs > FORGET_EVERY_MS) {
        forgotMs = clock.monoMs();
        brake.forget();
      }
      const version = brake.version;
      if (version === told.version) return;
      if (brake.stands === told.state && clock.monoMs() - told.ms < TELL_MS) return;
      told = { version, state: brake.stands, ms: clock.monoMs() };
      options.tell({ kind: 'brake', brake: brake.state });
    },
  };
}
