/**
 * What is about to get its name in the mirror, written down beside the index before it does: a line in an append-only file,
 * emptied whenever the index has committed the rows. After a kill it tells which of the files that the index does not know
 * are our own whole copies (adopt.ts). One short write for each file; a commit for each would cost many times as much.
 *
 * It is a help and no truth: a line that cannot be written or read costs one more copy and nothing else.
 */
import fs from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import type { Told } from './index-row.ts';

/** What stays the same of a file from the moment it is whole until somebody touches it. */
export interface FileMark {
  ino: bigint;
  /** When the inode was made: a number that was given out again has another one. */
  birthNs: bigint;
  size: bigint;
  mtimeNs: bigint;
}

export interface Intent {
  share: number;
  /** Row of the directory; committed before. */
  parent: number;
  name: string;
  told: Told;
  mark: FileMark;
  /** When it was noted; milliseconds since 1970 by the clock that stamps files. */
  notedMs: number;
}

const integer = z
  .string()
  .regex(/^-?\d{1,20}$/)
  .transform(BigInt);

const line = z.object({
  share: z.number(),
  parent: z.number(),
  name: z.string(),
  told: z.object({
    size: z.number(),
    written: integer,
    created: integer,
    changed: integer,
    attributes: z.number(),
    fileId: integer,
  }),
  mark: z.object({ ino: integer, birthNs: integer, size: integer, mtimeNs: integer }),
  notedMs: z.number(),
});

/** Far more than one commit leaves: a longer file is not ours to hold in memory. */
const READ_LIMIT_BYTES = 4 * 1_048_576;

export class Intents {
  readonly #fd: number;
  #isEmpty: boolean;
  #left: readonly Intent[];

  /** Throws the system's error when the file cannot be opened. */
  constructor(statePath: string) {
    // It holds users' file names.
    this.#fd = fs.openSync(path.join(statePath, 'intents'), 'a+', 0o600);
    const { size } = fs.fstatSync(this.#fd);
    this.#isEmpty = size === 0;
    this.#left = size > READ_LIMIT_BYTES ? [] : read(this.#fd, size);
  }

  /** What was found at the start, in the order in which it was noted; none after `forget`. */
  get left(): readonly Intent[] {
    return this.#left;
  }

  note(intent: Intent): void {
    this.#isEmpty = false;
    try {
      fs.writeSync(
        this.#fd,
        `${JSON.stringify(intent, (_, value) => (typeof value === 'bigint' ? String(value) : value))}\n`,
      );
    } catch {
      // No room: the index will say so when it commits.
    }
  }

  /** The index has the rows. */
  forget(): void {
    this.#left = [];
    if (this.#isEmpty) return;
    fs.ftruncateSync(this.#fd, 0);
    this.#isEmpty = true;
  }

  close(): void {
    fs.closeSync(this.#fd);
  }
}

function read(fd: number, size: number): Intent[] {
  const content = Buffer.alloc(size);
  const length = fs.readSync(fd, content, 0, size, 0);
  const found: Intent[] = [];
  for (const text of content.toString('utf8', 0, length).split('\n')) {
    const intent = parse(text);
    if (intent !== undefined) found.push(intent);
  }
  return found;
}

/** Undefined for a line that was cut off. */
function parse(text: string): Intent | undefined {
  try {
    return line.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
