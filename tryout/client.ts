/**
 * A user's PC: works on a share without pause, through libsmbclient, and tells what it met. Runs as a process of its own
 * (its calls block) in the client's namespace; the job comes by standard input, one JSON line; what it saw goes to standard output:
 *   {"kind":"working","atMs"}          the first operation succeeded
 *   {"kind":"waiting","atMs","what"}   an operation failed: users wait from now on
 *   {"kind":"back","atMs","lastGoodMs","gapMs"}   the first success after that, or after a gap longer than GAP_MS
 *   {"kind":"saved","file","sha256"}   a file whose saving was acknowledged, and so must never be lost
 * atMs is wall time. SIGTERM ends it after the operation in hand, with {"kind":"ended","operations","longestGapMs"}.
 */
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { openSmbClientLibrary } from './libsmbclient.ts';

interface Job {
  /** smb://address/share/folder */
  url: string;
  user: string;
  password: string;
  /** A file in that folder that is read each time. */
  read: string;
  /** New files are named `<prefix>-000001.txt`. */
  prefix: string;
  /** Milliseconds between two operations. */
  everyMs: number;
  /** Every so many operations a new file is saved; 0 never. */
  saveEvery: number;
}

/** A pause between two successes that a user would notice, though no call failed. */
const GAP_MS = 100;

const job = JSON.parse(fs.readFileSync(0, 'utf8')) as Job;
const library = openSmbClientLibrary({ workgroup: 'OFFICE', user: job.user, password: job.password });

let ending = false;
process.on('SIGTERM', () => {
  ending = true;
});

const say = (what: object): void => {
  // Written at once: a pipe that is read late must not delay what was seen.
  fs.writeSync(1, `${JSON.stringify(what)}\n`);
};

let operations = 0;
let lastGoodMs = 0;
let waiting = false;
let longestGapMs = 0;

function operate(): void {
  if (job.saveEvery > 0 && operations % job.saveEvery === job.saveEvery - 1) {
    const number = String(operations).padStart(6, '0');
    const file = `${job.prefix}-${number}.txt`;
    const content = Buffer.from(`order ${number}\n${'item '.repeat(20 + (operations % 400))}\n`);
    library.create(`${job.url}/${file}`, content);
    say({ kind: 'saved', file, sha256: createHash('sha256').update(content).digest('hex') });
  } else {
    library.read(`${job.url}/${job.read}`);
  }
}

function turn(): void {
  try {
    operate();
    const atMs = Date.now();
    if (lastGoodMs === 0) say({ kind: 'working', atMs });
    const gapMs = lastGoodMs === 0 ? 0 : atMs - lastGoodMs;
    if (waiting || gapMs > GAP_MS + job.everyMs) {
      say({ kind: 'back', atMs, lastGoodMs, gapMs });
      longestGapMs = Math.max(longestGapMs, gapMs);
    }
    waiting = false;
    lastGoodMs = atMs;
  } catch (error) {
    if (!waiting)
      say({ kind: 'waiting', atMs: Date.now(), what: error instanceof Error ? error.message : String(error) });
    waiting = true;
  }
  // A name that was created without an answer must not be tried again: the number moves on in any case.
  operations += 1;
  if (ending) {
    say({ kind: 'ended', operations, longestGapMs });
    return;
  }
  setTimeout(turn, job.everyMs);
}

turn();
