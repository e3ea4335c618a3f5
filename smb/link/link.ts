/**
 * One TCP connection with everything that is in flight on it.
 *
 *   send → queue (urgent │ bulk) → credits → bytes → [one write per turn of the loop] → socket
 *   socket → frames → decrypt │ verify → answers by message id → whoever sent
 *
 * Whatever goes wrong ends the connection with one Failure, which everybody who waits is given: after an answer that
 * cannot be trusted nothing later on the same connection can be.
 */
import type { Socket } from 'node:net';
import type { Clock } from '../../base/clock.ts';
import { Failure, failureOf, isFailure } from '../../base/failure.ts';
import { smb1Only } from '../smb1.ts';
import { STATUS } from '../status/status.ts';
import type { BulkLimit } from '../types.ts';
import { badAnswer } from '../wire/bytes.ts';
import { COMMAND, type Header, readHeader, splitChain, UNASKED } from '../wire/header.ts';
import { u64At } from '../wire/u64.ts';
import { checkProtected } from './check-protected.ts';
import { Credits } from './credits.ts';
import { Exchange, InFlight, type Outgoing, type Renewal, timedOut } from './exchange.ts';
import { FrameReader } from './frame.ts';
import { Gate } from './gate.ts';
import { Lanes, tooFewCredits } from './lanes.ts';
import { buildCancel, buildMessage } from './message.ts';
import { Outbox } from './outbox.ts';
import type { Protection } from './protection.ts';

/** Before NEGOTIATE an answer is small. */
const FIRST_LIMIT_BYTES = 64 * 1024;
/** Headers, the content of several small files in one chain, and the encryption around it. */
const FRAME_EXTRA_BYTES = 768 * 1024;
const FRAME_LIMIT_BYTES = 0xff_ffff;
/** How often deadlines are looked at; a fine grain matters only for short ones. */
const LOOK_MS = { least: 10, most: 500 } as const;

const MARK = { smb1: 0x424d53ff, transform: 0x424d53fd } as const;

export class Link {
  readonly subject: string;
  readonly credits = new Credits();
  readonly gate: Gate;
  readonly closed: Promise<Failure>;
  /** Milliseconds for an answer unless a request says otherwise. */
  readonly timeoutMs: number;
  readonly #clock: Clock;
  readonly #bulk: BulkLimit | undefined;
  readonly #reader: FrameReader;
  readonly #inFlight: InFlight;
  readonly #lanes = new Lanes();
  readonly #outbox = new Outbox();
  readonly #protections = new Map<bigint, Protection>();
  readonly #renewals = new Map<Protection, Renewal>();
  readonly #look: NodeJS.Timeout;
  readonly #lookMs: number;
  #socket: Socket | undefined;
  #nextId = 0;
  #tellCharge = false;
  #answered = false;
  #failure: Failure | undefined;
  #resolveClosed: (why: Failure) => void = () => {};

  /**
   * @param subject names the server in messages: `host:port`
   * @param shortestMs the shortest time limit that any request of this link will have: it sets how often deadlines are looked at
   * @param bulk what holds bulk work back
   */
  constructor(subject: string, timeoutMs: number, clock: Clock, shortestMs = timeoutMs, bulk?: BulkLimit) {
    this.subject = subject;
    this.timeoutMs = timeoutMs;
    this.#clock = clock;
    this.#bulk = bulk;
    this.gate = new Gate(bulk);
    this.#inFlight = new InFlight(clock.monoMs());
    this.#reader = new FrameReader(FIRST_LIMIT_BYTES, (frame) => this.#receive(frame));
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.#lookMs = Math.max(LOOK_MS.least, Math.min(LOOK_MS.most, shortestMs / 8));
    this.#look = setInterval(() => this.#lookAtDeadlines(), this.#lookMs);
  }

  /** For net.connect: where the socket puts what it reads. */
  readonly onread = {
    buffer: (): Buffer => this.#reader.buffer(),
    callback: (length: number): boolean => {
      this.#bulk?.arrived(length);
      this.#guard(() => this.#reader.took(length));
      return true;
    },
  };

