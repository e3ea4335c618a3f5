/**
 * What standbyd orders of the engine, one order after the other: configure, mirror, stop, freeze, thaw, plan, restore.
 * An order that fails is answered by `failed`; what an order found broken never ends the process.
 */

import { type Clock, systemClock } from '../base/clock.ts';
import { Failure, isFailure, textOf } from '../base/failure.ts';
import type { Log } from '../base/log.ts';
import { baseViewOf } from './engine-base-view.ts';
import { guardOf, linkOpener, OpenShares } from './engine-main.ts';
import type { FromEngine, ToEngine } from './engine-messages.ts';
import { carryOut, type HandbackDeps, type Progress, planRestore } from './handback/index.ts';
import { readBootId } from './mirror/boot-id.ts';
import { Mirror } from './mirror/index.ts';
import { Load } from './mirror/load/load.ts';
import { Rate } from './mirror/progress.ts';

type Configure = Extract<ToEngine, { kind: 'configure' }>;
export type Order = Exclude<ToEngine, { kind: 'beat' }>;

export interface OrdersOptions {
  log: Log;
  tell(message: FromEngine): void;
  /** Ends the process, which standbyd starts again: for what cannot be put right in it. */
  end(why: string): void;
}

/** Progress of a restore is told this often at most. */
const TELL_MS = 250;
/** The mirror's disk may be mounted late, and a full disk may have room again. */
const CONFIGURE_AGAIN_MS = 10_000;

export class Orders {
  readonly #options: OrdersOptions;
  readonly #clock: Clock = systemClock;
  readonly #load = new Load({ clock: this.#clock, later: (act, ms) => void setTimeout(act, ms) });
  #last: Promise<void> = Promise.resolve();
  #configured: { order: Configure; mirror: Mirror; main: OpenShares } | undefined;
  /** Runs while a configuration that could not be taken waits for another try. */
  #again: NodeJS.Timeout | undefined;
  /** The last of `mirror`, `stop` and `freeze` was `mirror`. */
  #isWanted = false;

  constructor(options: OrdersOptions) {
    this.#options = options;
  }

  /** Takes an order; it is carried out when those before it are. */
  take(order: Order): void {
    // What is under way must not hold it up, nor does it wait for a configuration.
    if (order.kind === 'limit') {
      this.#load.setLimits(order.limits);
      return;
    }
    // A restore under way gives up its connections, so that whoever stops us does not wait for a dead main.
    if (order.kind === 'stop' || order.kind === 'freeze') this.#configured?.main.close();
    this.#last = this.#last.then(() => this.#answer(order));
  }

