/**
 * Cuts the TCP stream into messages: one zero byte, then a 24-bit big-endian length (MS-SMB2 2.1).
 *
 * Small messages arrive many at a time in one shared buffer and are copied out of it, so that a message owns its bytes.
 * Of a big one the socket reads the rest straight into the message's own buffer: its bytes are never copied.
 */
import { badAnswer } from './wire/bytes.ts';

const PREFIX_BYTES = 4;
const SHARED_BYTES = 256 * 1024;
/** From this many missing bytes on, the socket reads into the message itself. */
const DIRECT_BYTES = 64 * 1024;

export class FrameReader {
  /** Bytes of the largest message that is accepted; small until the server is known. */
  limitBytes: number;
  readonly #shared: Buffer = Buffer.allocUnsafeSlow(SHARED_BYTES);
  readonly #message: (message: Buffer) => void;
  readonly #prefix: Buffer = Buffer.alloc(PREFIX_BYTES);
  #prefixBytes = 0;
  #frame: Buffer | undefined;
  #frameBytes = 0;

  /** @param message is given each message without its prefix; the buffer is its own */
  constructor(limitBytes: number, message: (message: Buffer) => void) {
    this.limitBytes = limitBytes;
    this.#message = message;
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
      this.#frame = Buffer.allocUnsafe(length);
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
    this.#message(frame);
  }
}
