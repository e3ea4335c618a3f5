/**
 * The network process as standbyd uses it: found or started, lost and found again; told what to probe whenever that changes or the process is
 * a fresh one; its answers awaited.
 */
import type { Clock } from '../base/clock.ts';
import { textOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { adoptOrStartNet, type NetClient } from '../net/client.ts';
import type { Evidence, FromNet, ProbePlan, ToNet } from '../net/messages.ts';
import type { Settings } from '../settings/schema.ts';
import type { Secrets } from '../settings/secrets.ts';
import { probeTimings } from '../settings/timings.ts';
import { type Answers, openAnswers } from './answers.ts';
import type { LedgerPlace } from './ledger.ts';
import { whenReady } from './ready.ts';

export interface NetLinkOptions {
  settings: Settings;
  secrets: Secrets;
  clock: Clock;
  log: Log;
  ledger: LedgerPlace;
  /**
   * A process is there; decide repeats its orders. `holdsFor`: the decision for which it holds the address (an earlier standbyd's), '' when it
   * holds nothing.
   */
  started(holdsFor: string): void;
  gone(): void;
  evidence(evidence: Evidence): void;
  late(lateMs: number): void;
  rival(mac: string): void;
}

export interface NetLink {
  send(message: ToNet): boolean;
  answers: Answers<FromNet>;
  ready(limitMs: number): Promise<void>;
  readonly alive: boolean;
  /** 0 when there is none. */
  readonly pid: number;
  /** Memory in use, as it last said; 0 when there is none. */
  readonly rssBytes: number;
  /** Addresses of the main that it holds now. */
  readonly held: string[];
  /** Whether the main is to be probed; remembered for the next process. */
  probe(on: boolean): void;
  /** The file whose reading proves that the main serves. */
  know(known: NonNullable<ProbePlan['known']>): void;
  /** Lets it run on without us: it gives addresses back by itself when no standbyd comes. */
  leave(): void;
  /** Ends it; everything held is released. */
  end(): Promise<void>;
}

/**
 * Pause before the network process is sought again: none the first time, since we may hold an address; longer each time it does not last, since
 * every start logs on to the main, and many failed log-ons would lock the account.
 */
const PAUSE_MS = 500;
const PAUSE_LIMIT_MS = 30_000;
/** One that lived so long did not fail at its start. */
const STEADY_MS = 20_000;
/** Finding one may be under way, and giving back what it holds takes a moment. */
const END_LIMIT_MS = 10_000;
const END_POLL_MS = 20;

export function openNetLink(options: NetLinkOptions): NetLink {
  const { settings, clock, log } = options;
  const answers = openAnswers<FromNet>();
  let client: NetClient | undefined;
  let held: string[] = [];
  let probing = false;
  let known: ProbePlan['known'];
  let rssBytes = 0;
  /** `left`: it shall run on without us; `ended`: it shall end. */
  let ending: 'no' | 'left' | 'ended' = 'no';
  let seeking = false;
  let again: NodeJS.Timeout | undefined;
  let bornMs = 0;
  let pauseMs = 0;

  const seekAgain = (): void => {
    if (ending !== 'no') return;
    again = setTimeout(() => void find(), pauseMs);
    pauseMs = Math.min(Math.max(pauseMs * 2, PAUSE_MS), PAUSE_LIMIT_MS);
  };

  const plan = (): ProbePlan => ({
    kind: 'watch',
    interface: settings.interface,
    main: { address: settings.main.address, port: settings.main.port, require: settings.main.require },
    logon: { user: settings.main.user, domain: settings.main.domain, password: options.secrets.mainPassword },
    ledger: options.ledger,
    ...(known === undefined ? {} : { known }),
    ...probeTimings(settings),
    witnesses: [...settings.takeover.witnesses],
  });

  const send = (message: ToNet): boolean => {
    if (client === undefined) return false;
    try {
      client.send(message);
      return true;
    } catch {
      // It went this moment; `closed` tells.
      return false;
    }
  };

  const tellProbes = (): void => void send(probing ? plan() : { kind: 'watch-stop' });

  const hear = (message: FromNet): void => {
    switch (message.kind) {
      case 'beat':
        rssBytes = message.rssBytes;
        if (message.lateMs > 0) options.late(message.lateMs);
        break;
      case 'evidence':
        options.evidence(message);
        break;
      case 'rival':
        options.rival(message.mac);
        break;
      case 'holding':
        held = [...message.addresses];
        break;
      case 'taken':
        held = [settings.main.address];
        break;
      case 'released':
        held = [];
        break;
      case 'failed':
        if (message.code === 'lapsed' || message.code === 'lost') {
          // What we hold is held no more, which is what a restart of the process means too.
          log.error(message.what, { code: message.code });
          held = [];
          answers.hear(message);
          options.gone();
          options.started('');
          return;
        }
        break;
    }
    answers.hear(message);
  };

  const lost = (why: string): void => {
    client = undefined;
    held = [];
    rssBytes = 0;
    if (ending !== 'no') return;
    log.error(`the network process is gone: ${why}`);
    answers.lose(why);
    options.gone();
    if (clock.monoMs() - bornMs > STEADY_MS) pauseMs = 0;
    seekAgain();
  };

  const seek = async (): Promise<void> => {
    let found: NetClient;
    let gone = false;
    try {
      found = await adoptOrStartNet({
        runFolder: settings.run,
        log,
        clock,
        logFormat: settings.log.format,
        on: hear,
        closed(why) {
          gone = true;
          lost(why);
        },
      });
    } catch (error) {
      log.error(textOf(error));
      seekAgain();
      return;
    }
    // Its first words may have been its last.
    if (gone) return;
    client = found;
    bornMs = clock.monoMs();
    // We were told to end meanwhile: whoever comes after us must find its door free.
    if (ending === 'left') return found.close();
    if (ending === 'ended') return void send({ kind: 'end' });
    log.info('network process found', { pid: found.pid });
    send({ kind: 'guard', servePort: settings.serve.port });
    tellProbes();
    options.started(found.holding.decision);
  };

  const find = async (): Promise<void> => {
    seeking = true;
    await seek();
    seeking = false;
  };
  void find();

  return {
    send,
    answers,
    ready: (limitMs) => whenReady('the network process', limitMs, () => client !== undefined),
    get alive() {
      return client !== undefined;
    },
    get pid() {
      return client?.pid ?? 0;
    },
    get rssBytes() {
      return rssBytes;
    },
    get held() {
      return held;
    },
    probe(on) {
      if (on === probing) return;
      probing = on;
      tellProbes();
    },
    know(next) {
      known = next;
      if (probing) tellProbes();
    },
    leave() {
      ending = 'left';
      clearTimeout(again);
      client?.close();
    },
    async end() {
      ending = 'ended';
      clearTimeout(again);
      send({ kind: 'end' });
      const deadline = clock.monoMs() + END_LIMIT_MS;
      while ((client !== undefined || seeking) && clock.monoMs() < deadline)
        await new Promise((resolve) => setTimeout(resolve, END_POLL_MS));
    },
  };
}
