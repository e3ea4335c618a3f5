/** Which part of the daemon answers which route. Requests arrive here unchecked and leave as replies of the contract. */
import type { z } from 'zod';
import { openApi } from '../../api/openapi.ts';
import { type Route, routes } from '../../api/routes.ts';
import type { Daemon, Order, OrderAnswer } from './daemon.ts';
import { errorReply, type Reply } from './failures.ts';
import { checked } from './request.ts';

export interface Handler {
  method: string;
  path: string;
  /** Throws a Failure (request-bad) when body or query are not what the route wants, and what the daemon throws. */
  answer(body: unknown, query: unknown): Promise<Reply>;
}

/** Every route that answers JSON; the stream is served by stream.ts. */
export function handlers(daemon: Daemon): Handler[] {
  const order = async (name: Order): Promise<Reply> => orderReply(await daemon.command(name));
  return [
    bind(routes.status, () => done(daemon.status())),
    bind(routes.shares, async (body) => done(await daemon.listShares(body))),
    bind(routes.setup, async (body) => orderReply(await daemon.setup(body))),
    bind(routes.startSync, () => order({ name: 'start-sync' })),
    bind(routes.stopSync, () => order({ name: 'stop-sync' })),
    bind(routes.forceFailover, ({ confirm, acceptMissing }) =>
      confirmed(daemon, confirm, () => order({ name: 'force-failover', acceptMissing })),
    ),
    bind(routes.recoverIp, ({ confirm }) => confirmed(daemon, confirm, () => order({ name: 'recover-ip' }))),
    bind(routes.planRestore, async () => {
      const answer = await daemon.planRestore();
      return answer.accepted ? done(answer.plan) : orderReply(answer);
    }),
    bind(routes.restoreFiles, ({ confirm, planHash }) =>
      confirmed(daemon, confirm, () => order({ name: 'restore-files', planHash })),
    ),
    bind(routes.pause, ({ minutes }) => order({ name: 'pause', minutes })),
    bind(routes.resume, () => order({ name: 'resume' })),
    bind(routes.limits, () => done(daemon.limits())),
    bind(routes.setLimits, async (body) => orderReply(await daemon.setLimits(body))),
    bind(routes.users, async (body) => orderReply(await daemon.setUserPassword(body))),
    bind(routes.problems, () => done(daemon.problems())),
    bind(routes.verify, async (body) => orderReply(await daemon.verify(body))),
    bind(routes.stopVerify, async () => orderReply(await daemon.stopVerify())),
    bind(routes.findings, () => done(daemon.findings())),
    bind(routes.explain, async (_, about) => done(await daemon.explain(about))),
    bind(routes.events, (_, { after }) => done(daemon.events(after ?? 0))),
    bind(routes.openapi, () => done(openApi(daemon.status().version))),
  ];
}

function bind<Body extends z.ZodType, Query extends z.ZodType, Answer extends z.ZodType>(
  route: Route<Body, Query, Answer>,
  handle: (body: z.output<Body>, query: z.output<Query>) => Reply | Promise<Reply>,
): Handler {
  return {
    method: route.method,
    path: route.path,
    answer: async (body, query) => handle(checked(route.body, body), checked(route.query, query)),
  };
}

function done(value: unknown): Reply {
  return { status: 200, body: value };
}

function orderReply(answer: OrderAnswer): Reply {
  return answer.accepted ? done(answer) : errorReply('refused', answer.why, answer.hint);
}

/** A dangerous order goes through only with the main's name typed, so that neither a slip nor a script for another box acts. */
async function confirmed(daemon: Daemon, typed: string, act: () => Promise<Reply>): Promise<Reply> {
  const { main } = daemon.status();
  if (main === null) return errorReply('refused', 'no main is set up yet', 'run: standby setup');
  if (typed !== main.name) {
    return errorReply('confirm', 'the name given to confirm is not the name of the main', `the main is ${main.name}`);
  }
  return act();
}
