/** What waits to be sent, in two lanes, and whose turn it is by the credits that there are. */
import { Failure } from '../../base/failure.ts';
import { type Credits, RESERVE } from './credits.ts';
import type { Exchange } from './exchange.ts';
import { Fifo } from './fifo.ts';

/** `starved`: it costs more than there is, and nothing in flight will bring more. `broke`: there is nothing at all. */
export type Turn = { kind: 'go' | 'starved'; exchange: Exchange } | { kind: 'broke' };

export class Lanes {
  readonly #urgent = new Fifo<Exchange>();
  readonly #bulk = new Fifo<Exchange>();

  push(exchange: Exchange): void {
    (exchange.outgoing.lane === 'urgent' ? this.#urgent : this.#bulk).push(exchange);
  }

  /** Takes the next one out, or undefined when there is none or it has to wait for credits. What was abandoned is dropped. */
  next(credits: Credits, owesCredits: () => boolean): Turn | undefined {
    for (;;) {
      const lane = this.#urgent.length > 0 ? this.#urgent : this.#bulk;
      const exchange = lane.peek();
      if (exchange === undefined) return undefined;
      const kind = exchange.abandoned ? 'drop' : verdict(exchange, credits, owesCredits);
      if (kind === 'wait') return undefined;
      if (kind === 'broke') return { kind };
      lane.shift();
      if (kind !== 'drop') return { kind, exchange };
    }
  }

  drain(): Exchange[] {
    return [...this.#urgent.drain(), ...this.#bulk.drain()];
  }
}

function verdict(
  exchange: Exchange,
  credits: Credits,
  owesCredits: () => boolean,
): 'go' | 'wait' | 'starved' | 'broke' {
  const { balance } = credits;
  const reserve = exchange.outgoing.lane === 'bulk' ? RESERVE : 0;
  if (balance >= exchange.charge + reserve) return 'go';
  if (owesCredits()) return 'wait';
  // Nothing will bring more credits, so waiting for the reserve, or for anything, would be for ever.
  if (balance >= exchange.charge) return 'go';
  return balance > 0 ? 'starved' : 'broke';
}

/** What is tried again is cut to the credits that there are then. */
export function tooFewCredits(exchange: Exchange, balance: number): Failure {
  return new Failure({
    code: 'nt-status',
    doing: exchange.outgoing.doing,
    subject: exchange.outgoing.subject,
    what: `the server has cut its credits to ${balance}, ${exchange.charge} are needed`,
    hint: 'it is short of memory or overloaded; it is tried again later with smaller requests',
    retry: true,
  });
}
