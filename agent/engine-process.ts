/**
 * Keeps the mirror engine, our child process, running: starts it, speaks with it, notices that it is gone or frozen (no beat), ends it
 * and starts it again with growing pauses. What it was doing is its caller's to repeat (`started`).
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { type Channel, openChannel } from '../base/channel.ts';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { ENGINE_BEAT_MS, type FromEngine, fromEngine, type ToEngine } from './engine-messages.ts';

export interface EngineProcess {
  /** False when there is no engine to hear it; the order is repeated by `started` then. */
  send(message: ToEngine): boolean;
  readonly pid: number | undefined;
  readonly alive: boolean;
  /** Ends a hanging engine at once; another one is started by itself. */
  kill(): void;
  /** Closes the channel, which ends the engine, and waits for that. */
  end(): Promise<void>;
}

export interface EngineProcessOptions {
  clock: Clock;
  log: Log;
  /** Program and arguments that run the engine. */
  command: readonly [string, ...string[]];
  /** Added to our own environment. */
  env?: Readonly<Record<string, string>>;
  message(message: FromEngine): void;
  /** A fresh engine answers: configure it and repeat the order of the present mode. */
  started(): void;
  gone(why: string): void;
}

/** The engine may be busy with a slow disk; only a process that says nothing for so long is given up. */
const SILENT_LIMIT_MS = 5_000;
const START_LIMIT_MS = 15_000;
const RESTART_PAUSE_MS = 200;
const RESTART_PAUSE_LIMIT_MS = 10_000;
/** An engine that lived so long did not fail at its start. */
const STEADY_MS = 30_000;

export function openEngineProcess(options: EngineProcessOptions): EngineProcess {
  const { clock, log } = options;
  let child: ChildProcess | undefined;
  let channel: Channel<ToEngine> | undefined;
  let heardMs = 0;
  let bornMs = 0;
  let alive = false;
  let ending = false;
  let pauseMs = RESTART_PAUSE_MS;
  let beats = 0;
  let again: NodeJS.Timeout | undefined;

  const start = (): void => {
    const [program, ...args] = options.command;
    const env = { ...process.env, ...options.env };
    const born = spawn(program, args, { stdio: ['ignore', 'inherit', 'inherit', 'pipe'], env });
    child = born;
    bornMs = clock.monoMs();
    heardMs = bornMs;
    born.on('error', (error) => lost(born, `it cannot be started: ${error.message}`));
    born.on('exit', (code, signal) =>
      lost(born, signal === null ? `it ended with code ${code}` : `it was ended by ${signal}`),
    );
    const line = born.stdio[3] as Socket;
    channel = openChannel<FromEngine, ToEngine>(line, (value) => fromEngine.parse(value), {
      message(message) {
        heardMs = clock.monoMs();
        if (!alive) {
          alive = true;
          log.info('mirror engine started', { pid: born.pid });
          options.started();
        }
        options.message(message);
      },
      closed: (why) => {
        if (ending) return;
        if (child === born) log.warning(`lost the channel to the mirror engine: ${why}`);
        born.kill('SIGKILL');
      },
    });
    channel.send({ kind: 'beat', n: beats });
  };

  const lost = (which: ChildProcess, why: string): void => {
    if (child !== which) return;
    child = undefined;
    channel?.close();
    channel = undefined;
    const wasAlive = alive;
    alive = false;
    if (ending) return;
    log.error(`the mirror engine is gone: ${why}`, { againInMs: pauseMs });
    if (wasAlive) options.gone(why);
    again = setTimeout(start, pauseMs);
    pauseMs = clock.monoMs() - bornMs > STEADY_MS ? RESTART_PAUSE_MS : Math.min(pauseMs * 2, RESTART_PAUSE_LIMIT_MS);
  };

  let watchedMs = clock.monoMs();
  const watch = setInterval(() => {
    // When we ourselves were stopped, the engine's beats wait unread in the socket: its silence is ours.
    const late = clock.monoMs() - watchedMs > 3 * ENGINE_BEAT_MS;
    watchedMs = clock.monoMs();
    if (late) heardMs = watchedMs;
    if (channel?.open) channel.send({ kind: 'beat', n: ++beats });
    const limit = alive ? SILENT_LIMIT_MS : START_LIMIT_MS;
    if (child !== undefined && clock.monoMs() - heardMs > limit) {
      log.error('the mirror engine does not answer and is ended', {
        pid: child.pid,
        silentMs: Math.round(clock.monoMs() - heardMs),
      });
      child.kill('SIGKILL');
      heardMs = clock.monoMs();
    }
  }, ENGINE_BEAT_MS);

  start();
  return {
    send(message) {
      if (!alive || channel === undefined || !channel.open) return false;
      channel.send(message);
      return true;
    },
    kill() {
      const hanging = child;
      if (hanging === undefined) return;
      hanging.kill('SIGKILL');
      // Not waited for: a process stuck in a disk may take its time to go, and must not be mistaken for a living one meanwhile.
      lost(hanging, 'it did not answer and was ended');
    },
    get pid() {
      return child?.pid;
    },
    get alive() {
      return alive;
    },
    async end() {
      ending = true;
      clearInterval(watch);
      clearTimeout(again);
      const last = child;
      if (last === undefined) return;
      const gone = new Promise((resolve) => last.once('exit', resolve));
      const kill = setTimeout(() => last.kill('SIGKILL'), 3_000);
      channel?.close();
      last.kill('SIGTERM');
      await gone;
      clearTimeout(kill);
    },
  };
}
