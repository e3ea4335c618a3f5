/**
 * How the engine reaches the main: log-ons one at a time, and none that could lock the account; the password stays in memory.
 */
import type { Clock } from '../base/clock.ts';
import { connect } from '../smb/index.ts';
import { LogonGuard } from '../smb/logon/logon-guard.ts';
import { ownNotes, sharedNotes } from '../smb/logon/logon-notes.ts';
import type { Credentials, Requirements, Tree } from '../smb/types.ts';
import type { ToEngine } from './engine-messages.ts';
import type { Link, OpenLink } from './mirror/links.ts';
import type { Load } from './mirror/load/load.ts';

type Configure = Extract<ToEngine, { kind: 'configure' }>;

export interface MainAddress {
  address: string;
  port: number;
  require?: Requirements | undefined;
}

/** The care for the account, together with the network process where the order says where to meet. */
export function guardOf(order: Pick<Configure, 'logon' | 'ledger'>, clock: Clock): LogonGuard {
  const { logon, ledger } = order;
  // Without a ledger the guard lives as long as one configuration, which is one password.
  if (ledger === undefined) return new LogonGuard(clock, ownNotes(), logon, '');
  return new LogonGuard(clock, sharedNotes(ledger.folder, 'engine'), logon, ledger.generation);
}

const CONNECT_MS = 5_000;
const REQUEST_MS = 20_000;

/**
 * Opens a share of the main on a connection of its own; throws what the guard remembers while no log-on may be tried.
 * @param load what holds the connection's bulk work back; nothing does without
 */
export function linkOpener(main: MainAddress, logon: Credentials, guard: LogonGuard, load?: Load): OpenLink {
  return async (share, use = 'live'): Promise<Link> => {
    guard.check();
    const connection = await connect({
      host: main.address,
      port: main.port,
      connectTimeoutMs: CONNECT_MS,
      requestTimeoutMs: REQUEST_MS,
      require: main.require,
      bulk: load?.before(use),
    });
    try {
      const session = await connection.logon(logon, guard.run);
      const tree = await session.tree(share);
      return {
        tree,
        server: connection.server,
        echo: (timeoutMs) => connection.echo(timeoutMs),
        close: () => connection.close(),
        closed: connection.closed,
      };
    } catch (error) {
      connection.close();
      throw error;
    }
  };
}

/** Shares kept open for a job that asks for them again and again; opened anew after their connection was lost. */
export class OpenShares {
  readonly #open: OpenLink;
  readonly #links = new Map<string, Promise<Link>>();

  constructor(open: OpenLink) {
    this.#open = open;
  }

  async tree(share: string): Promise<Tree> {
    const known = this.#links.get(share);
    if (known !== undefined) return (await known).tree;
    const opening = this.#open(share);
    this.#links.set(share, opening);
    const forget = (): void => {
      if (this.#links.get(share) === opening) this.#links.delete(share);
    };
    opening.then((link) => link.closed, forget).then(forget, forget);
    return (await opening).tree;
  }

  close(): void {
    for (const opening of this.#links.values()) opening.then((link) => link.close()).catch(() => {});
    this.#links.clear();
  }
}
