/** A session after the logon: the list of shares, connecting to one, and the end (MS-SMB2 3.2.4.2.4, 3.2.4.23). */
import type { Clock } from '../base/clock.ts';
import { Failure } from '../base/failure.ts';
import { printable } from '../base/human.ts';
import { SmbTree } from './files/tree.ts';
import { Line } from './link/line.ts';
import type { Link } from './link/link.ts';
import { noCipher, type Protection } from './link/protection.ts';
import type { Identity } from './logon/identity.ts';
import { SessionRenewal } from './logon/renew.ts';
import { refusedName } from './name.ts';
import type { Random, Terms } from './negotiate.ts';
import { listOpenFiles } from './service/open-files.ts';
import { listSessions } from './service/sessions.ts';
import { listShares } from './service/shares.ts';
import type { ClientSession, Connection, HeldFile, LogonTurn, Session, ShareInfo, Tree } from './types.ts';
import { validateNegotiation } from './validate.ts';
import { badAnswer } from './wire/bytes.ts';
import { logoffRequest, treeDisconnectRequest } from './wire/simple.ts';
import { type ConnectedTree, readConnectedTree, treeConnectRequest } from './wire/tree-connect.ts';

export interface SessionParts {
  connection: Connection;
  link: Link;
  host: string;
  terms: Terms;
  protection: Protection;
  /** Everything of this session is encrypted: the server wants it, or whoever connected. */
  encrypt: boolean;
  /** The session's own from here on: it wipes it at its end. */
  identity: Identity;
  /** For its renewals. */
  turn: LogonTurn;
  clock: Clock;
  random: Random;
}

export class SmbSession implements Session {
  readonly connection: Connection;
  readonly #parts: SessionParts;
  readonly #line: Line;
  readonly #renewal: SessionRenewal;
  #validated: boolean;

  constructor(parts: SessionParts) {
    this.connection = parts.connection;
    this.#parts = parts;
    const { link, protection, identity } = parts;
    this.#line = new Line(link, protection, 0, parts.encrypt);
    this.#renewal = new SessionRenewal({ ...parts, line: this.#line, sessionId: protection.sessionId });
    link.renewBy(protection, this.#renewal);
    void link.closed.then(() => identity.wipe());
    // In 3.1.1 the keys prove the negotiation.
    this.#validated = parts.terms.server.dialect === 0x0311;
  }

  shares(): Promise<ShareInfo[]> {
    return this.#onPipes((line) => listShares(line, this.#parts.host));
  }

  sessions(limit: number): Promise<{ sessions: ClientSession[]; more: boolean }> {
    return this.#onPipes((line) => listSessions(line, this.#parts.host, limit));
  }

  openFiles(limit: number): Promise<{ files: HeldFile[]; more: boolean }> {
    return this.#onPipes((line) => listOpenFiles(line, this.#parts.host, limit));
  }

  async #onPipes<T>(work: (line: Line) => Promise<T>): Promise<T> {
    const { line } = await this.#connect('IPC$');
    try {
      return await work(line);
    } finally {
      await leave(line, 'IPC$');
    }
  }

  async tree(share: string): Promise<Tree> {
    const { line, kind } = await this.#connect(share);
    if (kind === 'disk') return new SmbTree(share, line, this.connection.server);
    await leave(line, share);
    throw new Failure({
      code: 'bad-share',
      doing: 'connect to share',
      subject: share,
      what: kind === 'printer' ? 'it is a printer' : 'it is no folder with files',
      hint: 'choose a share with files',
    });
  }

  renew(): Promise<void> {
    return this.#renewal.renew();
  }

  /** Afterwards nothing of the session works any more; its trees are gone with it. */
  async logoff(): Promise<void> {
    await this.#line.ask(logoffRequest(), { doing: 'log off from', subject: this.#parts.link.subject, lane: 'urgent' });
    this.#parts.link.unprotect(this.#parts.protection);
    this.#parts.identity.wipe();
  }

  async #connect(share: string): Promise<{ line: Line; kind: ConnectedTree['kind'] }> {
    const { link, protection, host } = this.#parts;
    const why = refusedName(share);
    if (why !== undefined)
      throw new Failure({
        code: 'bad-name',
        doing: 'connect to share',
        subject: printable(share),
        what: why,
        hint: 'give the name of the share as the list of shares has it',
      });
    const about = { doing: 'connect to share', subject: share, lane: 'urgent' } as const;
    const answer = await this.#line.ask(treeConnectRequest(`\\\\${host}\\${share}`), about);
    const tree = readConnectedTree(answer.part);
    if (tree === undefined || answer.header.asyncId !== undefined)
      throw badAnswer('TREE_CONNECT gave no share that we know');
    if (tree.encrypt && !protection.canEncrypt) {
      await leave(new Line(link, protection, answer.header.treeId, this.#parts.encrypt), share);
      throw noCipher();
    }
    const line = new Line(link, protection, answer.header.treeId, this.#parts.encrypt || tree.encrypt);
    try {
      await this.#validate(line);
    } catch (error) {
      await leave(line, share);
      throw error;
    }
    return { line, kind: tree.kind };
  }

  async #validate(line: Line): Promise<void> {
    if (this.#validated) return;
    await validateNegotiation(line, this.#parts.terms);
    this.#validated = true;
  }
}

/** TREE_DISCONNECT of a share that nobody was given. Where it does not get through the server does the same by itself. */
async function leave(line: Line, share: string): Promise<void> {
  const about = { doing: 'disconnect from', subject: share, lane: 'urgent' } as const;
  await line.exchange([treeDisconnectRequest()], about).catch(() => undefined);
}
