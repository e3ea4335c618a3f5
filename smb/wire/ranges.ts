/** Holes in files: FSCTL_QUERY_ALLOCATED_RANGES, FSCTL_SET_SPARSE and FSCTL_SET_ZERO_DATA (MS-FSCC 2.3). */
import type { Range } from '../files/handle-types.ts';
import { badAnswer, sizeAt } from './bytes.ts';
import type { Part } from './header.ts';
import { FSCTL, ioctlRequest } from './ioctl.ts';

/** Begin and length. */
export const RANGE_BYTES = 16;

export function setSparseRequest(fileId: Buffer): Part {
  return ioctlRequest(fileId, FSCTL.setSparse, Buffer.from([1]), 0);
}

/** Unlike every other range on the wire this one has an end and no length. */
export function setZeroRequest(fileId: Buffer, range: Range): Part {
  return ioctlRequest(fileId, FSCTL.setZeroData, twoNumbers(range.from, range.to), 0);
}

export function queryRangesRequest(fileId: Buffer, asked: Range, outputBytes: number): Part {
  const input = twoNumbers(asked.from, asked.to - asked.from);
  return ioctlRequest(fileId, FSCTL.queryAllocatedRanges, input, outputBytes);
}

function twoNumbers(first: number, second: number): Buffer {
  const buffer = Buffer.alloc(RANGE_BYTES);
  buffer.writeBigUInt64LE(BigInt(first), 0);
  buffer.writeBigUInt64LE(BigInt(second), 8);
  return buffer;
}

/**
 * The ranges that hold data, ascending and apart or touching. Servers round what was asked to the boundaries of their file
 * system, so what lies outside of the question is cut off; empty and overlapping ranges, and those out of order, are no answer.
 */
export function readRanges(buffer: Buffer, asked: Range): Range[] {
  if (buffer.length % RANGE_BYTES !== 0) throw badAnswer(`allocated ranges take ${buffer.length} bytes`);
  const ranges: Range[] = [];
  let end = 0;
  for (let at = 0; at < buffer.length; at += RANGE_BYTES) {
    const from = sizeAt(buffer, at, 'the begin of an allocated range');
    const to = from + sizeAt(buffer, at + 8, 'the length of an allocated range');
    if (!Number.isSafeInteger(to) || to <= from || from < end) throw badAnswer('allocated ranges are not in order');
    end = to;
    const inside = { from: Math.max(from, asked.from), to: Math.min(to, asked.to) };
    if (inside.from < inside.to) ranges.push(inside);
  }
  return ranges;
}
