/** Reads and writes ranges of an open file: several READs or WRITEs at once, each of which passes the gate. */
import { Failure } from '../../base/failure.ts';
import type { Answer } from '../link/exchange.ts';
import { type About, answerAt, type Line } from '../link/line.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import type { Taken } from '../types.ts';
import { badAnswer } from '../wire/bytes.ts';
import { readData, readRequest, readWritten, writeRequest } from '../wire/read-write.ts';
import type { Range } from './handle-types.ts';
import { cut, eachPiece } from './pieces.ts';

/** One READ or WRITE. */
export const PIECE_BYTES = 1_048_576;
/** READs of one file in flight. */
export const PIECES = 8;
/** WRITEs of one file in flight: more only fight for the file's lock at the server, which costs Samba twice the processor time. */
export const WRITES = 2;
/** Answers to one piece that may be shorter than asked although the file goes on. */
const SHORT_LIMIT = 100;

/** The bytes of a range; fewer only when the file ends before it does. */
export async function readRange(
  line: Line,
  fileId: Buffer,
  range: Range,
  maxReadBytes: number,
  about: About,
): Promise<Buffer> {
  const pieceBytes = line.payload(Math.min(PIECE_BYTES, maxReadBytes));
  const count = Math.ceil((range.to - range.from) / pieceBytes);
  const chunks: { at: number; data: Buffer }[] = [];
  let end = range.to;
  const pieces = cut(range, pieceBytes);
  await eachPiece(pieces, Math.min(PIECES, count), async (piece) => {
    const reached = await readPiece(line, fileId, piece, about, (data, at) => void chunks.push({ at, data }));
    if (reached === piece.to) return;
    end = Math.min(end, reached);
    // What lies behind the end of the file is not asked for any more.
    pieces.return();
  });
  // The file may have grown again while it was read: what came from behind its end is not what stands there now.
  const whole = chunks.filter((chunk) => chunk.at < end).sort((a, b) => a.at - b.at);
  const [first] = whole;
  return whole.length === 1 && first !== undefined ? first.data : Buffer.concat(whole.map((chunk) => chunk.data));
}

/**
 * Reads one piece, where need be with several READs. The gate is held until the data is taken: who is slow to take it slows the
 * reading down, not the memory up. Returns where it ended: before `piece.to` when the file does.
 */
export async function readPiece(
  line: Line,
  fileId: Buffer,
  piece: Range,
  about: About,
  take: (data: Buffer, at: number) => Taken,
): Promise<number> {
  const { gate } = line.link;
  let at = piece.from;
  for (let answers = 0; at < piece.to; answers += 1) {
    if (answers > SHORT_LIMIT) throw badAnswer('the server answers nearly every READ with less than was asked for');
    const length = piece.to - at;
    await gate.enter(length, 'continuing');
    try {
      const answer = answerAt(await line.exchange([readRequest(fileId, at, length)], about), 0);
      const data = dataOf(answer, length, about);
      // Noted first: once it is used up, the memory behind `data` is somebody else's or gone.
      const got = data.length;
      if (got === 0) return at;
      const taken = take(data, at);
      if (taken !== undefined) {
        if (taken !== 'used') await taken;
        line.link.reuse(answer.part);
      }
      at += got;
    } finally {
      gate.leave(length);
    }
  }
  return at;
}

export async function writeRange(
  line: Line,
  fileId: Buffer,
  offset: number,
  data: Buffer,
  maxWriteBytes: number,
  about: About,
): Promise<void> {
  const pieceBytes = line.payload(Math.min(PIECE_BYTES, maxWriteBytes));
  const count = Math.ceil(data.length / pieceBytes);
  await eachPiece(cut({ from: 0, to: data.length }, pieceBytes), Math.min(WRITES, count), (piece) =>
    writePiece(line, fileId, offset + piece.from, data.subarray(piece.from, piece.to), about),
  );
}

/** A server may take a part, on a full disk say; the WRITE of the rest tells why. */
async function writePiece(line: Line, fileId: Buffer, offset: number, data: Buffer, about: About): Promise<void> {
  const { gate } = line.link;
  for (let at = 0; at < data.length; ) {
    const rest = data.subarray(at);
    await gate.enter(rest.length, 'continuing');
    try {
      const { part } = await line.ask(writeRequest(fileId, offset + at, rest), about);
      const taken = readWritten(part);
      if (taken > rest.length) throw badAnswer(`WRITE of ${rest.length} bytes was answered with ${taken}`);
      if (taken === 0) throw notTaken(about);
      at += taken;
    } finally {
      gate.leave(rest.length);
    }
  }
}

function notTaken(about: About): Failure {
  return new Failure({
    code: 'nt-status',
    doing: about.doing,
    subject: about.subject,
    what: 'the server takes no more bytes and does not say why',
    hint: 'look at the free space and the log of the server',
    retry: true,
  });
}

/** The data of a READ; END_OF_FILE is «no bytes», not an error (MS-SMB2 3.3.5.12). Not copied out of the message. */
export function dataOf({ status, part }: Answer, askedBytes: number, about: About): Buffer {
  if (status === STATUS.END_OF_FILE) return Buffer.alloc(0);
  if (status !== STATUS.SUCCESS) throw statusFailure(status, about.doing, about.subject);
  return readData(part, askedBytes);
}
