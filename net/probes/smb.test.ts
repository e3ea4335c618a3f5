/** Tests of the SMB probes against a played server: what is asked when, how a missed ECHO is named, and what is spared. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Clock } from '../../base/clock.ts';
import { Failure } from '../../base/failure.ts';
import type { Connection, Session, Tree } from '../../smb/types.ts';
import { openLateness } from '../lateness.ts';
import type { Evidence, Outcome, ProbePlan } from '../messages.ts';
import { openLogonGate } from './logon-gate.ts';
import { systemAfter } from './round.ts';
import { watch } from './watch.ts';

const PLAN: ProbePlan = {
  kind: 'watch',
  interface: 'lo',
  main: { address: '192.0.2.5', port: 445 },
  logon: { user: 'standby', domain: '', password: 'secret' },
  known: { share: 'docs', path: 'a.txt', size: 5, writtenFileTime: '100' },
  echoEveryMs: 250,
  echoTimeoutMs: 250,
  negotiateEveryMs: 2_000,
  negotiateTimeoutMs: 250,
  fetchEveryMs: 5_000,
  fetchTimeoutMs: 2_000,
  witnesses: [],
};

const failure = (code: string): Failure => new Failure({ code, doing: 'play', what: 'as told' });
const never = <T>(): Promise<T> => new Promise<T>(() => {});
const later = <T>(ms: number, error: Failure): Promise<T> =>
  new Promise((_resolve, reject) => {
    setTimeout(() => reject(error), ms);
  });

/** A server whose behaviour is changed while the watch goes on. */
function playServer() {
  const state = {
    connecting: 'serves' as 'serves' | 'refused' | 'unreachable' | 'timeout' | 'no-signing',
    echo: 'answers' as 'answers' | 'timeout' | 'disconnected',
    logon: 'accepts' as string,
    file: 'reads' as string,
  };
  const counts = { connects: 0, open: 0, logons: 0, echoes: 0 };
  const stat = {
    directory: false,
    size: 5,
    allocatedBytes: 0,
    attributes: 0,
    created: 0n,
    accessed: 0n,
    written: 100n,
    changed: 0n,
  };
  const tree = {
    fetch: async (_path: string, _hint: number, sink: Parameters<Tree['fetch']>[2]) => {
      if (state.file === 'hangs') return never();
      if (state.file !== 'reads' && state.file !== 'longer') throw failure(state.file);
      sink.begin?.({ ...stat, size: state.file === 'longer' ? 6 : 5 });
      await sink.data(Buffer.alloc(5), 0);
      return { before: stat, after: stat, bytes: 5 };
    },
    disconnect: async () => {},
  };
  const connect = async (): Promise<Connection> => {
    counts.connects += 1;
    if (state.connecting === 'unreachable' || state.connecting === 'timeout')
      return later(250, failure(state.connecting));
    if (state.connecting !== 'serves') throw failure(state.connecting);
    counts.open += 1;
    let open = true;
    const close = (): void => {
      if (open) counts.open -= 1;
      open = false;
    };
    const connection: Partial<Connection> = {
      echo: async (timeoutMs) => {
        counts.echoes += 1;
        if (state.echo === 'timeout') return later(timeoutMs, failure('timeout'));
        if (state.echo === 'disconnected') throw failure('disconnected');
        return 1;
      },
      logon: (_credentials, turn = (logOn) => logOn(() => {})) =>
        turn(async (proving) => {
          counts.logons += 1;
          await proving();
          if (state.logon !== 'accepts') throw failure(state.logon);
          return { tree: async () => tree } as unknown as Session;
        }),
      close,
      closed: never(),
    };
    return connection as Connection;
  };
  return { state, counts, connect };
}

