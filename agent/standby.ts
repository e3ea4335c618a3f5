/**
 * One standby that is set up: composes the loop, the two processes beside us, our own smbd and the mail queue, and carries facts between
 * them. It decides nothing and acts on nothing by itself.
 */
import { randomUUID } from 'node:crypto';
import type { RestoreProgress } from '../api/event.ts';
import type { Status } from '../api/status.ts';
import type { Clock } from '../base/clock.ts';
import { textOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import type { LimitText } from '../settings/limits.ts';
import type { Settings } from '../settings/schema.ts';
import type { Secrets } from '../settings/secrets.ts';
import { openAlerts } from './alerts.ts';
import { sentence } from './decide/sentence.ts';
import type { Policy, State } from './decide/types.ts';
import { openEffects } from './effects.ts';
import { openEngineLink } from './engine-link.ts';
import type { FromEngine, Limit } from './engine-messages.ts';
import { checkFolders } from './fit.ts';
import type { News, Order, OrderAnswer, PlanAnswer } from './http/daemon.ts';
import type { Journal } from './journal.ts';
import { askedAgain, ledgerPlace } from './ledger.ts';
import { openLoop } from './loop.ts';
import { openMemory } from './memory.ts';
import { openNetLink } from './net-link.ts';
import { askForPlan, commandOf } from './orders.ts';
import { openProofLink, type ProofLink } from './proof-link.ts';
import { isRefusedLogOn, openRefusedLogOn } from './refused-log-on.ts';
import { openServing } from './serving.ts';
import { buildStatus, type MirrorReport } from './status.ts';
import { probesMain, servesUsers, wantsMirror } from './wishes.ts';

export interface StandbyParts {
  settings: Settings;
  secrets: Secrets;
  clock: Clock;
  log: Log;
  journal: Journal;
  tell(news: News): void;
  /** Writes down who may log on here. */
  keepUsers(users: string[]): void;
  /** Writes down the limits of the bandwidth; returns them as they read. */
  keepLimits(limits: readonly LimitText[]): readonly Limit[];
  hostName: string;
  version: string;
}

export interface Standby {
  status(): Status;
  command(order: Order): OrderAnswer;
  planRestore(): Promise<PlanAnswer>;
  setUserPassword(name: string, password: string): Promise<void>;
  /** Writes the limits of the bandwidth into the settings and has them hold at once. Throws `settings-invalid`. */
  setLimits(limits: readonly LimitText[]): void;
  limits(): readonly Limit[];
  problems(): { problems: { share: string; path: string; why: string }[] };
  readonly proof: ProofLink;
  /**
   * Stops what is ours to stop. A standby that serves leaves smbd and the network process as they are for its successor; the latter gives
   * the address back by itself when no successor comes.
   */
  close(): Promise<void>;
}

/** Throws a Failure when accounts, folders or the memory cannot be had; whatever else does not work is told as an alert. */
export async function openStandby(parts: StandbyParts): Promise<Standby> {
  const { settings, secrets, clock, log, journal } = parts;
  const policy = policyOf(settings, parts.hostName);
  const memory = openMemory(settings.state);
  // A memory that cannot be understood ends us before anything is started.
  memory.load();
  checkFolders(settings);
  const alerts = openAlerts({
    settings,
    standbyName: parts.hostName,
    clock,
    log: log.from('mail'),
    journal,
    tell: parts.tell,
  });

  let report: MirrorReport | undefined;
  let restore: RestoreProgress | undefined;
  let problems: { share: string; path: string; why: string }[] = [];
  let engineRssBytes = 0;
  let mirroring = false;
  let limits: readonly Limit[] = settings.limit;
  const refusedLogOn = openRefusedLogOn();

  const serving = await openServing(settings, log.from('serve')).catch(async (error: unknown) => {
    // Whoever is opened next sends what waits; two would send it twice.
    await alerts.close();
    throw error;
  });
  const ledger = ledgerPlace(settings);

  const engine = openEngineLink({
    settings,
    secrets,
    clock,
    log: log.from('engine'),
    owner: serving.owner,
    ledger,
    limits: () => limits,
    started() {
      loop.post({ kind: 'process', process: 'engine', alive: true });
      if (mirroring) engine.send({ kind: 'mirror' });
    },
    gone: () => loop.post({ kind: 'process', process: 'engine', alive: false }),
    message: (message) => hearEngine(message),
  });

  const net = openNetLink({
    settings,
    secrets,
    clock,
    log: log.from('net'),
    ledger,
    started(holdsFor) {
      const { mode } = loop.state.durable;
      // Our memory knows nothing of it (it was taken away, or is of another box): nobody would ever give it back.
      if (holdsFor !== '' && !('decision' in mode && mode.decision === holdsFor))
        net.send({ kind: 'release', decision: holdsFor });
      loop.post({ kind: 'process', process: 'net', alive: true });
    },
    gone: () => loop.post({ kind: 'process', process: 'net', alive: false }),
    evidence: (evidence) => loop.post({ ...evidence, kind: 'evidence' }),
    late: (lateMs) => loop.post({ kind: 'late', lateMs }),
    rival: (mac) => loop.post({ kind: 'rival', mac }),
  });

  const loop = openLoop({
    clock,
    memory,
    log: log.from('decide'),
    effects: openEffects({
      net,
      engine,
      setMirroring(on) {
        mirroring = on;
        if (on) engine.send({ kind: 'mirror' });
      },
      serving,
      address: settings.main.address,
      interface: settings.interface,
      mainPort: settings.main.port,
      require: settings.main.require,
      alert(notice) {
        if (refusedLogOn.tell(isRefusedLogOn(notice.code, loop.state.facts.layers))) alerts.raise(notice);
      },
    }),
    policy: () => policy,
    freshId: () => randomUUID(),
    cannotSave: (what) =>
      alerts.raise({
        code: 'disk-full',
        subject: `${parts.hostName} cannot write its own state and decides nothing`,
        text: `${what}. Until it can, there is no takeover and no command is carried out.`,
        next: `make room on the disk of ${settings.state}`,
      }),
    changed(state, why) {
      net.probe(probesMain(state.durable.mode));
      if (why !== '') alerts.decided(state.durable.mode.kind, why);
      if (state.durable.mode.kind !== 'restoring') restore = undefined;
      if (state.durable.mode.kind === 'standing-by') tellOfUsers();
      parts.tell({ kind: 'status' });
    },
  });

  const proof = openProofLink(engine, () => parts.tell({ kind: 'status' }));

  const hearEngine = (message: FromEngine): void => {
    proof.hear(message);
    switch (message.kind) {
      case 'beat':
        engineRssBytes = message.rssBytes;
        return;
      case 'mirror':
        report = message;
        refusedLogOn.heard(message.shares);
        loop.post({ kind: 'mirror', ...mirrorFacts(message) });
        return;
      case 'known':
        net.know(message);
        return;
      case 'problems':
        problems = message.problems;
        return;
      case 'restoring':
        restore = message;
        parts.tell({ kind: 'restore', progress: message });
        return;
      case 'alert':
        if (refusedLogOn.tell(message.code === 'log-on-refused'))
          alerts.raise({ code: message.code, subject: message.what, text: message.what, next: message.hint });
        return;
      case 'verify':
      case 'findings':
      case 'explained':
        // The proof's own.
        return;
      case 'stopped':
      case 'frozen':
      case 'thawed':
      case 'plan':
      case 'restored':
      case 'failed':
        // Answers to orders: whoever gave the order waits for them.
        return;
    }
  };

  const status = (): Status => {
    const words = sentence(loop.state, policy, clock.monoMs(), clock.wallMs());
    return buildStatus({
      state: loop.state,
      policy,
      sentence: words,
      report,
      held: net.held,
      restore,
      verify: proof.state,
      processes: {
        agent: { alive: true, pid: process.pid, rssBytes: process.memoryUsage.rss() },
        net: { alive: net.alive, pid: net.pid, rssBytes: net.rssBytes },
        engine: { alive: engine.alive, pid: engine.pid ?? 0, rssBytes: engineRssBytes },
      },
      alerts: journal.alerts(10),
      mail: alerts.mail(),
      version: parts.version,
      nowMs: clock.monoMs(),
      wallMs: clock.wallMs(),
    });
  };

  /** Once, when all is ready but those who would work here: better told now than found out during a takeover. */
  let usersTold = false;
  const tellOfUsers = (): void => {
    if (usersTold) return;
    usersTold = true;
    serving.cannotLogOn().then(
      (names) => {
        if (names.length === 0 && serving.users.length > 0) return;
        alerts.raise({
          code: 'users',
          subject:
            names.length === 0
              ? `nobody could log on to ${parts.hostName} during a takeover`
              : `these users could not log on to ${parts.hostName} during a takeover: ${names.join(', ')}`,
          text: names.length === 0 ? 'no user is set up on it' : 'they have no password on it',
          next: `standby users set ${names[0] ?? 'NAME'}`,
        });
      },
      (error: unknown) => log.error(textOf(error)),
    );
  };

  mirroring = wantsMirror(loop.state.durable.mode);
  // A restart while serving must not close the shares under the users' hands; in every other mode nobody may be left inside.
  const serves = servesUsers(loop.state.durable.mode);
  (serves ? serving.start(true) : serving.close()).catch((error: unknown) => {
    alerts.raise({
      code: 'degraded',
      subject: 'this box could not serve files',
      text: textOf(error),
      next: 'look at the message; until it is mended a takeover fails',
    });
  });
  net.probe(probesMain(loop.state.durable.mode));
  loop.begin();

  return {
    status,
    command(order) {
      // A person who asks for it may have mended what the main refused.
      if (order.name === 'start-sync' || order.name === 'restore-files') askedAgain(ledger, clock);
      if (order.name === 'start-sync' && mirroring) engine.send({ kind: 'mirror' });
      return loop.command(commandOf(order, clock.wallMs()));
    },
    planRestore: () => askForPlan(loop.state.durable.mode, engine),
    async setUserPassword(name, password) {
      await serving.admit(name, password);
      parts.keepUsers([...serving.users]);
    },
    setLimits(next) {
      limits = parts.keepLimits(next);
      engine.send({ kind: 'limit', limits: [...limits] });
    },
    limits: () => limits,
    problems: () => ({ problems }),
    proof,
    async close() {
      await loop.end();
      await engine.end();
      await alerts.close();
      if (servesUsers(loop.state.durable.mode)) {
        net.leave();
        serving.leave();
        return;
      }
      await net.end();
      await serving.stop();
    },
  };
}

function policyOf(settings: Settings, hostName: string): Policy {
  return {
    takeover: settings.takeover.mode,
    patienceMs: settings.takeover.patienceMs,
    witnessFreshMs: 2_500,
    retryMs: 10_000,
    mainName: settings.main.name,
    standbyName: hostName,
    address: settings.main.address,
  };
}

function mirrorFacts(report: MirrorReport): Omit<State['facts']['mirror'], never> {
  const { shares } = report;
  const sum = (figure: (share: (typeof shares)[number]) => number): number =>
    shares.reduce((total, share) => total + figure(share), 0);
  return {
    complete: shares.length > 0 && shares.every((share) => share.complete),
    live: shares.length > 0 && shares.every((share) => share.state === 'live' || share.state === 'scanning'),
    missingFiles: sum((share) => share.filesToDo),
    missingBytes: sum((share) => share.bytesToDo),
    frozenFor: report.frozenFor,
  };
}
