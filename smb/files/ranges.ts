/** Asks which parts of an open file hold data: FSCTL_QUERY_ALLOCATED_RANGES (MS-FSCC 2.3), answer by answer. */

import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import { badAnswer } from '../wire/bytes.ts';
import { readIoctlOutput } from '../wire/ioctl.ts';
import { queryRangesRequest, RANGE_BYTES, readRanges } from '../wire/ranges.ts';
import type { Range } from './handle-types.ts';

/** 4,096 ranges, for one credit. */
const ANSWER_BYTES = 65_536;
/**
 * A full answer gets on by 4 MiB at least, where every second sector of a file is a hole; asking for less gets an answer for half of
 * that. Who gets on by less, answer for answer, wants to be asked for ever; finding the length of the first part is free.
 */
const LEAST_PROGRESS_BYTES = 262_144;
const FREE_ANSWERS = 64;

/**
 * Each range once, ascending, inside of what was asked. `not-supported` where the server or its file system cannot tell.
 * When the ranges do not fit into one answer, Windows tells the first of them (BUFFER_OVERFLOW), and Samba none at all
 * (BUFFER_TOO_SMALL): it is asked for a part of the file then. It ends: with every answer the rest gets shorter, or the part does,
 * and after 64 answers more of them than one for each 256 KiB are `malformed`.
 */
export async function* allocatedRanges(
  line: Line,
  fileId: Buffer,
  asked: Range,
  about: About,
): AsyncGenerator<Range[], void, undefined> {
  let partBytes = asked.to - asked.from;
  let answers = 0;
  for (let from = asked.from; from < asked.to; ) {
    answers += 1;
    if (answers > FREE_ANSWERS + (from - asked.from) / LEAST_PROGRESS_BYTES)
      throw badAnswer(`allocated ranges do not get on: ${from - asked.from} bytes in ${answers - 1} answers`);
    const part = { from, to: Math.min(asked.to, from + partBytes) };
    const answer = answerAt(await line.exchange([queryRangesRequest(fileId, part, ANSWER_BYTES)], about), 0);
    if (answer.status === STATUS.BUFFER_TOO_SMALL) {
      partBytes = half(part, about);
      continue;
    }
    const more = answer.status === STATUS.BUFFER_OVERFLOW;
    if (!more) mustSucceed(answer, about);
    const ranges = readRanges(readIoctlOutput(answer.part, ANSWER_BYTES), part);
    if (ranges.length > 0) yield ranges;
    from = more ? endOf(ranges) : part.to;
    // What is behind a crowded part may be sparse again.
    if (!more) partBytes = Math.min(Number.MAX_SAFE_INTEGER, partBytes * 2);
  }
}

function half(part: Range, about: About): number {
  const bytes = Math.ceil((part.to - part.from) / 2);
  // Ranges have at least one byte each, so of a part this short all fit.
  if (bytes < ANSWER_BYTES / RANGE_BYTES) throw statusFailure(STATUS.BUFFER_TOO_SMALL, about.doing, about.subject);
  return bytes;
}

/** How far an answer got that is not the last. */
function endOf(ranges: readonly Range[]): number {
  const last = ranges.at(-1);
  if (last === undefined) throw badAnswer('allocated ranges go on and none is told');
  return last.to;
}
