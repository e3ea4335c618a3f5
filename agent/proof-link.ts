/** Verify, its findings, and questions about a path, as standbyd has them from the engine and orders them of it. */
import type { FindingList, VerifyStatus } from '../api/verify.ts';
import { Failure } from '../base/failure.ts';
import type { Answers } from './answers.ts';
import type { Explanation, FromEngine, ToEngine } from './engine-messages.ts';
import type { OrderAnswer } from './http/daemon.ts';

export interface ProofLink {
  /** What the engine told of the last verify; undefined when there was none. */
  readonly state: VerifyStatus | undefined;
  readonly findings: FindingList['findings'];
  /** Takes what is about verify; the rest is no matter of this. */
  hear(message: FromEngine): void;
  verify(request: { heal: boolean; report: boolean }): Promise<OrderAnswer>;
  stop(): Promise<OrderAnswer>;
  /** Throws a Failure when the engine does not answer. */
  explain(about: { share: string; path: string }): Promise<Explanation>;
}

interface EngineSide {
  send(message: ToEngine): boolean;
  answers: Answers<FromEngine>;
}

/** The engine answers in the order in which it was ordered: it may be stopping a share that waits for a disk. */
const ANSWER_MS = 10_000;
/** What the engine refuses, as opposed to what fails. */
const REFUSALS = new Set(['frozen', 'not-mirroring', 'incomplete', 'busy', 'not-configured']);

/** `changed`: there is news of a verify. */
export function openProofLink(engine: EngineSide, changed: () => void): ProofLink {
  let state: VerifyStatus | undefined;
  let findings: FindingList['findings'] = [];
  let asked = 0;

  const ask = async <T>(doing: string, order: ToEngine, pick: (message: FromEngine) => T | false): Promise<T> => {
    const answer = engine.answers.wait(doing, ANSWER_MS, (message) => {
      if (message.kind === 'failed' && message.order === order.kind)
        throw new Failure({ code: message.code, doing, what: message.what, hint: message.hint });
      return pick(message);
    });
    if (!engine.send(order)) engine.answers.lose('the mirror engine is not there yet');
    return answer;
  };

  const orderly = async (act: () => Promise<string>): Promise<OrderAnswer> => {
    try {
      return { accepted: true, why: await act() };
    } catch (error) {
      if (!(error instanceof Failure) || !REFUSALS.has(error.code)) throw error;
      return { accepted: false, why: error.message, ...(error.hint === undefined ? {} : { hint: error.hint }) };
    }
  };

  return {
    get state() {
      return state;
    },
    get findings() {
      return findings;
    },
    hear(message) {
      if (message.kind === 'findings') findings = message.findings;
      else if (message.kind === 'verify') {
        state = message.verify;
        changed();
      }
    },
    verify: ({ heal, report }) =>
      orderly(async () => {
        const before = state?.id;
        await ask('verify', { kind: 'verify', heal, hashes: report }, (message) => {
          return message.kind === 'verify' && message.verify.id !== before;
        });
        return 'main and mirror are being compared';
      }),
    stop: () =>
      orderly(async () => {
        if (state?.state !== 'running') return 'no verify runs';
        await ask('end the verify', { kind: 'stop-verify' }, (message) => {
          return message.kind === 'verify' && message.verify.state !== 'running';
        });
        return 'the verify was ended';
      }),
    explain({ share, path }) {
      asked += 1;
      const n = asked;
      return ask('explain', { kind: 'explain', n, share, path }, (message) => {
        return message.kind === 'explained' && message.n === n && message.explanation;
      });
    },
  };
}
