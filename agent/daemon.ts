/**
 * The daemon as the HTTP edge sees it: answers from memory, and orders handed to the standby that is set up now, if one is.
 * A set-up replaces that standby by one with the new settings; it is refused while the old one serves or holds users' changes.
 */
import type { SetupRequest } from '../api/setup.ts';
import type { Status } from '../api/status.ts';
import { Failure, textOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { limitText } from '../settings/limits.ts';
import type { Limit } from './engine-messages.ts';
import type { Daemon, News, Order, OrderAnswer } from './http/daemon.ts';
import type { Journal } from './journal.ts';
import { checkSetup, listShares } from './setup.ts';
import type { Standby } from './standby.ts';

export interface DaemonParts {
  journal: Journal;
  settingsFile: string;
  /** The standby that is set up, or undefined. */
  current(): Standby | undefined;
  /** Writes the settings and puts a standby with them in the place of the present one. */
  replace(request: SetupRequest): Promise<void>;
  /** What a status says while nothing is set up. */
  blankStatus(): Status;
  subscribe(listener: (news: News) => void): () => void;
}

const NOT_SET_UP: OrderAnswer = {
  accepted: false,
  why: 'this box does not know yet which file server it stands by for',
  hint: 'standby setup',
};

/** Modes in which the box may be given other settings without anybody losing anything. */
const REPLACEABLE: ReadonlySet<Status['mode']> = new Set(['idle', 'syncing', 'standing-by', 'suspecting']);

export function openDaemon(parts: DaemonParts): Daemon {
  let settingUp = false;
  return {
    status: () => parts.current()?.status() ?? parts.blankStatus(),
    command: async (order: Order) => parts.current()?.command(order) ?? NOT_SET_UP,
    listShares: (request) => listShares(request, parts.settingsFile),
    async setup(request) {
      const refusal = (): OrderAnswer | undefined => {
        const mode = parts.current()?.status().mode;
        return mode === undefined || REPLACEABLE.has(mode)
          ? undefined
          : {
              accepted: false,
              why: `the settings cannot change now: ${parts.current()?.status().sentence.sentence}`,
              hint: 'finish the hand-back and the restore first',
            };
      };
      if (settingUp) return { accepted: false, why: 'another set-up is under way', hint: 'wait until that is done' };
      settingUp = true;
      try {
        const before = refusal();
        if (before !== undefined) return before;
        await checkSetup(request, parts.settingsFile);
        // That took a while: the main may have failed meanwhile.
        const after = refusal();
        if (after !== undefined) return after;
        await parts.replace(request);
      } finally {
        settingUp = false;
      }
      return { accepted: true, why: `this box now stands by for ${request.main.name}`, hint: 'standby start-sync' };
    },
    async planRestore() {
      return parts.current()?.planRestore() ?? { accepted: false, why: NOT_SET_UP.why };
    },
    async setUserPassword(request) {
      const present = parts.current();
      if (present === undefined) return NOT_SET_UP;
      await present.setUserPassword(request.name, request.password);
      return { accepted: true, why: `${request.name} can log on while this box stands in` };
    },
    async setLimits({ limits }) {
      const present = parts.current();
      if (present === undefined) return NOT_SET_UP;
      present.setLimits(limits);
      return { accepted: true, why: limitsInWords(present.limits()) };
    },
    limits() {
      const present = parts.current();
      const { limitBytesPerSecond, limiting } = (present?.status() ?? parts.blankStatus()).mirror.load;
      return { limits: (present?.limits() ?? []).map(limitText), nowBytesPerSecond: limitBytesPerSecond, limiting };
    },
    problems: () => parts.current()?.problems() ?? { problems: [] },
    verify: async (request) => parts.current()?.proof.verify(request) ?? NOT_SET_UP,
    stopVerify: async () => parts.current()?.proof.stop() ?? NOT_SET_UP,
    findings: () => ({ findings: parts.current()?.proof.findings ?? [] }),
    async explain(about) {
      const present = parts.current();
      if (present !== undefined) return present.proof.explain(about);
      throw new Failure({ code: 'not-set-up', doing: 'explain', what: NOT_SET_UP.why });
    },
    events: (after) => parts.journal.after(after),
    subscribe: parts.subscribe,
  };
}

function limitsInWords(limits: readonly Limit[]): string {
  if (limits.length === 0) return 'the mirror reads from the main as fast as the main lets it';
  const each = limits.map(limitText).map(({ rate, hours, days }) => `${rate} ${hours} ${days}`);
  return `the mirror reads from the main at most ${each.join(', and ')}`;
}

/** Who listens for news; a listener that throws is a bug of ours and must not stop a decision: it hears no more. */
export function openNewsroom(log: Log): {
  tell(news: News): void;
  subscribe(listener: (news: News) => void): () => void;
} {
  const listeners = new Set<(news: News) => void>();
  return {
    tell(news) {
      for (const listener of [...listeners]) {
        try {
          listener(news);
        } catch (error) {
          listeners.delete(listener);
          log.critical(`a listener threw and is told no more: ${textOf(error)}`);
        }
      }
    },
    subscribe(listener) {
      if (listeners.size >= LISTENER_LIMIT)
        throw new Failure({
          code: 'busy',
          doing: 'listen',
          what: `${LISTENER_LIMIT} listeners are there already`,
          retry: true,
        });
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

const LISTENER_LIMIT = 256;