describe('watching a played server', () => {
  let stalledMs = 0;
  const clock: Clock = { monoMs: () => performance.now() + stalledMs, wallMs: () => 0 };
  let server: ReturnType<typeof playServer>;
  let evidence: Evidence[];
  let stop: () => void;
  const last = (layer: Evidence['layer']): Evidence | undefined => evidence.findLast((each) => each.layer === layer);

  const begin = (plan: ProbePlan = PLAN): void => {
    const lateness = openLateness(clock.monoMs());
    const ticks = setInterval(() => lateness.tick(clock.monoMs()), 50);
    const watching = watch(plan, {
      clock,
      after: systemAfter,
      connect: server.connect,
      gate: openLogonGate(clock),
      lateness,
      arp: () => Promise.reject(failure('no-interface')),
      ownNetworks: () => [],
      evidence: (each) => evidence.push(each),
      broken: (error) => {
        throw error;
      },
    });
    stop = () => {
      watching.stop();
      clearInterval(ticks);
    };
  };

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'] });
    server = playServer();
    evidence = [];
    stalledMs = 0;
  });
  afterEach(() => {
    stop();
    vi.useRealTimers();
  });

  it('keeps one session, sends ECHO on it every 250 ms, and opens a new connection only every 2 s', async () => {
    begin();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.counts.echoes).toBeGreaterThanOrEqual(80);
    expect(server.counts.connects).toBeLessThanOrEqual(12);
    expect(server.counts).toMatchObject({ logons: 1, open: 1 });
    expect([last('echo'), last('negotiate'), last('fetch')].map((each) => each?.outcome)).toEqual([
      'answered',
      'answered',
      'answered',
    ]);
  });

  it.each<['refused' | 'unreachable' | 'timeout' | 'serves', Outcome]>([
    ['refused', 'refused'],
    ['unreachable', 'silent'],
    ['timeout', 'frozen'],
    ['serves', 'frozen'],
  ])(
    'ECHO is missed and a new connection ends with %s: %s, known when the ECHO is over',
    async (connecting, outcome) => {
      begin();
      await vi.advanceTimersByTimeAsync(1_000);
      server.state.echo = 'timeout';
      server.state.connecting = connecting;
      await vi.advanceTimersByTimeAsync(250 + 250 + 125);
      expect(last('echo')?.outcome).toBe(outcome);
    },
  );

  it('a session that the living server closed is opened anew, and is not held against it', async () => {
    begin();
    await vi.advanceTimersByTimeAsync(3_000);
    server.state.echo = 'disconnected';
    await vi.advanceTimersByTimeAsync(260);
    server.state.echo = 'answers';
    await vi.advanceTimersByTimeAsync(2_000);
    expect(evidence.filter((each) => each.layer === 'echo' && each.outcome !== 'answered')).toEqual([]);
    expect(server.counts.logons).toBe(2);
  });

  it('a session that was closed by a dying server is refused at once', async () => {
    begin();
    await vi.advanceTimersByTimeAsync(3_000);
    server.state.echo = 'disconnected';
    server.state.connecting = 'refused';
    await vi.advanceTimersByTimeAsync(260);
    expect(last('echo')?.outcome).toBe('refused');
    expect(last('negotiate')?.outcome).toBe('refused');
  });

  it('a wrong password is tried once in half an hour of watching, and ECHO goes on without it', async () => {
    server.state.logon = 'wrong-password';
    begin();
    await vi.advanceTimersByTimeAsync(1_800_000);
    expect(server.counts.logons).toBe(1);
    expect(last('fetch')).toMatchObject({ outcome: 'denied', detail: expect.stringContaining('wrong-password') });
    expect(last('echo')).toMatchObject({ outcome: 'answered', detail: 'not logged on' });
  });

  it.each(['not-found', 'bad-share', 'sharing-violation', 'longer'])(
    'the known file: %s is «changed»',
    async (file) => {
      server.state.file = file;
      begin();
      await vi.advanceTimersByTimeAsync(6_000);
      expect(last('fetch')?.outcome).toBe('changed');
      expect(last('echo')?.outcome).toBe('answered');
    },
  );

  it.each(['access-denied', 'nt-status', 'no-space'])(
    'the known file: %s is «denied», which is never held against the main',
    async (file) => {
      server.state.file = file;
      begin();
      await vi.advanceTimersByTimeAsync(6_000);
      expect(last('fetch')?.outcome).toBe('denied');
    },
  );

  it('a file that does not come in time is frozen, and its connection does not linger', async () => {
    server.state.file = 'hangs';
    begin();
    await vi.advanceTimersByTimeAsync(7_500);
    expect(last('fetch')?.outcome).toBe('frozen');
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.counts.open).toBeLessThanOrEqual(1);
  });

  it('a server whose connection ends with every reading is denied, not passed over in silence', async () => {
    server.state.file = 'disconnected';
    begin();
    await vi.advanceTimersByTimeAsync(30_000);
    expect(last('fetch')?.outcome).toBe('denied');
  });

  it('does not fill the backlog of a frozen server', async () => {
    server.state.connecting = 'timeout';
    begin();
    await vi.advanceTimersByTimeAsync(600_000);
    expect(server.counts.connects).toBeLessThan(80);
    server.state.connecting = 'serves';
    await vi.advanceTimersByTimeAsync(12_000);
    expect(last('echo')?.outcome).toBe('answered');
  });

  it('does not storm a server that it cannot speak to', async () => {
    server.state.connecting = 'no-signing';
    begin();
    await vi.advanceTimersByTimeAsync(20_000);
    expect(server.counts.connects).toBeLessThan(25);
    expect(last('negotiate')).toMatchObject({ outcome: 'denied', detail: expect.stringContaining('no-signing') });
  });

  it('without a log-on it watches as far as it can, and says what it does not know', async () => {
    const { logon: _logon, ...plan } = PLAN;
    begin(plan);
    await vi.advanceTimersByTimeAsync(6_000);
    expect(last('echo')?.outcome).toBe('answered');
    expect(last('fetch')).toMatchObject({ outcome: 'unknown', detail: 'no log-on is set' });
    expect(server.counts.logons).toBe(0);
  });

  it('what we missed because we did not run ourselves is not reported; what is missed after that is', async () => {
    begin();
    await vi.advanceTimersByTimeAsync(1_000);
    server.state.echo = 'timeout';
    server.state.connecting = 'timeout';
    await vi.advanceTimersByTimeAsync(450);
    // ECHO and a new connection are under way; their time limits pass while we stand still.
    stalledMs += 400;
    const against = (): Evidence[] => evidence.filter((each) => each.outcome === 'frozen');
    await vi.advanceTimersByTimeAsync(200);
    expect(against()).toEqual([]);
    await vi.advanceTimersByTimeAsync(600);
    expect(against().map((each) => each.layer)).toContain('echo');
  });

  it('stops for good: every connection closed, no further word', async () => {
    begin();
    await vi.advanceTimersByTimeAsync(3_100);
    stop();
    const before = evidence.length;
    await vi.advanceTimersByTimeAsync(30_000);
    expect(evidence).toHaveLength(before);
    expect(server.counts.open).toBe(0);
  });
});
