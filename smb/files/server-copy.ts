/**
 * Has the server copy a file within the share: the content never crosses the wire (MS-SMB2 3.2.4.20.2, 3.3.5.15.6).
 * FILE_CREATE never touches what is there; when anything fails, or the source moves meanwhile, what was created is deleted through
 * the handle that created it.
 */
import { Failure } from '../../base/failure.ts';
import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { wirePath } from '../name.ts';
import { hasMoved } from '../share.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import type { BasicInfo, Stat } from '../types.ts';
import { badAnswer } from '../wire/bytes.ts';
import { ACCESS, type Create, type Created, DISPOSITION, OPTION, PREVIOUS_FILE } from '../wire/create.ts';
import { setBasicRequest } from '../wire/info.ts';
import { isIoctlAnswer, readIoctlOutput } from '../wire/ioctl.ts';
import {
  type Chunk,
  COPIED_BYTES,
  type CopyLimits,
  copyRequest,
  RESUME_KEY_BYTES,
  readCopied,
  readCopyLimits,
  readResumeKey,
  resumeKeyRequest,
} from '../wire/server-copy.ts';
import { flushRequest } from '../wire/simple.ts';
import { stat } from './file.ts';
import { withdraw } from './withdraw.ts';

/** Servers take 256 chunks of 1 MiB, together 16 MiB, unless they say otherwise. */
const USUAL: CopyLimits = { chunks: 16, chunkBytes: 1_048_576, totalBytes: 16_777_216 };
/** Smaller ones would take for ever, and a hostile server could name any. */
const LEAST_CHUNK_BYTES = 4_096;
/** Read-only, hidden, system, archive, not indexed: the attributes that are anybody's to set (MS-FSCC 2.6). */
const KEPT_ATTRIBUTES = 0x2027;

const SOURCE_RIGHTS = ACCESS.readData | ACCESS.readAttributes | ACCESS.synchronize;
const TARGET_RIGHTS =
  ACCESS.writeData | ACCESS.readAttributes | ACCESS.writeAttributes | ACCESS.delete | ACCESS.synchronize;

/** Returns the stat of the copy, which is closed and on the disk. `not-supported` where the server cannot copy. */
export async function copy(line: Line, from: string, to: string): Promise<Stat> {
  const about: About = { doing: 'copy', subject: `${from} to ${to}`, lane: 'bulk' };
  const target = fileAt(to, TARGET_RIGHTS, DISPOSITION.create);
  const source = await line.open(fileAt(from, SOURCE_RIGHTS, DISPOSITION.open), about);
  let fileId: Buffer;
  try {
    fileId = await copyOpened(line, source, target, about);
  } catch (error) {
    line.closeLater(source.fileId, about);
    throw error;
  }
  try {
    const after = (await line.close(source.fileId, about)) ?? (await stat(line, from));
    // Every byte of it was confirmed.
    if (hasMoved({ before: source.stat, after, bytes: source.stat.size })) throw movedMeanwhile(about);
  } catch (error) {
    await withdraw(line, fileId, about);
    throw error;
  }
  // A server may leave the attributes out of its answer to CLOSE.
  const copied = (await line.close(fileId, about)) ?? (await stat(line, to));
  // Every byte was confirmed: if it is another file by now, somebody else has made it so, and it is not ours to remove.
  if (copied.size !== source.stat.size) throw notAsCopied(about, source.stat.size, copied.size);
  return copied;
}

/** Returns the handle of the target, complete. */
async function copyOpened(line: Line, source: Created, target: Create, about: About): Promise<Buffer> {
  // The key first, so that a server that cannot copy makes no file.
  const { part } = await line.ask(resumeKeyRequest(source.fileId), about);
  const key = readResumeKey(readIoctlOutput(part, RESUME_KEY_BYTES));
  const { fileId } = await line.open(target, about);
  try {
    await copyContent(line, fileId, key, source.stat.size, about);
    const finish = [setBasicRequest(fileId, keptOf(source.stat)), flushRequest(PREVIOUS_FILE)];
    for (const answer of await line.exchange(finish, about)) mustSucceed(answer, about);
  } catch (error) {
    await withdraw(line, fileId, about);
    throw error;
  }
  return fileId;
}

