/**
 * Cuts the TCP stream into messages: one zero byte, then a 24-bit big-endian length (MS-SMB2 2.1).
 *
 * Small messages arrive many at a time in one shared buffer and are copied out of it, so that a message owns its bytes.
 * Of a big one the socket reads the rest straight into the message's own buffer. Where whoever is given a message has no more
 * use for its bytes, an encrypted one say, its buffer serves the next: otherwise every byte of a share would pass through the
 * garbage collector twice.
 */
import { badAnswer } from '../wire/bytes.ts';

const PREFIX_BYTES = 4;
const SHARED_BYTES = 64 * 1024;
/** From this many missing bytes on, the socket reads into the message itself. */
const DIRECT_BYTES = 8 * 1024;
/**
 * Memory for messages of at least this size is worth being used again, up to that size; in steps, so that the next message, a little
 * longer, finds room too. The least is more than Node's pool, from which smaller ones come: no two messages lie in one memory.
 */
const SPARE_BYTES = { least: 96 * 1024, most: 2 * 1_048_576, step: 64 * 1024 } as const;
/** As many as the READs of one big file that are in flight. */
const SPARES = 8;

/** Is given a message without its prefix. Returns true when nothing will look at its bytes any more. */
export type Receiver = (message: Buffer) => boolean;

export class FrameReader {
  /** Bytes of the largest message that is accepted; small until the server is known. */
  limitBytes: number;
  readonly #shared: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES);
  readonly #receiver: Receiver;
  readonly #prefix: Buffer = Buffer.alloc(PREFIX_BYTES);
  readonly #spares = new Spares();
  #prefixBytes = 0;
  #frame: Buffer | undefined;
  #frameBytes = 0;

  constructor(limitBytes: number, receiver: Receiver) {
    this.limitBytes = limitBytes;
    this.#receiver = receiver;
  }

  /** Where the next bytes of the socket shall go. */
  buffer(): Buffer {
    return this.#readsDirectly(this.#frame) ? this.#frame.subarray(this.#frameBytes) : this.#shared;
  }

  /** The socket has put `length` bytes where `buffer` said. Throws `malformed` for a prefix that cannot be right. */
  took(length: number): void {
    if (this.#readsDirectly(this.#frame)) {
      this.#frameBytes += length;
      this.#handOver(this.#frame);
      return;
    }
    for (let at = 0; at < length; )
      at += this.#frame === undefined ? this.#prefixFrom(at, length) : this.#bodyFrom(this.#frame, at, length);
  }

  /** Nothing will look at this message, or at what was decrypted from one, any more. */
  reuse({ buffer, byteOffset }: Buffer): void {
    // A part further behind may not be the only one of its message.
    if (byteOffset === 0 && buffer instanceof ArrayBuffer) this.#spares.giveBack(buffer);
  }

  #readsDirectly(frame: Buffer | undefined): frame is Buffer {
    return frame !== undefined && frame.length - this.#frameBytes >= DIRECT_BYTES;
  }

  #prefixFrom(at: number, end: number): number {
    const bytes = this.#shared.copy(
      this.#prefix,
      this.#prefixBytes,
      at,
      Math.min(end, at + PREFIX_BYTES - this.#prefixBytes),
    );
    this.#prefixBytes += bytes;
    if (this.#prefixBytes === PREFIX_BYTES) {
      const length = this.#prefix.readUInt32BE(0);
      // A first byte that is not zero makes the number larger than any limit.
      if (length === 0 || length > this.limitBytes) throw badAnswer(`a message claims ${length} bytes`);
      this.#frame = this.#spares.take(length);
      this.#frameBytes = 0;
      this.#prefixBytes = 0;
    }
    return bytes;
  }

  #bodyFrom(frame: Buffer, at: number, end: number): number {
    const bytes = this.#shared.copy(frame, this.#frameBytes, at, Math.min(end, at + frame.length - this.#frameBytes));
    this.#frameBytes += bytes;
    this.#handOver(frame);
    return bytes;
  }

  #handOver(frame: Buffer): void {
    if (this.#frameBytes < frame.length) return;
    this.#frame = undefined;
    if (this.#receiver(frame)) this.reuse(frame);
  }
}

/** Buffers that wait to be used again. */
class Spares {
  readonly #spares: ArrayBuffer[] = [];

  take(length: number): Buffer {
    if (length < SPARE_BYTES.least || length > SPARE_BYTES.most) return Buffer.allocUnsafe(length);
    const spare = this.#spares.pop();
    if (spare !== undefined && spare.byteLength >= length) return Buffer.from(spare, 0, length);
    // Not zeroed: the socket fills what is looked at.
    const bytes = Math.ceil(length / SPARE_BYTES.step) * SPARE_BYTES.step;
    return Buffer.allocUnsafeSlow(bytes).subarray(0, length);
  }

  /** Frees what is one too many at once: left to the garbage collector it would count as rubbish to be looked for. */
  giveBack(memory: ArrayBuffer): void {
    if (memory.byteLength < SPARE_BYTES.least) return;
    if (this.#spares.length < SPARES && memory.byteLength <= SPARE_BYTES.most) this.#spares.push(memory);
    else memory.transfer(0);
  }
}
