/**
 * The route table: the one contract between the daemon and everybody who talks to it. The server takes its checks from
 * here, the client its types, and the OpenAPI document is written from it.
 */
import { z } from 'zod';
import {
  accepted,
  forceRequest,
  noBody,
  pauseRequest,
  plan,
  problemList,
  recoverRequest,
  restoreRequest,
} from './command.ts';
import type { ErrorCode } from './errors.ts';
import { eventList } from './event.ts';
import { limitList, limitRequest } from './limit.ts';
import { setupRequest, userRequest } from './setup.ts';
import { shareList, sharesRequest } from './shares.ts';
import { status } from './status.ts';
import { streamMessage } from './stream.ts';
import { explainQuery, explanation, findingList, verifyRequest } from './verify.ts';
import { queryNumber } from './words.ts';

export interface Route<Body extends z.ZodType, Query extends z.ZodType, Answer extends z.ZodType> {
  method: 'GET' | 'POST';
  path: string;
  /** json: one answer; stream: server-sent events, of which `answer` describes one message. */
  kind: 'json' | 'stream';
  /** One line: what it does. */
  doc: string;
  body: Body;
  query: Query;
  answer: Answer;
  /** Errors beyond those that every route can answer. */
  errors: readonly ErrorCode[];
  /** Milliseconds after which a client stops waiting for the answer. */
  patienceMs: number;
}

export type AnyRoute = Route<z.ZodType, z.ZodType, z.ZodType>;

/** What every route can answer. */
export const commonErrors = ['bad-request', 'not-found', 'bad-method', 'too-large', 'bad-type', 'unexpected'] as const;

const SHORT_MS = 10_000;
/** Commands wait for the decision, not for its effects. */
const COMMAND_MS = 30_000;
/** Talking to the main: several connections, each with its own limits. */
const MAIN_MS = 60_000;
/** Comparing everything on both sides before a restore. */
const PLAN_MS = 3_600_000;

const mainErrors = [
  'wrong-password',
  'account-unusable',
  'server-unreachable',
  'smb1-only',
  'too-weak',
  'guest-only',
  'access-denied',
  'bad-share',
  'server-answer',
] as const;

const none = z.strictObject({});

function get<Answer extends z.ZodType>(path: string, doc: string, answer: Answer) {
  return {
    method: 'GET',
    path,
    kind: 'json',
    doc,
    body: noBody,
    query: none,
    answer,
    errors: [],
    patienceMs: SHORT_MS,
  } as const;
}

function post<Body extends z.ZodType, Answer extends z.ZodType>(
  path: string,
  doc: string,
  parts: { body: Body; answer: Answer; errors: readonly ErrorCode[]; patienceMs: number },
) {
  return { method: 'POST', path, kind: 'json', doc, query: none, ...parts } as const;
}

function command<Body extends z.ZodType>(path: string, doc: string, body: Body, errors: readonly ErrorCode[] = []) {
  return post(path, doc, { body, answer: accepted, errors: ['refused', 'failed', ...errors], patienceMs: COMMAND_MS });
}

export const routes = {
  status: get('/v1/status', 'How things stand: one sentence, then every figure behind it.', status),
  shares: post('/v1/shares', 'List the shares of a file server with the given log-on; nothing is kept.', {
    body: sharesRequest,
    answer: shareList,
    errors: [...mainErrors, 'failed'],
    patienceMs: MAIN_MS,
  }),
  setup: post('/v1/setup', 'Save the whole configuration: settings to their file, passwords apart.', {
    body: setupRequest,
    answer: accepted,
    errors: [...mainErrors, 'refused', 'bad-settings', 'failed'],
    patienceMs: MAIN_MS,
  }),
  startSync: command('/v1/start-sync', 'Begin to mirror: first pass, then live.', noBody),
  stopSync: command('/v1/stop-sync', 'Stop mirroring; the standby no longer protects.', noBody),
  forceFailover: command('/v1/force-failover', "Take the main's address and serve now.", forceRequest, ['confirm']),
  recoverIp: command('/v1/recover-ip', 'Give the address back to the main.', recoverRequest, ['confirm']),
  planRestore: post('/v1/restore-files/plan', 'Compare main and standby and plan the restore; changes nothing.', {
    body: noBody,
    answer: plan,
    errors: [...mainErrors, 'refused', 'failed'],
    patienceMs: PLAN_MS,
  }),
  restoreFiles: command('/v1/restore-files', 'Carry out exactly the plan with this hash.', restoreRequest, ['confirm']),
  pause: command('/v1/pause', 'No automatic take-over for some minutes, or until resumed.', pauseRequest),
  resume: command('/v1/resume', 'Automatic take-over is on again.', noBody),
  limits: get('/v1/limit', 'How fast the mirror may read from the main, by hours.', limitList),
  setLimits: command('/v1/limit', 'Set how fast the mirror may read from the main, from now on.', limitRequest, [
    'bad-settings',
  ]),
  users: command('/v1/users', "Set a user's password on the standby's own Samba.", userRequest),
  problems: get('/v1/problems', 'Files that could not be copied now, with reasons.', problemList),
  verify: command(
    '/v1/verify',
    'Begin to compare main and mirror as a whole; status tells how it goes.',
    verifyRequest,
  ),
  stopVerify: command('/v1/verify/stop', 'End the verify that runs.', noBody),
  findings: get('/v1/verify/findings', 'What the last verify found, the first two hundred.', findingList),
  explain: {
    ...get('/v1/explain', 'Why a path is or is not mirrored.', explanation),
    query: explainQuery,
    errors: ['refused', 'failed'],
  },
  events: {
    ...get('/v1/events', 'Recent decisions and alerts, oldest first, at most a thousand.', eventList),
    query: z.strictObject({
      /** Only events with a greater id. */
      after: queryNumber.optional(),
    }),
  },
  stream: {
    ...get(
      '/v1/stream',
      'Server-sent events: status changes (at most four a second), events, restore progress.',
      streamMessage,
    ),
    kind: 'stream',
    query: z.strictObject({
      /** Begin with the events after this id; absent: only new ones. */
      after: queryNumber.optional(),
    }),
    errors: ['busy'],
  },
  openapi: get('/v1/openapi.json', 'This contract as an OpenAPI 3.1 document.', z.record(z.string(), z.unknown())),
} as const satisfies Record<string, AnyRoute>;

export type RouteName = keyof typeof routes;
