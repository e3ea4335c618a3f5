/**
 * The little of NDR (C706 14) that the lists of the server service need: 32-bit numbers, unique pointers, conformant varying strings of
 * UTF-16. Numbers stand at multiples of 4 counted from the start of the stub.
 */
import { malformed } from '../malformed.ts';

const READING = 'read RPC answer';

/** UTF-16 units of one string that is no path; the longest that servers send are share comments. */
const STRING_LIMIT = 4_096;

/** Puts a stub together. Referent ids only have to be unlike zero and each other (C706 14.3.10). */
export class NdrWriter {
  readonly #parts: Buffer[] = [];
  #referent = 0x20000;

  u32(value: number): this {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32LE(value);
    this.#parts.push(bytes);
    return this;
  }

  /** A pointer that is not null; what it points to is written by the caller where NDR wants it. */
  pointer(): this {
    this.#referent += 4;
    return this.u32(this.#referent);
  }

  /** [string] wchar_t*, with its NUL, filled up to a multiple of 4 (C706 14.3.4.2). */
  string(text: string): this {
    const units = text.length + 1;
    this.u32(units).u32(0).u32(units);
    const bytes = Buffer.alloc(Math.ceil((2 * units) / 4) * 4);
    bytes.write(text, 'utf16le');
    this.#parts.push(bytes);
    return this;
  }

  bytes(): Buffer {
    return Buffer.concat(this.#parts);
  }
}

/** Reads a stub from its start; every read throws `malformed` when it would go beyond the end. */
export class NdrReader {
  readonly #stub: Buffer;
  #at = 0;

  constructor(stub: Buffer) {
    this.#stub = stub;
  }

  get bytesLeft(): number {
    return this.#stub.length - this.#at;
  }

  u32(): number {
    if (this.bytesLeft < 4) throw malformed(READING, 'it ends too early');
    const value = this.#stub.readUInt32LE(this.#at);
    this.#at += 4;
    return value;
  }

  /** Whether a pointer follows that is not null. */
  pointer(): boolean {
    return this.u32() !== 0;
  }

  /**
   * A conformant varying string, without its NUL. Its text may hold anything: whoever uses it judges.
   * @param limit UTF-16 units with the NUL; more is `malformed`
   */
  string(limit = STRING_LIMIT): string {
    const room = this.u32();
    const offset = this.u32();
    const units = this.u32();
    if (offset !== 0 || units > room) throw malformed(READING, 'a string does not begin where its space begins');
    if (units > limit) throw malformed(READING, `a string has ${units} characters`);
    if (2 * units > this.bytesLeft) throw malformed(READING, 'a string goes beyond its end');
    const text = this.#stub.toString('utf16le', this.#at, this.#at + 2 * units);
    // A stub may end without the padding of its last string.
    this.#at = Math.min(this.#stub.length, Math.ceil((this.#at + 2 * units) / 4) * 4);
    return text.endsWith('\0') ? text.slice(0, -1) : text;
  }
}
