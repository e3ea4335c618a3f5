/**
 * The three SMB layers: ECHO on a kept session, NEGOTIATE on a new connection, the known file. They share what they learn:
 * a missed ECHO is looked into by a new connection and ARP before it is named, and a kept session that is lost is opened
 * anew by the next ECHO, whose connecting is itself a NEGOTIATE.
 *
 * ECHO costs the main nothing worth counting; a new connection costs Samba a process (6.6 ms of CPU, measured): so few of those.
 */
import type { Clock } from '../../base/clock.ts';
import { isFailure } from '../../base/failure.ts';
import type { Connection, ConnectOptions } from '../../smb/types.ts';
import type { Layer, Outcome, ProbePlan } from '../messages.ts';
import { type Finding, findingOfConnecting, findingOfMissedEcho } from './classify.ts';
import { type KeptSession, keepSession } from './kept-session.ts';
import type { LogonGate } from './logon-gate.ts';
import type { After } from './round.ts';

export interface SmbWorld {
  clock: Clock;
  after: After;
  connect(options: ConnectOptions): Promise<Connection>;
  gate: LogonGate;
  /** Asks for the main by ARP now, and reports that layer. */
  arp(): Promise<Outcome | undefined>;
  report(layer: Layer, finding: Finding, beganMs: number): void;
}

/** A kept session that missed this many ECHOs in a row is given up. */
const MISS_LIMIT = 3;
/** Reopening after a success, at most so often: a server that closes us at once is not stormed. */
const REOPEN_MS = 1_000;
/**
 * A frozen server accepts connections until its backlog is full (about 50): after so many attempts in a row only one
 * in FROZEN_REST_MS, lest we are what keeps it from waking up.
 */
const FROZEN_LIMIT = 10;
const FROZEN_REST_MS = 10_000;

export interface SmbProbes {
  echo(): Promise<void>;
  negotiate(): Promise<void>;
  fetch(): Promise<void>;
  close(): void;
}

