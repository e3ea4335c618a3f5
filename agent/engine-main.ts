/** How the engine reaches the main: one connection, log-on and share at a time; the password stays in memory. */
import { connect } from '../smb/index.ts';
import type { Credentials, Tree } from '../smb/types.ts';
import type { Link, OpenLink } from './mirror/links.ts';

export interface MainAddress {
  address: string;
  port: number;
}

const CONNECT_MS = 5_000;
const REQUEST_MS = 20_000;

/** Opens a share of the main on a connection of its own. */
export function linkOpener(main: MainAddress, logon: Credentials): OpenLink {
  return async (share): Promise<Link> => {
    const connection = await connect({
      host: main.address,
      port: main.port,
      connectTimeoutMs: CONNECT_MS,
      requestTimeoutMs: REQUEST_MS,
    });
    try {
      const session = await connection.logon(logon);
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
