/**
 * The report of a verify: one JSON object a line, written as it goes. Lines since the last `keep` are taken back by a reopening, so that what
 * is looked at again after an interruption stands there once.
 */
import fs from 'node:fs';
import path from 'node:path';
import { failureOf } from '../../../base/failure.ts';

const FOLDER = 'verify';
/** Reports that stay. */
const KEPT = 5;
const BUFFER_BYTES = 65_536;

export function reportFile(statePath: string, id: string): string {
  return path.join(statePath, FOLDER, `${id}.jsonl`);
}

export class Report {
  readonly #fd: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  /** Bytes in the file. */
  length: number;

  /** Goes on after so many bytes. Throws a Failure when the file cannot be written. */
  constructor(file: string, length: number) {
    try {
      fs.mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
      prune(path.dirname(file), path.basename(file));
      // It holds users' file names.
      this.#fd = fs.openSync(file, 'a', 0o600);
      fs.ftruncateSync(this.#fd, Math.min(length, fs.fstatSync(this.#fd).size));
      this.length = length;
    } catch (error) {
      throw failureOf(error, 'write the report', file);
    }
  }

  line(value: Record<string, unknown>): void {
    const text = `${JSON.stringify(value, (_, one) => (typeof one === 'bigint' ? String(one) : one))}\n`;
    this.#waiting.push(text);
    this.#waitingBytes += Buffer.byteLength(text);
    if (this.#waitingBytes > BUFFER_BYTES) this.flush();
  }

  /** Hands everything to the operating system. Throws the system's error. */
  flush(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.from(this.#waiting.join(''));
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let done = 0; done < bytes.length; ) done += fs.writeSync(this.#fd, bytes, done);
    this.length += bytes.length;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

/** Names are times, so the oldest come first. */
function prune(folder: string, but: string): void {
  const others = fs
    .readdirSync(folder)
    .filter((name) => name.endsWith('.jsonl') && name !== but)
    .sort();
  for (const name of others.slice(0, Math.max(0, others.length - (KEPT - 1)))) fs.rmSync(path.join(folder, name));
}
