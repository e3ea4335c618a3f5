/** A contender: whatever lets the standby box stand in for the main. */

/** Wall times (ms) of one takeover, as far as the contender shows them. */
export interface Marks {
  /** It decided to take over. */
  decidedMs?: number;
  /** It knew that files are served at the address. */
  provenMs?: number;
}

export interface Protector {
  /** The address that clients use for the main. */
  readonly address: string;
  marks(): Promise<Marks>;
  /** Its own words, for when a run fails. */
  log(): string;
}
