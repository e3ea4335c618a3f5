/** An administrator's orders in the words of the deciding core, and the one order that only asks: what a restore would do. */
import { Failure } from '../base/failure.ts';
import type { Answers } from './answers.ts';
import type { Command, Mode } from './decide/types.ts';
import type { FromEngine, PlanSummary, ToEngine } from './engine-messages.ts';
import type { Order, PlanAnswer } from './http/daemon.ts';

const MINUTE_MS = 60_000;

export function commandOf(order: Order, wallMs: number): Command {
  if (order.name === 'pause')
    return { name: 'pause', untilWallMs: order.minutes === undefined ? undefined : wallMs + order.minutes * MINUTE_MS };
  return order;
}

/** Comparing a large tree may take hours; the engine's beats tell whether it still lives. */
export async function askForPlan(
  mode: Mode,
  engine: { send(message: ToEngine): boolean; answers: Answers<FromEngine> },
): Promise<PlanAnswer> {
  if (mode.kind !== 'handed-back') {
    return {
      accepted: false,
      why:
        mode.kind === 'active'
          ? 'this box still serves the main’s address'
          : 'there is nothing to restore: nobody worked on this box',
      ...(mode.kind === 'active' ? { hint: 'standby recover-ip, then start the main' } : {}),
    };
  }
  const doing = 'plan the restore';
  const answer = engine.answers.wait<PlanSummary>(doing, Number.POSITIVE_INFINITY, (message) => {
    if (message.kind === 'failed' && message.order === 'plan-restore') {
      throw new Failure({ code: message.code, doing, what: message.what, hint: message.hint });
    }
    return message.kind === 'plan' && message.decision === mode.decision && message.plan;
  });
  if (!engine.send({ kind: 'plan-restore', decision: mode.decision }))
    engine.answers.lose('the mirror engine is not there yet');
  return { accepted: true, plan: await answer };
}
