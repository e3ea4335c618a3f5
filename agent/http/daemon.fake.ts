/**
 * A daemon for tests: answers what it is told to, and remembers what it was asked. As honest as the real one at its edge:
 * events are kept and numbered, listeners hear of them, and the status is a value of its own each time.
 */
import type { Plan } from '../../api/command.ts';
import { EVENTS_LIMIT, type LogEvent } from '../../api/event.ts';
import type { ShareList } from '../../api/shares.ts';
import type { Status } from '../../api/status.ts';
import type { Explanation, FindingList } from '../../api/verify.ts';
import type { Daemon, News, Order, OrderAnswer } from './daemon.ts';

export interface FakeDaemon extends Daemon {
  /** Everything that was ordered, oldest first. */
  readonly orders: unknown[];
  readonly listeners: ReadonlySet<(news: News) => void>;
  /** What the next orders, set-ups and plans are answered with, or what they throw. */
  answerWith(answer: OrderAnswer | Error): void;
  planWith(plan: Plan): void;
  listWith(shares: ShareList): void;
  findWith(findings: FindingList['findings']): void;
  explainWith(explanation: Explanation): void;
  /** Changes the status and tells the listeners. */
  change(part: Partial<Status>): void;
  happen(event: Omit<LogEvent, 'id'>): void;
  tell(news: News): void;
}

const START_MS = Date.UTC(2026, 10, 3, 8, 14);

export const fakeStatus: Status = {
  sentence: {
    level: 'ok',
    sentence: 'Protected. If FILES01 stops, STANDBY1 serves its files within about 2 seconds.',
    after: 'Next: nothing.',
  },
  mode: 'standing-by',
  sinceMs: START_MS,
  why: 'the first pass is complete',
  takeover: { mode: 'automatic', patience: '10 s refused, 3 s silent, 5 s frozen' },
  main: { name: 'FILES01', address: '192.168.10.20' },
  layers: [
    { layer: 'link', outcome: 'answered', ms: 0, ageMs: 200, detail: '' },
    { layer: 'echo', outcome: 'answered', ms: 0.4, ageMs: 120, detail: '' },
    { layer: 'fetch', outcome: 'unknown', ms: 0, ageMs: -1, detail: 'no known file yet' },
  ],
  mirror: {
    shares: [
      {
        share: 'Projects',
        state: 'live',
        complete: true,
        files: 12_000,
        bytes: 4_200_000_000,
        filesToDo: 0,
        bytesToDo: 0,
        skipped: 0,
        problem: '',
        lastPassMs: START_MS,
        traffic: {
          ever: { readBytes: 5_000_000, writtenBytes: 5_000_000, changedBytes: 5_000_000, uncomparedBytes: 0 },
          day: { readBytes: 0, writtenBytes: 0, changedBytes: 0, uncomparedBytes: 0 },
        },
        provedMs: START_MS,
        unproven: 0,
      },
    ],
    files: 12_000,
    bytes: 4_200_000_000,
    filesToDo: 0,
    bytesToDo: 0,
    skipped: 0,
    bytesPerSecond: 0,
    filesPerSecond: 0,
    leftMs: -1,
    load: { limitBytesPerSecond: 0, limiting: false, yielding: false, inFlightAtMost: 64 },
  },
  decision: '',
  held: [],
  pausedUntilMs: null,
  frozenFor: '',
  restore: null,
  verify: null,
  processes: {
    agent: { alive: true, pid: 100, rssBytes: 80_000_000 },
    net: { alive: true, pid: 101, rssBytes: 60_000_000 },
    engine: { alive: false, pid: 0, rssBytes: 0 },
  },
  alerts: [],
  mail: { waiting: 0, problem: '' },
  version: '0.1.0',
  atMs: START_MS + 60_000,
};

export const fakePlan: Plan = {
  hash: '0123456789abcdef',
  file: '/var/lib/standby/plans/1.jsonl',
  send: 2,
  sendBytes: 5_000,
  remove: 1,
  conflicts: 0,
  leave: 3,
  blocked: 0,
  sample: [{ action: 'send', share: 'Projects', path: 'a/new.txt', why: 'changed here' }],
};

export function fakeDaemon(): FakeDaemon {
  const orders: unknown[] = [];
  const listeners = new Set<(news: News) => void>();
  const events: LogEvent[] = [];
  let status = fakeStatus;
  let answer: OrderAnswer | Error = { accepted: true, why: 'it is done' };
  let plan = fakePlan;
  let shares: ShareList = {
    name: 'FILES01',
    shares: [{ name: 'Projects', comment: 'work', kind: 'disk', special: false }],
  };
  let findings: FindingList['findings'] = [];
  let explanation: Explanation = {
    share: 'Projects',
    path: 'a/new.txt',
    verdict: 'mirrored',
    kind: 'file',
    why: 'it is mirrored',
    sinceMs: START_MS,
    provedMs: START_MS,
    size: 5_000,
  };
  const order = async (what: unknown): Promise<OrderAnswer> => {
    orders.push(what);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const tell = (news: News): void => {
    for (const listener of listeners) listener(news);
  };
  return {
    orders,
    listeners,
    answerWith: (next) => {
      answer = next;
    },
    planWith: (next) => {
      plan = next;
    },
    listWith: (next) => {
      shares = next;
    },
    findWith: (next) => {
      findings = next;
    },
    explainWith: (next) => {
      explanation = next;
    },
    change(part) {
      status = { ...status, ...part };
      tell({ kind: 'status' });
    },
    happen(event) {
      const numbered = { id: events.length + 1, ...event };
      events.push(numbered);
      tell({ kind: 'event', event: numbered });
    },
    tell,
    status: () => status,
    command: (what: Order) => order(what),
    setup: order,
    setUserPassword: order,
    listShares: async (request) => {
      await order(request);
      return shares;
    },
    planRestore: async () => {
      const { accepted, ...words } = await order('plan');
      return accepted ? { accepted, plan } : { accepted, ...words };
    },
    setLimits: order,
    limits: () => ({
      limits: [{ rate: '20mbit', hours: '08-18', days: 'mon-fri' }],
      nowBytesPerSecond: 2_500_000,
      limiting: true,
    }),
    problems: () => ({ problems: [{ share: 'Projects', path: 'a/locked.doc', why: 'open elsewhere' }] }),
    verify: order,
    stopVerify: () => order('stop-verify'),
    findings: () => ({ findings }),
    explain: async (about) => {
      await order(about);
      return explanation;
    },
    events: (after) => ({
      events: events.filter(({ id }) => id > after).slice(0, EVENTS_LIMIT),
      last: events.length,
    }),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
