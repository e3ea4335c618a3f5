/** The mirror engine as the product runs it: the process with its flags, its index and its flushes, kept by the code that standbyd keeps it with. */
import fs from 'node:fs';
import path from 'node:path';
import { openEngineLink } from '../../agent/engine-link.ts';
import type { FromEngine, ShareState } from '../../agent/engine-messages.ts';
import { accountIds } from '../../agent/takeover/accounts.ts';
import { systemClock } from '../../base/clock.ts';
import { openLog } from '../../base/log.ts';
import { checkSettings } from '../../settings/read.ts';
import type { Settings } from '../../settings/schema.ts';
import { until } from '../../tryout/wait.ts';
import { HOST, LIMIT_MS, PASSWORD, USER } from '../smb/ground.ts';
import { COMPILED, type Place } from '../smb/run.ts';

export interface MirrorEngine {
  readonly pid: number;
  /** Resolves when a pass that began after the last `mirror` has ended; throws when it takes too long or the engine dies. */
  passed(limitMs?: number): Promise<ShareState>;
  /** Stops mirroring and begins anew, which is a full pass. */
  again(): Promise<void>;
  /** MiB of physical memory: now, and the most it ever had. */
  memory(): { nowMib: number; peakMib: number };
  end(): Promise<void>;
}

const READY_MS = 20_000;
const OWNER = 'standby';

/** Starts the engine and has it mirror one share of the main into `mirrorPath/share`. */
export async function startMirror(place: Place, mirrorPath: string, statePath: string): Promise<MirrorEngine> {
  process.env['NODE_COMPILE_CACHE'] = COMPILED;
  fs.mkdirSync(statePath, { recursive: true });
  const owner = await accountIds(OWNER);
  if (owner === undefined) throw new Error(`there is no account ${OWNER}: benches run inside tryout/isolate`);
  let report: Extract<FromEngine, { kind: 'mirror' }> | undefined;
  let failure: string | undefined;
  let begunMs = systemClock.wallMs();
  const engine = openEngineLink({
    settings: settingsFor(place, mirrorPath, statePath),
    secrets: { mainPassword: PASSWORD },
    clock: systemClock,
    log: openLog('bench', {
      clock: systemClock,
      format: 'human',
      priorityPrefix: false,
      least: 'warning',
      write: (line) => process.stderr.write(line),
    }),
    owner,
    ledger: { folder: statePath, generation: 'bench' },
    limits: () => [],
    started: () => {},
    gone: () => {
      failure = 'it is gone';
    },
    message(message) {
      if (message.kind === 'mirror') report = message;
      if (message.kind === 'failed' || message.kind === 'alert') failure = message.what;
    },
  });
  await engine.ready(READY_MS);
  engine.send({ kind: 'mirror' });
  const { pid } = engine;
  if (pid === undefined) throw new Error('the engine has no process');
  return {
    pid,
    passed: (limitMs = LIMIT_MS) =>
      until(
        'the engine has passed over the share',
        limitMs,
        () => {
          if (failure !== undefined) throw new Error(`the engine: ${failure}`);
          const share = report?.shares[0];
          const isDone = share?.complete === true && share.lastPassMs >= begunMs && share.filesToDo === 0;
          return isDone ? share : undefined;
        },
        () => JSON.stringify(report?.shares),
      ),
    async again() {
      const stopped = engine.answers.wait<true>('stop', READY_MS, (message) => message.kind === 'stopped');
      engine.send({ kind: 'stop' });
      await stopped;
      begunMs = systemClock.wallMs();
      engine.send({ kind: 'mirror' });
    },
    memory: () => ({ nowMib: memoryMib(pid, 'VmRSS'), peakMib: memoryMib(pid, 'VmHWM') }),
    end: () => engine.end(),
  };
}

function settingsFor({ port, share }: Place, mirrorPath: string, statePath: string): Settings {
  const checked = checkSettings(
    JSON.stringify({
      version: 1,
      main: { name: 'MAIN', address: HOST, port, user: USER },
      interface: 'lo',
      shares: [share],
      mirror: { path: mirrorPath, reserve: '100MB' },
      log: { level: 'warning' },
      state: statePath,
      run: statePath,
    }),
  );
  if (checked.kind === 'bad')
    throw new Error(`settings of the bench: ${checked.problems.map(({ what }) => what).join(', ')}`);
  return checked.settings;
}

/** A line of proc_pid_status(5), which counts in KiB. */
function memoryMib(pid: number, line: 'VmRSS' | 'VmHWM'): number {
  const status = fs.readFileSync(path.join('/proc', String(pid), 'status'), 'utf8');
  const found = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'mu').exec(status);
  return Number(found?.[1]) / 1_024;
}