  /** The socket is connected; from here on its end is ours. */
  attach(socket: Socket): void {
    this.#socket = socket;
    this.#outbox.attach(socket);
    socket.on('error', (error) => this.fail(this.#lost(error)));
    socket.on('end', () => this.fail(this.#lost(undefined)));
    socket.on('close', () => this.fail(this.#lost(undefined)));
  }

  /** NEGOTIATE is over: larger messages may come, and charges may be told. */
  negotiated(largestBytes: number, tellCharge: boolean): void {
    this.#reader.limitBytes = Math.min(FRAME_LIMIT_BYTES, largestBytes + FRAME_EXTRA_BYTES);
    this.#tellCharge = tellCharge;
  }

  /** Encrypted answers of this session can be read from now on. */
  protect(protection: Protection): void {
    this.#protections.set(protection.sessionId, protection);
  }

  /** From now on this session is renewed when it has expired. */
  renewBy(protection: Protection, renewal: Renewal): void {
    this.#renewals.set(protection, renewal);
  }

  unprotect(protection: Protection): void {
    this.#protections.delete(protection.sessionId);
    this.#renewals.delete(protection);
  }

  /**
   * Queues a message; it leaves when the credits allow. `done` rejects when the connection ends, or when the server takes
   * its credits back.
   */
  send(outgoing: Outgoing): Exchange {
    const { protection } = outgoing;
    const exchange = new Exchange(outgoing, protection && this.#renewals.get(protection));
    this.queue(exchange);
    return exchange;
  }

  /** Queues an exchange, also once more. */
  queue(exchange: Exchange): void {
    if (this.#failure !== undefined) {
      exchange.fail(this.#failure);
      return;
    }
    if (exchange.renewal?.holds(exchange) === true) return;
    this.#lanes.push(exchange);
    this.#pump();
  }

  /** Asks the server to give up the exchange's first part, or drops it when it was not even sent. Its answer still comes. */
  cancel(exchange: Exchange): void {
    if (this.#failure !== undefined) return;
    if (exchange.firstId === undefined) {
      exchange.abandoned = true;
      return;
    }
    const waiting = this.#inFlight.get(exchange.firstId);
    if (waiting !== undefined) this.#outbox.put(buildCancel(exchange.outgoing, exchange.firstId, waiting.asyncId));
  }

  /** Ends the connection. Only the first reason counts. */
  fail(why: Failure): void {
    if (this.#failure !== undefined) return;
    this.#failure = why;
    clearInterval(this.#look);
    this.#socket?.destroy();
    this.gate.shut(why);
    for (const exchange of [...this.#inFlight.drain(), ...this.#lanes.drain()]) exchange.fail(why);
    this.#resolveClosed(why);
  }

  /** Nothing will look at the bytes of this answer any more: the next one may be read into them. */
  reuse(part: Buffer): void {
    this.#reader.reuse(part);
  }

  /** Milliseconds on the clock of this link. */
  get nowMs(): number {
    return this.#clock.monoMs();
  }

  /** Whether TCP ever connected. */
  get attached(): boolean {
    return this.#socket !== undefined;
  }

  get failure(): Failure | undefined {
    return this.#failure;
  }

  #pump(): void {
    const owesCredits = (): boolean => this.#inFlight.owesCredits();
    for (let turn = this.#lanes.next(this.credits, owesCredits); turn !== undefined; ) {
      if (turn.kind === 'broke') {
        this.fail(badAnswer('the server grants no credits'));
        return;
      }
      if (turn.kind === 'go') this.#go(turn.exchange);
      else turn.exchange.fail(tooFewCredits(turn.exchange, this.credits.balance));
      turn = this.#lanes.next(this.credits, owesCredits);
    }
  }

  #go(exchange: Exchange): void {
    const { outgoing } = exchange;
    const deadlineMs =
      outgoing.timeoutMs === undefined ? Number.POSITIVE_INFINITY : this.#clock.monoMs() + outgoing.timeoutMs;
    const firstId = this.#nextId;
    const ask = (charge: number): number => this.credits.ask(charge);
    this.credits.spend(exchange.charge);
    const bytes = this.#guard(() => buildMessage(outgoing, { firstId, ask, tellCharge: this.#tellCharge }));
    if (bytes === undefined) {
      exchange.fail(this.#failure ?? badAnswer('a message could not be built'));
      return;
    }
    exchange.firstId = firstId;
    outgoing.parts.forEach((part, index) => {
      const { command, charge } = part;
      this.#inFlight.add(this.#nextId, {
        exchange,
        index,
        command,
        charge,
        deadlineMs,
        asyncId: undefined,
        interim: false,
      });
      this.#nextId += charge;
    });
    this.#outbox.put(bytes);
  }

  /** Returns whether the frame's bytes are needed no more: what was decrypted is a copy. */
  #receive(frame: Buffer): boolean {
    if (this.#failure !== undefined) return false;
    const mark = frame.length < 4 ? 0 : frame.readUInt32LE(0);
    if (mark === MARK.smb1 && !this.#answered) throw smb1Only(this.subject);
    const sealedBy = mark === MARK.transform ? this.#sealerOf(frame) : undefined;
    const message = sealedBy === undefined ? frame : sealedBy.unseal(frame);
    let owner: Exchange | undefined;
    for (const part of splitChain(message)) owner = this.#take(part, readHeader(part), sealedBy, owner);
    this.#answered = true;
    this.#pump();
    return sealedBy !== undefined;
  }

  #sealerOf(frame: Buffer): Protection {
    if (frame.length < 52) throw badAnswer('an encrypted message is cut short');
    const protection = this.#protections.get(u64At(frame, 44));
    if (protection === undefined) throw badAnswer('an encrypted message of a session that we do not have');
    return protection;
  }

  /**
   * Returns whose the message is: its first exchange. Should a server put answers to others into it, those get a copy, so that whoever
   * is done with a message may say so without looking for others who read in it.
   */
  #take(
    part: Buffer,
    header: Header,
    sealedBy: Protection | undefined,
    owner: Exchange | undefined,
  ): Exchange | undefined {
    if (sealedBy !== undefined && header.sessionId !== sealedBy.sessionId)
      throw badAnswer('an encrypted message holds an answer of another session');
    if (header.messageId === UNASKED) {
      // Oplock breaks come unasked and unsigned; we never ask for an oplock, so there is nothing to give back.
      if (header.command !== COMMAND.oplockBreak)
        throw badAnswer('the server sent something that it was not asked for');
      return owner;
    }
    const waiting = this.#inFlight.get(header.messageId);
    if (waiting === undefined) throw badAnswer(`an answer to the message ${header.messageId}, which is not under way`);
    if (waiting.command !== header.command)
      throw badAnswer(`the command ${waiting.command} was answered as the command ${header.command}`);
    const interim = header.status === STATUS.PENDING;
    if (interim && header.asyncId === undefined) throw badAnswer('an interim answer has no asynchronous id');
    checkProtected(part, header, waiting, sealedBy, interim);
    this.credits.settle(waiting.charge, header.credits);
    waiting.charge = 0;
    if (interim) {
      this.#inFlight.wentAsync(waiting, header.asyncId, this.#clock.monoMs());
      return owner;
    }
    this.#inFlight.remove(header.messageId);
    const { exchange, index } = waiting;
    const own = owner === undefined || owner === exchange ? part : Buffer.from(part);
    exchange.answer(index, { status: header.status, header, part: own });
    return owner ?? exchange;
  }

  #lookAtDeadlines(): void {
    const waiting = this.#inFlight.overdue(this.#clock.monoMs(), this.#lookMs);
    if (waiting !== undefined) this.fail(timedOut(waiting.exchange.outgoing));
  }

  /** Runs something that may find the server at fault; then the connection ends. */
  #guard<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      this.fail(isFailure(error) ? error : failureOf(error, 'talk to', this.subject));
      return undefined;
    }
  }

  /** The socket ended: by a reset before the first answer a living host refused us, later it is a lost connection. */
  #lost(error: Error | undefined): Failure {
    const reset = error !== undefined && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
    const silent = error !== undefined && 'code' in error && error.code === 'ETIMEDOUT';
    return new Failure({
      code: silent ? 'timeout' : reset && !this.#answered ? 'refused' : 'disconnected',
      doing: 'talk to',
      subject: this.subject,
      what: silent
        ? 'the server answers no more'
        : reset
          ? 'the server reset the connection'
          : 'the server closed the connection',
      hint: 'see whether the service was restarted, and look at its log',
      retry: true,
      ...(error === undefined ? {} : { cause: error }),
    });
  }
}