export function openSmbProbes(plan: ProbePlan, world: SmbWorld): SmbProbes {
  const { clock, report } = world;
  let kept: KeptSession | undefined;
  let closed = false;
  let misses = 0;
  let lastOpenMs = Number.NEGATIVE_INFINITY;
  let lastTryMs = Number.NEGATIVE_INFINITY;
  let frozenInRow = 0;
  let lastTrouble: Finding | undefined;
  /** Connections without a session that were lost at their first ECHO although the server lives. */
  let firstEchoLosses = 0;
  let fetchLosses = 0;

  const drop = (): void => {
    kept?.close();
    kept = undefined;
    misses = 0;
  };
  const resting = (): boolean => {
    const sinceMs = clock.monoMs() - lastTryMs;
    if (lastTrouble?.outcome === 'denied') return sinceMs < plan.negotiateEveryMs;
    return frozenInRow >= FROZEN_LIMIT && sinceMs < FROZEN_REST_MS;
  };

  /** Connects and negotiates, and reports that layer. The connection, or what was found. */
  const tryConnect = async (): Promise<{ connection: Connection } | { finding: Finding }> => {
    const beganMs = clock.monoMs();
    lastTryMs = beganMs;
    try {
      const connection = await world.connect({
        host: plan.main.address,
        port: plan.main.port,
        connectTimeoutMs: plan.negotiateTimeoutMs,
        requestTimeoutMs: plan.fetchTimeoutMs,
        require: plan.main.require,
      });
      frozenInRow = 0;
      lastTrouble = undefined;
      if (closed) connection.close();
      else report('negotiate', { outcome: 'answered', detail: '' }, beganMs);
      return { connection };
    } catch (error) {
      const finding = findingOfConnecting(error);
      frozenInRow = finding.outcome === 'frozen' ? frozenInRow + 1 : 0;
      lastTrouble = finding;
      if (!closed) report('negotiate', finding, beganMs);
      return { finding };
    }
  };

  let negotiating: Promise<Outcome> | undefined;
  /** A new connection, closed at once; one at a time, shared by all who want to know. */
  const negotiateOnce = (): Promise<Outcome> => {
    negotiating ??= tryConnect()
      .then((result) => {
        if ('finding' in result) return result.finding.outcome;
        result.connection.close();
        return 'answered' as const;
      })
      .finally(() => {
        negotiating = undefined;
      });
    return negotiating;
  };

  const suspect = (): Promise<Finding> =>
    Promise.all([resting() ? undefined : negotiateOnce(), world.arp()]).then(([negotiate, arp]) =>
      findingOfMissedEcho(negotiate, arp),
    );

  const open = async (): Promise<KeptSession | undefined> => {
    const beganMs = clock.monoMs();
    if (resting() || beganMs - lastOpenMs < REOPEN_MS) return undefined;
    const result = await tryConnect();
    if (closed) return undefined;
    if ('finding' in result) {
      report('echo', result.finding, beganMs);
      return undefined;
    }
    lastOpenMs = beganMs;
    const session = keepSession(result.connection, plan, world);
    kept = session;
    void session.logOn().then((against) => {
      if (against !== undefined && !closed) report('fetch', against, beganMs);
    });
    return session;
  };

  const echo = async (): Promise<void> => {
    if (kept === undefined && firstEchoLosses >= MISS_LIMIT && !mayLogOn()) {
      return report('echo', { outcome: 'unknown', detail: 'the server wants a log-on first' }, clock.monoMs());
    }
    const asked = kept ?? (await open());
    if (asked === undefined) return;
    const beganMs = clock.monoMs();
    let suspicion: Promise<Finding> | undefined;
    // Half the time is over: look elsewhere already, so that the answer is there when the rest is over too.
    const callOff = world.after(plan.echoTimeoutMs / 2, () => {
      suspicion = suspect();
    });
    try {
      await asked.connection.echo(plan.echoTimeoutMs);
      misses = 0;
      firstEchoLosses = 0;
      if (!closed) report('echo', { outcome: 'answered', detail: asked.loggedOn ? '' : 'not logged on' }, beganMs);
    } catch (error) {
      if (closed) return;
      if (isFailure(error, 'timeout')) return await missed(beganMs, suspicion ?? suspect());
      if (!isFailure(error)) throw error;
      await lost(asked, beganMs);
    } finally {
      callOff();
    }
  };

  const missed = async (beganMs: number, suspicion: Promise<Finding>): Promise<void> => {
    misses += 1;
    const finding = await suspicion;
    if (closed) return;
    report('echo', finding, beganMs);
    if (misses >= MISS_LIMIT || lastTrouble === undefined) drop();
  };

  /** The kept connection is gone: a restart, an idle limit, or the end. A new connection tells. */
  const lost = async (asked: KeptSession, beganMs: number): Promise<void> => {
    drop();
    const outcome = await negotiateOnce();
    if (closed) return;
    if (outcome !== 'answered') report('echo', lastTrouble ?? { outcome, detail: '' }, beganMs);
    else if (!asked.loggedOn) firstEchoLosses += 1;
  };

  const mayLogOn = (): boolean => {
    const { logon } = plan;
    return logon !== undefined && world.gate.may({ ...plan, logon });
  };

  return {
    echo,
    async negotiate() {
      // Connecting anew by the echo job was such a probe.
      if (resting() || (kept === undefined && clock.monoMs() - lastTryMs < plan.negotiateEveryMs)) return;
      await negotiateOnce();
    },
    async fetch() {
      const beganMs = clock.monoMs();
      const asked = kept;
      const finding = asked === undefined ? lastTrouble : await asked.fetch();
      if (closed) return;
      fetchLosses = asked !== undefined && finding === undefined ? fetchLosses + 1 : 0;
      // Once is a restart, which ECHO looks into. Again and again is the server's fault, or that of our way of reading.
      if (fetchLosses >= MISS_LIMIT) {
        return report(
          'fetch',
          { outcome: 'denied', detail: 'the connection ends whenever the known file is read' },
          beganMs,
        );
      }
      if (finding === undefined) return;
      report('fetch', finding, beganMs);
      if (finding.outcome === 'frozen' && kept === asked) drop();
    },
    close() {
      closed = true;
      drop();
    },
  };
}
