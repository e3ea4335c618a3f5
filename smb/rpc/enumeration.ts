/**
 * What the lists of the server service have in common (MS-SRVS 3.1.4): the question, with a level and a handle to go on with, and the
 * answer, an array of structures followed by the strings that they point to.
 */
import { malformed } from '../malformed.ts';
import { NdrReader, NdrWriter } from './ndr.ts';
import { requestPdu } from './pdu.ts';

/** One list at one level. `Fixed` is what stands in the array itself. */
export interface Listing<Row, Fixed = unknown> {
  operation: number;
  level: number;
  /** Strings between the name of the server and the structure that narrow the list; all are left out. */
  filters: number;
  /** Bytes of one structure without its strings. */
  fixedBytes: number;
  /** Rows of one answer; every one costs memory here. */
  rowsLimit: number;
  /** For messages: «read list of shares». */
  reading: string;
  fixed(reader: NdrReader): Fixed;
  /** Reads the strings of a row, in the order of their pointers. */
  row(reader: NdrReader, fixed: Fixed): Row;
}

export interface Answered<Row> {
  rows: Row[];
  resumeHandle: number;
  /** A Win32 error (MS-ERREF 2.2); ENUM_DONE and ENUM_MORE are the two with which the rows count. */
  status: number;
}

/** All is there, or there is more to fetch with the resume handle. */
export const ENUM_DONE = 0;
export const ENUM_MORE = 234;

/** `server` in the form `\\host`; `resumeHandle` is 0 at first, then what the previous answer gave. */
export function enumRequest<Row, Fixed>(
  listing: Listing<Row, Fixed>,
  callId: number,
  server: string,
  resumeHandle: number,
  preferredBytes: number,
): Buffer {
  const writer = new NdrWriter().pointer().string(server);
  for (let filter = 0; filter < listing.filters; filter += 1) writer.u32(0);
  writer
    .u32(listing.level)
    // The union repeats its level (MS-SRVS 2.2.4.38), then points to an empty container (2.2.4.33).
    .u32(listing.level)
    .pointer()
    .u32(0)
    .u32(0)
    .u32(preferredBytes)
    .pointer()
    .u32(resumeHandle);
  return requestPdu(callId, listing.operation, writer.bytes());
}

/** Reads the joined stubs of a whole answer. Throws `malformed`. */
export function parseEnum<Row, Fixed>(listing: Listing<Row, Fixed>, stub: Buffer): Answered<Row> {
  const reader = new NdrReader(stub);
  if (reader.u32() !== listing.level || reader.u32() !== listing.level)
    throw malformed(listing.reading, 'it is of another level');
  const rows = reader.pointer() ? readContainer(listing, reader) : [];
  reader.u32(); // TotalEntries, an estimate
  const resumeHandle = reader.pointer() ? reader.u32() : 0;
  return { rows, resumeHandle, status: reader.u32() };
}

/** A container (MS-SRVS 2.2.4.33): first all fixed parts, then the strings they point to, in the same order. */
function readContainer<Row, Fixed>(listing: Listing<Row, Fixed>, reader: NdrReader): Row[] {
  const { reading, rowsLimit, fixedBytes } = listing;
  const count = reader.u32();
  if (!reader.pointer()) {
    if (count !== 0) throw malformed(reading, 'it counts entries and has none');
    return [];
  }
  if (reader.u32() !== count) throw malformed(reading, 'its two counts differ');
  if (count > rowsLimit || count * fixedBytes > reader.bytesLeft)
    throw malformed(reading, `it tells of ${count} entries`);
  const fixed = Array.from({ length: count }, () => listing.fixed(reader));
  return fixed.map((each) => listing.row(reader, each));
}
