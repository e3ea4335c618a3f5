/** Credits: how much the server lets us have in flight (MS-SMB2 3.2.4.1.2, 3.2.5.1.4). The balance rules, never a constant. */

/** Credits that let everything run at full speed: 24 chains of eight small files, or forty reads of 1 MiB. */
const WANTED = 640;
/** What one request asks for beyond what it uses; Samba gives 32 more at most. */
const GROWTH = 64;
/** Bulk leaves these for CLOSE, ECHO and re-arming a watch. */
export const RESERVE = 2;

export class Credits {
  /** A connection begins with one (MS-SMB2 3.2.5.2). */
  #balance = 1;
  #inFlight = 0;

  get balance(): number {
    return this.#balance;
  }

  /** Everything that the server lets us use when nothing is in flight. */
  get window(): number {
    return this.#balance + this.#inFlight;
  }

  /** A message of this charge goes out. */
  spend(charge: number): void {
    this.#balance -= charge;
    this.#inFlight += charge;
  }

  /** An answer has come: the charge of its request, 0 when an interim answer gave it back already, and what the header grants. */
  settle(charge: number, granted: number): void {
    this.#inFlight -= charge;
    this.#balance += granted;
  }

  /** CreditRequest for a part of this charge: what it costs and, while there are not enough, more. */
  ask(charge: number): number {
    return charge + Math.max(0, Math.min(GROWTH, WANTED - this.window));
  }
}
