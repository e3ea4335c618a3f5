/** Verify and scrub of one mirror: started and stopped with it, ordered and asked through here. */
import type { Clock } from '../../../base/clock.ts';
import { Failure } from '../../../base/failure.ts';
import type { Log } from '../../../base/log.ts';
import type { Explanation, FromEngine } from '../../engine-messages.ts';
import { explain, type Held } from '../explain.ts';
import type { OpenLink } from '../links.ts';
import { Scrub } from './scrub.ts';
import type { ProofStore } from './store.ts';
import { type ProvenShare, Verify } from './verify.ts';

export interface ProofOptions {
  shares: readonly ProvenShare[];
  store: ProofStore;
  open: OpenLink;
  clock: Clock;
  log: Log;
  random(): number;
  statePath: string;
  scrubEveryMs: number;
  tell(message: FromEngine): void;
  alert(code: string, what: string, hint: string, share: string): void;
  /** What waits for a person's word. */
  held?: Held;
}

/** Findings that are told; the report has all of them. */
const FINDINGS_TOLD = 200;

export class Proof {
  readonly #options: ProofOptions;
  readonly #verify: Verify;
  readonly #scrub: Scrub;
  #isOn = false;
  #told = '';
  #toldVersion = -1;

  constructor(options: ProofOptions) {
    const { scrubEveryMs: everyMs } = options;
    this.#options = options;
    this.#verify = new Verify({ ...options, changed: () => this.#tell() });
    this.#scrub = new Scrub({ ...options, everyMs, isBusy: () => this.#verify.isRunning });
  }

  /** The mirror runs: a verify that was cut off goes on. */
  start(): void {
    this.#isOn = true;
    this.#verify.resume();
    this.#scrub.start();
  }

  /** When it returns nothing is read or healed any more. `isForGood`: what is mirrored later says nothing of what was compared before. */
  async stop(isForGood: boolean): Promise<void> {
    this.#isOn = false;
    const ending = isForGood ? this.#verify.stop('mirroring was stopped') : this.#verify.suspend();
    await Promise.all([ending, this.#scrub.stop()]);
  }

  /** Begins a verify. Throws a Failure: `not-mirroring`, `incomplete`, `busy`. */
  verify(heal: boolean, hashes: boolean): void {
    const refuse = (code: string, what: string, hint: string): Failure =>
      new Failure({ code, doing: 'verify', what, hint });
    if (!this.#isOn)
      throw refuse('not-mirroring', 'the mirror does not follow the main now', 'begin with: standby start-sync');
    if (this.#options.shares.some(({ ground }) => !ground.index.share(ground.share).complete))
      throw refuse('incomplete', 'the first copy is not complete yet', 'wait for it with: standby start-sync --wait');
    this.#verify.begin(heal, hashes);
    this.#tell();
  }

  async stopVerify(): Promise<void> {
    await this.#verify.stop('it was ended by order');
    this.#tell();
  }

  explain(share: string, path: string): Explanation {
    const { shares, store, held } = this.#options;
    const name = shares.find(({ ground }) => ground.share.toUpperCase() === share.toUpperCase());
    if (name !== undefined) return explain(name.ground, store, path, held ?? (() => undefined));
    const why = `this share is not mirrored; mirrored are: ${shares.map(({ ground }) => ground.share).join(', ')}`;
    return { share, path, verdict: 'no-share', kind: '', why, sinceMs: 0, provedMs: 0, size: 0 };
  }

  /** Call it about four times a second. */
  turn(): void {
    this.#verify.turn(this.#options.clock.monoMs());
    this.#tell();
  }

  #tell(): void {
    const { tell } = this.#options;
    const { state, version } = this.#verify;
    if (state === undefined) return;
    if (version !== this.#toldVersion) {
      this.#toldVersion = version;
      tell({ kind: 'findings', findings: this.#verify.findings(FINDINGS_TOLD) });
    }
    const text = JSON.stringify(state);
    if (text === this.#told) return;
    this.#told = text;
    tell({ kind: 'verify', verify: { ...state } });
  }
}
