/**
 * Who logs on: the account, and of its password only the NTLMv2 key (NTOWFv2, MS-NLMP 3.3.2), which proves nothing but this account
 * on servers that take NTLMv2. A session keeps it to log on again when it expires; with the session it is wiped.
 */
import { Failure } from '../../base/failure.ts';
import type { Credentials } from '../types.ts';
import { responseKey } from './ntlm-keys.ts';

export class Identity {
  readonly user: string;
  readonly domain: string;
  /** Private, so that nothing that prints objects shows it. */
  readonly #key: Buffer;
  #isWiped = false;

  constructor(credentials: Credentials) {
    this.user = credentials.user;
    this.domain = credentials.domain;
    this.#key = responseKey(credentials);
  }

  /** 16 bytes. Throws `session-expired` once it is wiped: with zeros a server would count a wrong password. */
  get key(): Buffer {
    if (!this.#isWiped) return this.#key;
    throw new Failure({
      code: 'session-expired',
      doing: 'log on again as',
      subject: this.user,
      what: 'the session is over',
      hint: 'log on with the password',
    });
  }

  get isWiped(): boolean {
    return this.#isWiped;
  }

  wipe(): void {
    this.#isWiped = true;
    this.#key.fill(0);
  }
}
