/** A session after the logon: the list of shares, connecting to one, and the end (MS-SMB2 3.2.4.2.4, 3.2.4.23). */
import { Failure } from '../base/failure.ts';
import { printable } from '../base/human.ts';
import { Line } from './line.ts';
import type { Link } from './link.ts';
import { refusedName } from './name.ts';
import type { Terms } from './negotiate.ts';
import { noCipher, type Protection } from './protection.ts';
import { listShares } from './shares.ts';
import { SmbTree } from './tree.ts';
import type { Connection, Session, ShareInfo, Tree } from './types.ts';
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
  /** The server wants everything of this session encrypted. */
  encrypt: boolean;
}

export class SmbSession implements Session {
  readonly connection: Connection;
  readonly #parts: SessionParts;
  readonly #line: Line;
  #validated: boolean;

  constructor(parts: SessionParts) {
    this.connection = parts.connection;
    this.#parts = parts;
    this.#line = new Line(parts.link, parts.protection, 0, parts.encrypt);
    // In 3.1.1 the keys prove the negotiation.
    this.#validated = parts.terms.server.dialect === 0x0311;
  }

  async shares(): Promise<ShareInfo[]> {
    const { line } = await this.#connect('IPC$');
    try {
      return await listShares(line, this.#parts.host);
    } finally {
      await line.exchange([treeDisconnectRequest()], { doing: 'disconnect from', subject: 'IPC$', lane: 'urgent' });
    }
  }

  async tree(share: string): Promise<Tree> {
    const { line, kind } = await this.#connect(share);
    if (kind === 'disk') return new SmbTree(share, line, this.connection.server);
    await line.exchange([treeDisconnectRequest()], { doing: 'disconnect from', subject: share, lane: 'urgent' });
    throw new Failure({
      code: 'bad-share',
      doing: 'connect to share',
      subject: share,
      what: kind === 'printer' ? 'it is a printer' : 'it is no folder with files',
      hint: 'choose a share with files',
    });
  }

  /** Afterwards nothing of the session works any more; its trees are gone with it. */
  async logoff(): Promise<void> {
    await this.#line.ask(logoffRequest(), { doing: 'log off from', subject: this.#parts.link.subject, lane: 'urgent' });
    this.#parts.link.unprotect(this.#parts.protection);
  }

  async #connect(share: string): Promise<{ line: Line; kind: ConnectedTree['kind'] }> {
    const { link, protection, host, terms } = this.#parts;
    const why = refusedName(share);
    if (why !== undefined)
      throw new Failure({ code: 'bad-name', doing: 'connect to share', subject: printable(share), what: why });
    const about = { doing: 'connect to share', subject: share, lane: 'urgent' } as const;
    const answer = await this.#line.ask(treeConnectRequest(`\\\\${host}\\${share}`), about);
    const tree = readConnectedTree(answer.part);
    if (tree === undefined || answer.header.asyncId !== undefined)
      throw badAnswer('TREE_CONNECT gave no share that we know');
    if (tree.encrypt && !protection.canEncrypt) throw noCipher();
    const line = new Line(link, protection, answer.header.treeId, this.#parts.encrypt || tree.encrypt);
    if (!this.#validated) {
      await validateNegotiation(line, terms);
      this.#validated = true;
    }
    return { line, kind: tree.kind };
  }
}
