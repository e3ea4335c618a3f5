/**
 * standbyd: reads the settings, opens the API, and runs the standby that is set up, if one is. Composes; decides nothing.
 *
 *   standbyd [--config FILE] [--state FOLDER] [--run FOLDER]
 *
 * State and run folder are named on the command line for the time before there are settings; afterwards the settings' own count.
 */
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import type { SetupRequest } from '../api/setup.ts';
import { systemClock } from '../base/clock.ts';
import { Failure, isFailure, textOf } from '../base/failure.ts';
import { ensureFolder } from '../base/file.ts';
import { openLines } from '../base/lines.ts';
import { lockFile, lockHolder } from '../base/lock.ts';
import { type Log, openLog } from '../base/log.ts';
import { readSettings } from '../settings/read.ts';
import { DEFAULT_SETTINGS_FILE, type Settings } from '../settings/schema.ts';
import { readSecrets } from '../settings/secrets.ts';
import { writeSettings } from '../settings/write.ts';
import { blankStatus } from './blank-status.ts';
import { openDaemon, openNewsroom } from './daemon.ts';
import { openHttp } from './http/server.ts';
import { openJournal } from './journal.ts';
import { type Places, saveSetup } from './setup.ts';
import { openStandby, type Standby } from './standby.ts';
import { succeed } from './succession.ts';

const VERSION = '0.1.0';

const { values } = parseArgs({
  options: {
    config: { type: 'string', default: DEFAULT_SETTINGS_FILE },
    state: { type: 'string', default: '/var/lib/standby' },
    run: { type: 'string', default: '/run/standby' },
  },
});

const places: Places = {
  settingsFile: path.resolve(values.config),
  secretsFile: path.join(path.dirname(path.resolve(values.config)), 'secrets.yaml'),
  state: path.resolve(values.state),
  run: path.resolve(values.run),
};

/** Whoever reads our log must not be able to stop us. */
const lines = openLines(2);
process.on('exit', lines.flush);

await run().catch((error: unknown) => {
  const hint = isFailure(error) && error.hint !== undefined ? `\n  ${error.hint}` : '';
  process.stderr.write(
    `standbyd: ${isFailure(error) ? error.message : ((error instanceof Error && error.stack) ?? textOf(error))}${hint}\n`,
  );
  process.exit(1);
});

async function run(): Promise<void> {
  const settings = fs.existsSync(places.settingsFile) ? readSettings(places.settingsFile) : undefined;
  const state = settings?.state ?? places.state;
  const runFolder = settings?.run ?? places.run;
  const log = logOf(settings);
  ensureFolder(state, 0o711);
  ensureFolder(runFolder, 0o755);
  lockState(state);
  const journal = openJournal(state, (what) => log.error(what));
  const newsroom = openNewsroom(log);
  let current: Standby | undefined;
  /** What it runs with. */
  let used = settings;

  const open = async (with_: Settings): Promise<Standby> =>
    openStandby({
      settings: with_,
      secrets: readSecrets(with_.secrets),
      clock: systemClock,
      log,
      journal,
      tell: newsroom.tell,
      keepUsers: (users) => void writeSettings(places.settingsFile, { serve: { users } }),
      keepLimits: (limits) =>
        writeSettings(places.settingsFile, { limit: limits.length === 0 ? undefined : [...limits] }).limit,
      hostName: os.hostname(),
      version: VERSION,
    });

  const replace = async (request: SetupRequest): Promise<void> => {
    const before = fs.existsSync(places.secretsFile) ? readSecrets(places.secretsFile) : undefined;
    const saved = saveSetup(request, { ...places, state, run: runFolder }, before);
    try {
      await succeed({
        saved,
        before: used,
        async close() {
          const last = current;
          current = undefined;
          await last?.close();
        },
        async open(next) {
          current = await open(next);
        },
        async finish() {
          for (const user of request.users) await current?.setUserPassword(user.name, user.password);
        },
        log,
      });
      used = saved.settings;
    } finally {
      newsroom.tell({ kind: 'status' });
    }
  };

  if (settings !== undefined) current = await open(settings);
  else log.notice('nothing is set up yet', { settings: places.settingsFile });

  const http = await openHttp({
    socket: path.join(runFolder, 'standby.sock'),
    clock: systemClock,
    log: log.from('http'),
    daemon: openDaemon({
      journal,
      settingsFile: places.settingsFile,
      current: () => current,
      replace,
      blankStatus: () => blankStatus(VERSION, systemClock.wallMs(), journal.alerts(10)),
      subscribe: newsroom.subscribe,
    }),
  });
  log.info('standbyd is ready', { pid: process.pid, version: VERSION });

  const end = (signal: string): void => {
    log.info(`ending on ${signal}`);
    // Whatever hangs must not keep a stopped daemon alive: a held address is given back by the network process.
    setTimeout(() => process.exit(1), END_LIMIT_MS).unref();
    void http
      .close()
      .then(() => current?.close())
      .then(
        () => process.exit(0),
        (error: unknown) => {
          log.error(`ending: ${textOf(error)}`);
          process.exit(1);
        },
      );
  };
  process.once('SIGTERM', () => end('SIGTERM'));
  process.once('SIGINT', () => end('SIGINT'));
}

const END_LIMIT_MS = 15_000;

/** Two of us would decide twice and write one memory. The lock ends with the process, however it ends. */
function lockState(state: string): void {
  const file = path.join(state, 'standbyd.lock');
  if (lockFile(file) !== undefined) return;
  throw new Failure({
    code: 'already-running',
    doing: 'start standbyd',
    subject: state,
    what: `another standbyd works there (process ${lockHolder(file) ?? 'unknown'})`,
    hint: 'there is one standbyd on a box; stop the other first',
  });
}

function logOf(settings: Settings | undefined): Log {
  return openLog('standbyd', {
    clock: systemClock,
    format: settings?.log.format ?? 'human',
    // journald sets this for what it reads (systemd.exec(5)).
    priorityPrefix: process.env['JOURNAL_STREAM'] !== undefined,
    least: settings?.log.level ?? 'info',
    write: lines.write,
  });
}
