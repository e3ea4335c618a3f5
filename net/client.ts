/**
 * standbyd's half of the network process: connect, beat, notice when it is frozen; start it when there is none.
 *
 * It is started so that it outlives a crash of standbyd (a session of its own, nothing inherited but stderr) and is adopted by
 * the standbyd that comes after. Secrets reach it by the socket only.
 */
import { spawn } from 'node:child_process';
import net from 'node:net';
import { fileURLToPath } from 'node:url';
import { openChannel } from '../base/channel.ts';
import type { Clock } from '../base/clock.ts';
import { errnoOf, Failure, failureOf, isFailure } from '../base/failure.ts';
import { lockHolder } from '../base/lock.ts';
import type { Log } from '../base/log.ts';
import { lockPath, socketPath } from './door.ts';
import { type FromNet, fromNet, NET_BEAT_MS, type ToNet } from './messages.ts';

/** Without a beat for so long it counts as frozen and is killed: its addresses lapse and a new one is started. */
export const FROZEN_MS = 2_000;
const LOOK_MS = 250;
/** A look that comes this much too late is our own fault: the beats wait unread in the socket. */
const OWN_LATE_MS = 500;
const GREETING_LIMIT_MS = 2_000;
const START_LIMIT_MS = 8_000;
const RETRY_MS = 50;

export interface NetClientOptions {
  runFolder: string;
  /** How a network process that is started here writes its log; human when absent. */
  logFormat?: 'human' | 'json';
  log: Log;
  clock: Clock;
  /** Every message, the greeting (`holding`) included. */
  on(message: FromNet): void;
  /** Once, when it is gone: `frozen` after it was killed for not beating, else what happened. */
  closed(why: string): void;
}

export interface NetClient {
  /** Throws `channel-closed` when it is gone; `closed` has been or is about to be called then. */
  send(message: ToNet): void;
  readonly pid: number;
  /** What it held when we connected. */
  readonly holding: { decision: string; addresses: readonly string[] };
  /** Leaves it running; it ends by itself when nobody comes within HOLD_GRACE_MS. */
  close(): void;
}

/**
 * Connects to a running network process. Throws `enoent` or `econnrefused` when there is none, `net-busy` when it serves
 * another standbyd, `net-frozen` when it does not greet.
 */
export async function connectNet(options: NetClientOptions): Promise<NetClient> {
  const { clock, log } = options;
  const socket = await connectSocket(socketPath(options.runFolder));
  let beatN = 0;
  let heardMs = clock.monoMs();
  let lookedMs = clock.monoMs();
  let greeted: Extract<FromNet, { kind: 'holding' }> | undefined;
  let greet: (error?: Failure) => void = () => {};
  const greeting = new Promise<void>((resolve, reject) => {
    greet = (error) => (error === undefined ? resolve() : reject(error));
  });
  let whyClosed: string | undefined;

  const channel = openChannel<FromNet, ToNet>(socket, fromNet.parse, {
    message(message) {
      heardMs = clock.monoMs();
      if (message.kind === 'holding') greeted = message;
      if (greeted === undefined) return channel.close();
      options.on(message);
      greet();
    },
    closed(why) {
      clearInterval(beats);
      clearInterval(looks);
      if (greeted === undefined) greet(failed('net-busy', `it turned us away (${why})`));
      else options.closed(whyClosed ?? why);
    },
  });
  const beats = setInterval(() => {
    beatN += 1;
    channel.send({ kind: 'beat', n: beatN });
  }, NET_BEAT_MS);
  const looks = setInterval(() => {
    const nowMs = clock.monoMs();
    const ownLateMs = nowMs - lookedMs - LOOK_MS;
    lookedMs = nowMs;
    if (ownLateMs > OWN_LATE_MS) heardMs = nowMs;
    if (greeted === undefined || nowMs - heardMs < FROZEN_MS) return;
    log.critical('the network process does not beat; killing it', { pid: greeted.pid });
    kill(greeted.pid);
    whyClosed = 'frozen';
    channel.close();
  }, LOOK_MS);

  const limit = setTimeout(() => greet(failed('net-frozen', 'it does not greet')), GREETING_LIMIT_MS);
  try {
    await greeting;
  } catch (error) {
    channel.close();
    throw error;
  } finally {
    clearTimeout(limit);
  }
  if (greeted === undefined) throw failed('net-frozen', 'it does not greet');
  return {
    send: (message) => channel.send(message),
    pid: greeted.pid,
    holding: greeted,
    close() {
      whyClosed = 'closed here';
      channel.close();
    },
  };
}

/** Starts a network process that outlives us; its id. It may still find that it cannot start: then nobody listens. */
export function startNet(options: Pick<NetClientOptions, 'runFolder' | 'log' | 'logFormat'>): number {
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL('./main.ts', import.meta.url)),
      '--run',
      options.runFolder,
      '--log',
      options.logFormat ?? 'human',
    ],
    {
      detached: true,
      stdio: ['ignore', 'ignore', 'inherit'],
      env: {
        PATH: process.env['PATH'] ?? '/usr/sbin:/usr/bin:/sbin:/bin',
        LANG: 'C',
        ...(process.env['JOURNAL_STREAM'] === undefined ? {} : { JOURNAL_STREAM: process.env['JOURNAL_STREAM'] }),
      },
    },
  );
  child.on('error', (error) => options.log.error('cannot start the network process', { what: error.message }));
  child.unref();
  if (child.pid === undefined) throw failed('cannot-start', `${process.execPath} cannot be run`);
  return child.pid;
}

/**
 * Connects to the network process that runs, or starts one. One that does not greet is killed first. Throws when none can be
 * had within START_LIMIT_MS: `net-busy`, `net-not-started` …; trying again later is right.
 */
export async function adoptOrStartNet(options: NetClientOptions): Promise<NetClient> {
  const deadlineMs = options.clock.monoMs() + START_LIMIT_MS;
  let started: number | undefined;
  for (;;) {
    let failure: Failure;
    try {
      return await connectNet(options);
    } catch (error) {
      failure = failureOf(error, 'reach the network process in', options.runFolder);
    }
    const holder = lockHolder(lockPath(options.runFolder));
    if (isFailure(failure, 'net-frozen') && holder !== undefined) {
      options.log.critical('the network process does not greet; killing it', { pid: holder });
      kill(holder);
    }
    if (started !== undefined && !isRunning(started)) {
      throw failed('net-not-started', 'it ended at once; its own log lines say why', failure);
    }
    if (options.clock.monoMs() > deadlineMs) throw failure;
    if (holder === undefined && started === undefined) started = startNet(options);
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function connectSocket(file: string): Promise<net.Socket> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(file);
    socket.once('connect', () => resolve(socket));
    socket.once('error', (error) => reject(failureOf(error, 'connect to the network process at', file)));
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    // It ended meanwhile.
    if (errnoOf(error) !== 'ESRCH') throw error;
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function failed(code: string, what: string, cause?: unknown): Failure {
  return new Failure({ code, doing: 'reach', subject: 'the network process', what, retry: true, cause });
}
