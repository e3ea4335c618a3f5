/**
 * The network process's handle on its ARP thread: one interface, orders down, answers up. Every question has a time limit
 * of its own, so that a thread that died leaves nobody waiting.
 */
import { Worker } from 'node:worker_threads';
import { Failure } from '../base/failure.ts';
import type { ArpAnswer, ArpProbe, FromArpThread, ToArpThread } from './arp-messages.ts';
import type { Network } from './ipv4.ts';

/** A thread that has not opened its socket by then never will. */
const OPEN_LIMIT_MS = 5_000;
/** Added to a probe's own time limit before we give the thread up. */
const ANSWER_MARGIN_MS = 500;
const CLOSE_LIMIT_MS = 1_000;

export interface ArpEvents {
  rival(address: string, mac: string): void;
  /** The thread ended by itself, which it never should. */
  died(why: string): void;
}

export interface Arp {
  readonly interfaceName: string;
  /** Never throws; what cannot be known is `unproven`. */
  probe(probe: ArpProbe): Promise<ArpAnswer>;
  place(networks: Network[], avoid: string[]): void;
  /** Announces and defends for leaseMs; begins with the first rounds anew when `announce`. */
  hold(addresses: string[], leaseMs: number, announce: boolean): void;
  drop(): void;
  close(): Promise<void>;
}

/** Opens the ARP socket of an interface. Throws `no-interface`, or `eperm` without the right to. */
export async function openArp(interfaceName: string, events: ArpEvents): Promise<Arp> {
  const worker = new Worker(new URL('./arp-worker.ts', import.meta.url), {
    workerData: { interfaceName },
    // Its socket does not come from Node, which would warn when it is closed.
    trackUnmanagedFds: false,
  });
  const waiting = new Map<number, (answer: ArpAnswer) => void>();
  let lastId = 0;
  let gone: string | undefined;
  let isOpen = false;
  const post = (order: ToArpThread): void => worker.postMessage(order);
  const end = (why: string): void => {
    if (gone !== undefined) return;
    gone = why;
    for (const answer of waiting.values()) answer({ kind: 'unproven', what: why });
    waiting.clear();
  };

  await new Promise<void>((resolve, reject) => {
    const limit = setTimeout(() => fail('timeout', 'the thread did not start in time'), OPEN_LIMIT_MS);
    const fail = (code: string, what: string): void => {
      clearTimeout(limit);
      void worker.terminate();
      reject(new Failure({ code, doing: 'watch', subject: interfaceName, what, retry: true }));
    };
    const died = (why: string): void => {
      const expected = gone !== undefined;
      fail('thread', why);
      end(why);
      if (isOpen && !expected) events.died(why);
    };
    worker.on('error', (error) => died(error.message));
    worker.on('exit', () => died('the ARP thread ended'));
    worker.on('message', (message: FromArpThread) => {
      switch (message.kind) {
        case 'open':
          clearTimeout(limit);
          isOpen = true;
          return resolve();
        case 'cannot':
          return fail(message.code, message.what);
        case 'answer': {
          const answer = waiting.get(message.id);
          waiting.delete(message.id);
          return answer?.(message.answer);
        }
        case 'rival':
          return events.rival(message.address, message.mac);
        case 'closed':
          return end('closed');
      }
    });
  });

  return {
    interfaceName,
    probe: (probe) =>
      new Promise((resolve) => {
        if (gone !== undefined) return resolve({ kind: 'unproven', what: gone });
        lastId += 1;
        const id = lastId;
        const limit = setTimeout(() => {
          waiting.delete(id);
          resolve({ kind: 'unproven', what: 'the ARP thread does not answer' });
        }, probe.timeoutMs + ANSWER_MARGIN_MS);
        waiting.set(id, (answer) => {
          clearTimeout(limit);
          resolve(answer);
        });
        post({ kind: 'probe', id, probe });
      }),
    place: (networks, avoid) => post({ kind: 'place', networks, avoid }),
    hold: (addresses, leaseMs, announce) => post({ kind: 'hold', addresses, leaseMs, announce }),
    drop: () => post({ kind: 'drop' }),
    async close() {
      const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
      const alreadyGone = gone !== undefined;
      post({ kind: 'close' });
      end('closed');
      if (alreadyGone) return;
      const limit = setTimeout(() => void worker.terminate(), CLOSE_LIMIT_MS);
      await ended;
      clearTimeout(limit);
    },
  };
}
