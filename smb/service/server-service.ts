/**
 * Asks the server service for its lists, over the pipe `srvsvc` of IPC$ (MS-SRVS 2.1, MS-RPCE 2.1.1.2):
 *
 *   CREATE srvsvc → bind → question, again with the resume handle while there is more → CLOSE
 */
import { Failure, isFailure } from '../../base/failure.ts';
import type { About, Line } from '../link/line.ts';
import { type Answered, ENUM_DONE, ENUM_MORE, enumRequest, type Listing, parseEnum } from '../rpc/enumeration.ts';
import { checkBindAck } from '../rpc/pdu.ts';
import { bindRequest } from '../rpc/srvsvc.ts';
import { badAnswer } from '../wire/bytes.ts';
import { ACCESS, DISPOSITION } from '../wire/create.ts';
import { Pipe } from './pipe.ts';

/** Rounds with a resume handle; a server that gives all at once needs one. */
const ROUND_LIMIT = 1_000;
/** As much as the server likes (MAX_PREFERRED_LENGTH), or a portion of this many bytes while few rows are wanted. */
const ALL_BYTES = 0xffff_ffff;
const PORTION_BYTES = 1_048_576;

/** Win32 errors (MS-ERREF 2.2). */
const ACCESS_DENIED = 5;
const UNSUPPORTED: readonly number[] = [1, 50, 120, 124];
const INVALID_LEVEL = 124;
const SHORT_OF_MEMORY: readonly number[] = [8, 14];

/** The hint of the lists that not everybody may see. */
export const FOR_OPERATORS =
  'not every server tells this, and then only to members of its Administrators or Server Operators; without it nothing else is lost';

export interface Asked<Row> {
  /** The same list at several levels, in the order of trying. */
  listings: readonly Listing<Row>[];
  /** Rows at most. */
  limit: number;
  /** For messages: «list the shares of». */
  doing: string;
  /** What helps when the account may not, or the server cannot. */
  hint: string;
}

/** The first rows, and whether there are more. @param line to IPC$ */
export async function askServerService<Row>(
  line: Line,
  host: string,
  asked: Asked<Row>,
): Promise<{ rows: Row[]; more: boolean }> {
  const about: About = { doing: asked.doing, subject: host, lane: 'urgent' };
  const { fileId } = await line.open(
    {
      name: Buffer.from('srvsvc', 'utf16le'),
      access: ACCESS.readData | ACCESS.writeData | ACCESS.readAttributes | ACCESS.synchronize,
      disposition: DISPOSITION.open,
      options: 0,
    },
    about,
  );
  try {
    const pipe = new Pipe(line, fileId, about);
    checkBindAck(await pipe.call(bindRequest(1)));
    return await enumerate(pipe, host, asked);
  } catch (error) {
    throw withHint(error, host, asked);
  } finally {
    line.closeLater(fileId, about);
  }
}

async function enumerate<Row>(pipe: Pipe, host: string, asked: Asked<Row>): Promise<{ rows: Row[]; more: boolean }> {
  const { limit } = asked;
  const levels = [...asked.listings];
  let listing = levels.shift();
  const rows: Row[] = [];
  let resumeHandle = 0;
  for (let round = 0; round < ROUND_LIMIT && listing !== undefined; round += 1) {
    const portion = limit === Number.POSITIVE_INFINITY ? ALL_BYTES : PORTION_BYTES;
    const question = enumRequest(listing, round + 2, `\\\\${host}`, resumeHandle, portion);
    const answer: Answered<Row> = parseEnum(listing, await pipe.callWhole(question));
    if (answer.status === INVALID_LEVEL && levels.length > 0) {
      listing = levels.shift();
      continue;
    }
    if (answer.status !== ENUM_DONE && answer.status !== ENUM_MORE) throw refused(host, asked, answer.status);
    for (const row of answer.rows) {
      if (rows.length === limit) return { rows, more: true };
      rows.push(row);
    }
    if (answer.status === ENUM_DONE) return { rows, more: false };
    if (answer.rows.length === 0) break;
    resumeHandle = answer.resumeHandle;
  }
  throw badAnswer(`the answer to «${asked.doing}» does not end`);
}

/** A packet that refuses does not know what was asked. */
function withHint(error: unknown, host: string, { doing, hint }: { doing: string; hint: string }): unknown {
  if (!isFailure(error, 'access-denied', 'not-supported') || error.hint !== undefined) return error;
  return new Failure({ code: error.code, doing, subject: host, what: error.what, hint, cause: error });
}

function refused(host: string, { doing, hint }: { doing: string; hint: string }, status: number): Failure {
  const code =
    status === ACCESS_DENIED ? 'access-denied' : UNSUPPORTED.includes(status) ? 'not-supported' : 'nt-status';
  return new Failure({
    code,
    doing,
    subject: host,
    what:
      status === ACCESS_DENIED
        ? `the account may not ask this (Win32 error ${status})`
        : `the server refuses (Win32 error ${status})`,
    hint,
    retry: SHORT_OF_MEMORY.includes(status),
  });
}