  async #answer(order: Exclude<Order, { kind: 'limit' }>): Promise<void> {
    try {
      await this.#carry(order);
    } catch (error) {
      const code = isFailure(error) ? error.code : 'unexpected';
      const hint = isFailure(error) ? (error.hint ?? '') : '';
      this.#options.log.error(`an order failed: ${textOf(error)}`, { order: order.kind, code });
      this.#options.tell({ kind: 'failed', order: order.kind, code, what: textOf(error), hint });
      if (order.kind === 'configure') this.#tryAgain(order, code, textOf(error), hint);
    }
  }

  #tryAgain(order: Configure, code: string, what: string, hint: string): void {
    // Nobody waits for the answer to a configuration: without the alert it would fail unheard.
    if (this.#again === undefined) this.#options.tell({ kind: 'alert', code, what, hint });
    this.#again = setTimeout(() => this.take(order), CONFIGURE_AGAIN_MS);
  }

  async #carry(order: Exclude<Order, { kind: 'limit' }>): Promise<void> {
    const { tell } = this.#options;
    switch (order.kind) {
      case 'configure':
        clearTimeout(this.#again);
        await this.#configure(order);
        this.#again = undefined;
        return;
      case 'mirror':
        this.#isWanted = true;
        this.#now.mirror.start();
        return;
      case 'stop':
        this.#isWanted = false;
        await this.#configured?.mirror.stop();
        tell({ kind: 'stopped' });
        return;
      case 'verify':
        this.#verify(order.heal, order.hashes);
        return;
      case 'stop-verify':
        await this.#now.mirror.proof.stopVerify();
        return;
      case 'explain': {
        const explanation = this.#now.mirror.proof.explain(order.share, order.path);
        tell({ kind: 'explained', n: order.n, explanation });
        return;
      }
      case 'freeze':
        this.#isWanted = false;
        await this.#now.mirror.freeze(order.decision);
        tell({ kind: 'frozen', decision: order.decision });
        return;
      case 'thaw':
        this.#now.mirror.thaw(order.decision);
        tell({ kind: 'thawed', decision: order.decision });
        return;
      case 'plan-restore':
        tell({ kind: 'plan', decision: order.decision, plan: await planRestore(this.#handback(order.decision)) });
        return;
      case 'restore':
        await this.#restore(order.decision, order.planHash);
        return;
    }
  }

  get #now(): { order: Configure; mirror: Mirror; main: OpenShares } {
    if (this.#configured !== undefined) return this.#configured;
    throw new Failure({
      code: 'not-configured',
      doing: 'take an order',
      what: 'the engine has not been told what to mirror',
    });
  }

  async #configure(order: Configure): Promise<void> {
    const known = this.#configured;
    if (known !== undefined && JSON.stringify(known.order) === JSON.stringify(order)) return;
    this.#configured = undefined;
    known?.main.close();
    await known?.mirror.close();
    const guard = guardOf(order, this.#clock);
    const open = linkOpener(order.main, order.logon, guard, this.#load);
    const { mirrorPath, statePath, shares, reserveBytes, passEveryMs, owner } = order;
    const { log, tell } = this.#options;
    const mirror = new Mirror({
      mirrorPath,
      statePath,
      shares,
      reserveBytes,
      passEveryMs,
      scrubEveryMs: order.scrubEveryMs,
      excludes: order.excludes,
      owner,
      load: this.#load,
      open,
      clock: this.#clock,
      log,
      random: Math.random,
      bootId: readBootId(mirrorPath),
      tell,
      broken: (failure) => this.#options.end(failure.message),
    });
    // A restore is waited for by people: nothing holds it back.
    this.#configured = { order, mirror, main: new OpenShares(linkOpener(order.main, order.logon, guard)) };
    if (this.#isWanted && mirror.frozenFor === '') mirror.start();
  }

  #verify(heal: boolean, hashes: boolean): void {
    const { mirror } = this.#now;
    if (mirror.frozenFor !== '')
      throw new Failure({
        code: 'frozen',
        doing: 'verify',
        what: 'the mirror holds files that users changed during a takeover: it is not to be what the main has',
        hint: 'hand back and run Restore Files first',
      });
    mirror.proof.verify(heal, hashes);
  }

  #handback(decision: string): HandbackDeps {
    const { order, mirror, main } = this.#now;
    if (mirror.frozenFor !== decision)
      throw new Failure({
        code: 'not-frozen',
        doing: 'restore',
        subject: decision,
        what: 'the mirror is not frozen for this takeover, so what is in it is not what users changed in it',
      });
    return {
      view: baseViewOf(mirror.index, order.mirrorPath),
      statePath: order.statePath,
      decision,
      shares: order.shares,
      treeOf: (share) => main.tree(share),
    };
  }

  async #restore(decision: string, planHash: string): Promise<void> {
    const { tell } = this.#options;
    const rate = new Rate();
    let toldMs = Number.NEGATIVE_INFINITY;
    const progress = (so: Progress): void => {
      const nowMs = this.#clock.monoMs();
      if (nowMs - toldMs < TELL_MS && so.done < so.total) return;
      toldMs = nowMs;
      rate.note(nowMs, so.done, so.bytes);
      const { bytesPerSecond } = rate.now;
      const leftMs = bytesPerSecond === 0 ? -1 : Math.round(((so.totalBytes - so.bytes) / bytesPerSecond) * 1_000);
      tell({
        kind: 'restoring',
        decision,
        done: so.done,
        total: so.total,
        bytesPerSecond: Math.round(bytesPerSecond),
        leftMs,
      });
    };
    const { mirror } = this.#now;
    try {
      const { sent, removed, conflicts, open, problems } = await carryOut(this.#handback(decision), planHash, progress);
      await mirror.settled();
      tell({ kind: 'problems', problems });
      tell({ kind: 'restored', decision, sent, removed, conflicts, open });
    } finally {
      mirror.index.commit();
    }
  }

  /** Ends everything in order; what is placed is in the index afterwards. */
  async close(): Promise<void> {
    clearTimeout(this.#again);
    this.#configured?.main.close();
    await this.#configured?.mirror.close();
  }
}