function fileAt(path: string, access: number, disposition: number): Create {
  return { name: wirePath(path), access, disposition, options: OPTION.nonDirectory };
}

/** One request after the other: each keeps the server's disk busy. */
async function copyContent(line: Line, target: Buffer, key: Buffer, size: number, about: About): Promise<void> {
  let limits = USUAL;
  for (let at = 0; at < size; ) {
    const chunks = chunksOf(at, size, limits);
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0);
    const answer = await onceAdmitted(line, () => line.exchange([copyRequest(target, key, chunks)], about));
    const { status, part } = answerAt(answer, 0);
    if (status === STATUS.INVALID_PARAMETER && isIoctlAnswer(part)) {
      limits = smaller(limits, readIoctlOutput(part, COPIED_BYTES), about);
      continue;
    }
    if (status === STATUS.INVALID_VIEW_SIZE) throw movedMeanwhile(about);
    if (status !== STATUS.SUCCESS) throw statusFailure(status, about.doing, about.subject);
    const done = readCopied(readIoctlOutput(part, COPIED_BYTES));
    if (done.chunks !== chunks.length || done.bytes !== bytes)
      throw badAnswer(`a copy of ${bytes} bytes was answered with ${done.bytes}`);
    at += bytes;
  }
}

async function onceAdmitted<T>(line: Line, work: () => Promise<T>): Promise<T> {
  const { gate } = line.link;
  await gate.enter(0, 'continuing');
  return work().finally(() => gate.leave(0));
}

/** As many chunks from `at` on as one request may hold. */
function chunksOf(at: number, size: number, limits: CopyLimits): Chunk[] {
  const end = Math.min(size, at + limits.totalBytes);
  const chunks: Chunk[] = [];
  for (let next = at; next < end && chunks.length < limits.chunks; next += limits.chunkBytes)
    chunks.push({ at: next, length: Math.min(limits.chunkBytes, end - next) });
  return chunks;
}

/**
 * What the server takes, where that is less than was sent; else it means something other by its refusal. Its limits are its settings:
 * one that names others the next time could go on for ever.
 */
function smaller(sent: CopyLimits, output: Buffer, about: About): CopyLimits {
  const takes = readCopyLimits(output);
  const limits = {
    chunks: Math.min(sent.chunks, takes?.chunks ?? 0),
    chunkBytes: Math.min(sent.chunkBytes, takes?.chunkBytes ?? 0),
    totalBytes: Math.min(sent.totalBytes, takes?.totalBytes ?? 0),
  };
  const less =
    limits.chunks < sent.chunks || limits.chunkBytes < sent.chunkBytes || limits.totalBytes < sent.totalBytes;
  if (
    sent !== USUAL ||
    !less ||
    limits.chunks === 0 ||
    limits.chunkBytes < LEAST_CHUNK_BYTES ||
    limits.totalBytes < LEAST_CHUNK_BYTES
  )
    throw statusFailure(STATUS.INVALID_PARAMETER, about.doing, about.subject);
  return limits;
}

function keptOf(source: Stat): BasicInfo {
  return {
    created: source.created,
    accessed: source.accessed,
    written: source.written,
    attributes: source.attributes & KEPT_ATTRIBUTES,
  };
}

function movedMeanwhile(about: About): Failure {
  return new Failure({
    code: 'changed',
    doing: about.doing,
    subject: about.subject,
    what: 'somebody has changed the file while it was copied',
    hint: 'there is no copy; try again',
    retry: true,
  });
}

function notAsCopied(about: About, wanted: number, found: number): Failure {
  return new Failure({
    code: 'nt-status',
    doing: about.doing,
    subject: about.subject,
    what: `the copy has ${found} bytes of ${wanted}`,
    hint: 'look at the free space and the log of the server',
    retry: true,
  });
}
