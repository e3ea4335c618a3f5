/**
 * A small network in namespaces for the tests of the network process: a bridge with main (.5), standby (.1), client (.2) and
 * witness (.9) in 192.0.2.0/24. The bridge is in the current namespace. Must run inside tryout/isolate.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../../base/clock.ts';
import { mustRun } from '../../base/command.ts';
import { openLog } from '../../base/log.ts';
import { adoptOrStartNet, connectNet, type NetClient } from '../../net/client.ts';
import type { FromNet } from '../../net/messages.ts';

export const ADDRESS = { main: '192.0.2.5', standby: '192.0.2.1', client: '192.0.2.2', witness: '192.0.2.9' };
export type Host = keyof typeof ADDRESS;
export const SERVE_PORT = 4450;

const LIMIT = { timeLimitMs: 10_000 };
const WAIT_MS = 12_000;

export interface Lan {
  folder: string;
  /** Runs a program in a host's namespace; its standard output. */
  run(host: Host, ...command: string[]): Promise<string>;
  /** Starts a program in a host's namespace and resolves when it printed its first line. */
  start(host: Host, command: string[]): Promise<ChildProcess>;
  /** What a TCP client reads from there at once, or the error's code. */
  ask(host: Host, address: string, port: number): Promise<string>;
  namespace(host: Host): string;
  setLink(host: Host, state: 'up' | 'down'): Promise<void>;
  /** Ends what was started. */
  stop(): Promise<void>;
}

/** `name` keeps networks of test files that run at the same time apart (four letters at most). */
export async function makeLan(name: string): Promise<Lan> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), `${name}-`));
  // smbd's users must pass through.
  fs.chmodSync(folder, 0o755);
  const namespace = (host: Host): string => `${name}-${host}`;
  const ip = (...args: string[]): Promise<string> => mustRun('ip', args, LIMIT);
  await ip('link', 'add', `${name}-br`, 'type', 'bridge');
  await ip('link', 'set', `${name}-br`, 'up');
  for (const host of ['main', 'standby', 'client', 'witness'] as const) {
    await ip('netns', 'add', namespace(host));
    await ip(
      'link',
      'add',
      `${name}-${host.slice(0, 4)}`,
      'type',
      'veth',
      'peer',
      'name',
      'eth0',
      'netns',
      namespace(host),
    );
    await ip('link', 'set', `${name}-${host.slice(0, 4)}`, 'master', `${name}-br`, 'up');
    for (const args of [
      ['link', 'set', 'lo', 'up'],
      ['link', 'set', 'eth0', 'up'],
      ['addr', 'add', `${ADDRESS[host]}/24`, 'dev', 'eth0'],
    ]) {
      await ip('-n', namespace(host), ...args);
    }
  }
  const started: ChildProcess[] = [];
  const inside = (host: Host, command: string[]): string[] => ['netns', 'exec', namespace(host), ...command];
  return {
    folder,
    namespace,
    run: (host, ...command) => mustRun('ip', inside(host, command), LIMIT),
    async start(host, command) {
      const child = spawn('ip', inside(host, command), { stdio: ['ignore', 'pipe', 'inherit'] });
      started.push(child);
      await once(child.stdout, 'data');
      return child;
    },
    ask: async (host, address, port) =>
      (
        await mustRun('ip', inside(host, [process.execPath, script('net-ask.ts'), address, String(port)]), LIMIT)
      ).trim(),
    async setLink(host, state) {
      await ip('link', 'set', `${name}-${host.slice(0, 4)}`, state);
    },
    async stop() {
      for (const child of started) {
        if (child.exitCode !== null || child.signalCode !== null) continue;
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
    },
  };
}

/** A network process on the standby, with a client on it that remembers what it heard. */
export interface NetUnderTest {
  client: NetClient;
  process: ChildProcess;
  heard: FromNet[];
  /** The newest message that fits, as soon as there is one after `sinceIndex`. */
  hear<Kind extends FromNet['kind']>(
    kind: Kind,
    fits?: (message: Extract<FromNet, { kind: Kind }>) => boolean,
    sinceIndex?: number,
  ): Promise<Extract<FromNet, { kind: Kind }>>;
  /** Why the connection ended; undefined while it is open. */
  closedWhy(): string | undefined;
}

/** Starts it with short times (grace 2 s, lifetime 3 s) in `folder`. */
export async function startNetUnderTest(lan: Lan, folder: string): Promise<NetUnderTest> {
  const child = await startNetProcess(lan, folder);
  return { process: child, ...(await attach(folder)) };
}

/** The process alone. */
export async function startNetProcess(lan: Lan, folder: string): Promise<ChildProcess> {
  fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
  const child = spawn(
    'ip',
    ['netns', 'exec', lan.namespace('standby'), process.execPath, script('net-entry.ts'), '--run', folder],
    { stdio: ['ignore', 'ignore', fs.openSync(path.join(folder, 'net.log'), 'a')] },
  );
  await until(
    'the network process listens',
    () => fs.existsSync(path.join(folder, 'net.sock')) || child.exitCode !== null,
  );
  return child;
}

/** Connects to one that runs; `adopt` as a standbyd does that was restarted. */
export async function attach(
  folder: string,
  how: 'connect' | 'adopt' = 'connect',
  clock: Clock = systemClock,
): Promise<Omit<NetUnderTest, 'process'>> {
  const heard: FromNet[] = [];
  let closed: string | undefined;
  const client = await (how === 'adopt' ? adoptOrStartNet : connectNet)({
    runFolder: folder,
    clock,
    log: openLog('test', {
      clock: systemClock,
      format: 'human',
      priorityPrefix: false,
      least: 'critical',
      write: () => {},
    }),
    on: (message) => heard.push(message),
    closed: (why) => {
      closed = why;
    },
  });
  return {
    client,
    heard,
    closedWhy: () => closed,
    async hear(kind, fits = () => true, sinceIndex = 0) {
      type Wanted = Extract<FromNet, { kind: typeof kind }>;
      const isWanted = (message: FromNet): message is Wanted => message.kind === kind && fits(message as Wanted);
      const found = (): Wanted | undefined => heard.slice(sinceIndex).findLast(isWanted);
      try {
        await until(`a message «${kind}»`, () => found() !== undefined);
      } catch (error) {
        throw new Error(`${String(error)}; heard last: ${JSON.stringify(heard.slice(-12))}`);
      }
      const message = found();
      if (message === undefined) throw new Error('it was there a moment ago');
      return message;
    },
  };
}

/** Waits for a condition, with a deadline. */
export async function until(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + WAIT_MS;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not within ${WAIT_MS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

export function script(name: string): string {
  return fileURLToPath(new URL(`./${name}`, import.meta.url));
}
