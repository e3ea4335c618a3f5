/**
 * What a file or directory has beside content and times, asked for in the chain that opens it: its access rules (MS-DTYP 2.4.6), the
 * list of its streams (FileStreamInformation) and the size of its extended attributes (FileEaInformation, MS-FSCC 2.4.13).
 *
 *   CREATE, [READ], QUERY_INFO ×3, CLOSE
 *
 * Each part stands for itself: one that is refused, or does not fit, costs none of the others.
 */
import type { Failure } from '../../base/failure.ts';
import { failureOf, isFailure } from '../../base/failure.ts';
import type { Answer } from '../link/exchange.ts';
import { type About, answerAt, type Line } from '../link/line.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import type { Extras, ExtrasOf } from '../types.ts';
import { readBufferAnswer } from '../wire/buffer-answer.ts';
import { badAnswer } from '../wire/bytes.ts';
import { ACCESS, PREVIOUS_FILE } from '../wire/create.ts';
import type { Part } from '../wire/header.ts';
import { QUERY, queryInfoRequest } from '../wire/info.ts';
import { readStreams } from '../wire/streams.ts';
import { aboutPath, opening, readSecurity } from './file.ts';
import { streams } from './streams.ts';

/** Room for what nearly every file has; the others take round trips of their own. */
const SECURITY_BYTES = 4_096;
const STREAMS_BYTES = 4_096;
const SIZE_BYTES = 64;

/** The parts of the chain, for the handle that the part before them opened or named. */
export function extraParts(fileId: Buffer = PREVIOUS_FILE): Part[] {
  return [
    queryInfoRequest(fileId, QUERY.security, SECURITY_BYTES),
    queryInfoRequest(fileId, QUERY.streams, STREAMS_BYTES),
    queryInfoRequest(fileId, QUERY.extendedSize, SIZE_BYTES),
  ];
}

export const EXTRA_PARTS = 3;

/** What the parts need: reading the access rules takes READ_CONTROL, the rest READ_ATTRIBUTES. */
export const EXTRA_ACCESS = ACCESS.readControl;

/** All parts went well, so that nothing has to be asked again. */
export function areExtrasWhole(answers: readonly Answer[]): boolean {
  return answers.every((answer) => answer.status === STATUS.SUCCESS);
}

/**
 * Reads the answers to `extraParts`, and asks again, each in a round trip of its own, for what did not fit. Throws what concerns the
 * connection.
 */
export async function readExtras(
  line: Line,
  path: string,
  answers: readonly Answer[],
  about: About,
  maxTransactBytes: number,
): Promise<Extras> {
  const { security, streams: listed, extendedBytes } = extrasIn(answers, about);
  return {
    security: security ?? (await orFailure(line, () => readSecurity(line, path))),
    streams: listed ?? (await orFailure(line, () => streams(line, path, maxTransactBytes))),
    extendedBytes,
  };
}

/** The same without asking again: undefined for what did not fit. What is kept of it is copied out of the answers. */
export function extrasIn(
  answers: readonly Answer[],
  about: About,
): {
  security: Buffer | Failure | undefined;
  streams: Extras['streams'] | undefined;
  extendedBytes: number | Failure;
} {
  const security = answerAt(answers, 0);
  const listed = answerAt(answers, 1);
  const size = answerAt(answers, 2);
  return {
    security: partOf(security, about, (part) => Buffer.from(readBufferAnswer(part, SECURITY_BYTES, 'access rules'))),
    streams: partOf(listed, about, (part) => readStreams(readBufferAnswer(part, STREAMS_BYTES, 'a list of streams'))),
    extendedBytes:
      partOf(size, about, (part) => {
        const buffer = readBufferAnswer(part, SIZE_BYTES, 'the size of extended attributes');
        if (buffer.length < 4) throw badAnswer('the size of extended attributes is cut short');
        return buffer.readUInt32LE(0);
      }) ?? statusFailure(size.status, about.doing, about.subject),
  };
}

function partOf<T>(answer: Answer, about: About, read: (part: Buffer) => T): T | Failure | undefined {
  if (answer.status === STATUS.SUCCESS) return read(answer.part);
  const isTooLarge = answer.status === STATUS.BUFFER_TOO_SMALL || answer.status === STATUS.BUFFER_OVERFLOW;
  // Alone in a chain that went asynchronous: asked once more by itself it is answered (MS-SMB2 3.3.5.2.7.2).
  if (isTooLarge || answer.status === STATUS.INTERNAL_ERROR) return undefined;
  return statusFailure(answer.status, about.doing, about.subject);
}

/** What the server refuses about this one part is an answer too; what ends the connection is not. */
async function orFailure<T>(line: Line, ask: () => Promise<T>): Promise<T | Failure> {
  try {
    return await ask();
  } catch (error) {
    if (!isFailure(error) || line.link.failure !== undefined) throw error;
    return failureOf(error, 'read');
  }
}

/** One round trip, or two where READ_CONTROL is denied: then all but the access rules is told. */
export async function extras(line: Line, path: string, maxTransactBytes: number): Promise<ExtrasOf> {
  const about: About = { ...aboutPath('read what belongs to', path), lane: 'bulk' };
  const { gate } = line.link;
  // A mirror asks this of everything: it is held back as content is.
  await gate.enter(SIZE_BYTES, 'fresh');
  try {
    return await extrasNow(line, path, about, maxTransactBytes);
  } finally {
    gate.leave(SIZE_BYTES);
  }
}

async function extrasNow(line: Line, path: string, about: About, maxTransactBytes: number): Promise<ExtrasOf> {
  const open = (access: number): ReturnType<Line['onFile']> =>
    line.onFile(opening(path, access), extraParts(), about, true);
  let opened: Awaited<ReturnType<Line['onFile']>>;
  try {
    opened = await open(ACCESS.readAttributes | EXTRA_ACCESS);
  } catch (error) {
    if (!isFailure(error, 'access-denied')) throw error;
    opened = await open(ACCESS.readAttributes);
  }
  const { created, answers, after } = opened;
  return { ...(await readExtras(line, path, answers, about, maxTransactBytes)), stat: after ?? created.stat };
}
