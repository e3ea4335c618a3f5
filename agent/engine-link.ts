/** The mirror engine as standbyd uses it: the process kept running, configured each time it is fresh, and its answers awaited. */
import { fileURLToPath } from 'node:url';
import type { Clock } from '../base/clock.ts';
import type { Log } from '../base/log.ts';
import { BULK_NODE_FLAGS } from '../base/node-flags.ts';
import type { Settings } from '../settings/schema.ts';
import type { Secrets } from '../settings/secrets.ts';
import { type Answers, openAnswers } from './answers.ts';
import type { FromEngine, Limit, ToEngine } from './engine-messages.ts';
import { openEngineProcess } from './engine-process.ts';
import type { LedgerPlace } from './ledger.ts';
import { whenReady } from './ready.ts';
import type { AccountIds } from './takeover/accounts.ts';

export interface EngineLinkOptions {
  settings: Settings;
  secrets: Secrets;
  clock: Clock;
  log: Log;
  owner: AccountIds;
  ledger: LedgerPlace;
  /** Of the bandwidth, as they are now. */
  limits(): readonly Limit[];
  started(): void;
  gone(): void;
  message(message: FromEngine): void;
}

export interface EngineLink {
  send(message: ToEngine): boolean;
  answers: Answers<FromEngine>;
  ready(limitMs: number): Promise<void>;
  kill(): void;
  readonly alive: boolean;
  readonly pid: number | undefined;
  end(): Promise<void>;
}

/**
 * V8 lets garbage pile up to its limits, and the rest would be users' memory: what is alive takes 25 to 40 MB whatever the number of files
 * (`npm run bench -- mirror-memory`).
 */
export const ENGINE_MEMORY = ['--max-old-space-size=64', '--max-semi-space-size=2'];
/** mallopt(3): glibc would give each thread an arena of its own, and keep in it what SQLite and the file system calls need at their worst moment. */
const ENGINE_ENV = { MALLOC_ARENA_MAX: '2' };
const ENGINE_PROGRAM = fileURLToPath(new URL('./engine.ts', import.meta.url));

export function openEngineLink(options: EngineLinkOptions): EngineLink {
  const { settings, secrets } = options;
  const answers = openAnswers<FromEngine>();
  const engine = openEngineProcess({
    clock: options.clock,
    log: options.log,
    command: [process.execPath, ...BULK_NODE_FLAGS, ...ENGINE_MEMORY, ENGINE_PROGRAM, `--log=${settings.log.format}`],
    env: ENGINE_ENV,
    started() {
      engine.send({ kind: 'limit', limits: [...options.limits()] });
      engine.send({
        kind: 'configure',
        main: { address: settings.main.address, port: settings.main.port, require: settings.main.require },
        logon: { user: settings.main.user, domain: settings.main.domain, password: secrets.mainPassword },
        ledger: options.ledger,
        mirrorPath: settings.mirror.path,
        statePath: settings.state,
        shares: settings.shares,
        reserveBytes: settings.mirror.reserveBytes,
        passEveryMs: settings.mirror.passEveryMs,
        scrubEveryMs: settings.mirror.scrubEveryMs,
        excludes: settings.mirror.excludes,
        owner: options.owner,
      });
      options.started();
    },
    gone(why) {
      answers.lose(why);
      options.gone();
    },
    message(message) {
      options.message(message);
      answers.hear(message);
    },
  });
  return {
    send: engine.send,
    answers,
    ready: (limitMs) => whenReady('the mirror engine', limitMs, () => engine.alive),
    kill: engine.kill,
    get alive() {
      return engine.alive;
    },
    get pid() {
      return engine.pid;
    },
    end: engine.end,
  };
}
