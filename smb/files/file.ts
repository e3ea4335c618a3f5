/**
 * The short operations on one file or directory, each one round trip: CREATE, what is wanted, CLOSE. Those that must not hit
 * what somebody has changed meanwhile take three: the file is opened without sharing it, looked at, changed and closed.
 */
import { Failure } from '../../base/failure.ts';
import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { wirePath } from '../name.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import type { BasicInfo, Stat, Still } from '../types.ts';
import { readBufferAnswer, readErrorData } from '../wire/buffer-answer.ts';
import { badAnswer } from '../wire/bytes.ts';
import { ACCESS, type Create, DISPOSITION, OPTION, PREVIOUS_FILE, SHARE } from '../wire/create.ts';
import type { Part } from '../wire/header.ts';
import {
  deleteRequest,
  QUERY,
  type Query,
  queryInfoRequest,
  readFileId,
  readFullSize,
  readVolumeSerial,
  renameRequest,
  setBasicRequest,
  setSecurityRequest,
} from '../wire/info.ts';
import { settingOf } from '../wire/security.ts';

/** Windows keeps descriptors below 64 KiB. */
const SECURITY_BYTES = 4_096;
const SECURITY_LIMIT_BYTES = 65_536;
const INFO_BYTES = 1_024;

/** Something that is there, as it is: a reparse point is itself. */
export function opening(path: string, access: number, options = 0, stream?: string): Create {
  return {
    name: wirePath(path, stream),
    access: access | ACCESS.synchronize,
    disposition: DISPOSITION.open,
    options: options | OPTION.reparsePoint,
  };
}

export function aboutPath(doing: string, path: string): About {
  return { doing, subject: path === '' ? 'the root of the share' : path, lane: 'urgent' };
}

/** @param stream whose size it tells; times and attributes are those of the file */
export async function stat(line: Line, path: string, stream?: string): Promise<Stat> {
  const create = opening(path, ACCESS.readAttributes, 0, stream);
  const { created } = await line.onFile(create, [], aboutPath('look at', path));
  return created.stat;
}

/**
 * Opens a file without sharing it, and closes it again. The server compares what everybody who has the file open does and
 * allows (MS-SMB2 3.3.5.9, MS-FSA 2.1.5.1.2.2): an opening that shares nothing meets everyone who reads, writes or deletes.
 */
export async function alone(line: Line, path: string): Promise<Stat> {
  const { created } = await line.onFile(openingAlone(path, ACCESS.delete), [], aboutPath('look at', path));
  return created.stat;
}

function openingAlone(path: string, access: number): Create {
  // The right to read is what makes an opening count among the others; looking at attributes alone would not.
  const create = opening(path, access | ACCESS.readData | ACCESS.readAttributes, OPTION.nonDirectory);
  return { ...create, share: SHARE.nothing };
}

/** @param attributes which it has from its first moment on */
export async function makeDirectory(line: Line, path: string, attributes = 0): Promise<void> {
  const create = opening(path, ACCESS.readAttributes, OPTION.directory);
  const made = { ...create, disposition: DISPOSITION.create, attributes };
  await line.onFile(made, [], aboutPath('make directory', path));
}

export async function rename(line: Line, from: string, to: string, replace: boolean): Promise<void> {
  const part = renameRequest(PREVIOUS_FILE, wirePath(to), replace);
  await change(
    line,
    opening(from, ACCESS.delete | ACCESS.readAttributes),
    part,
    aboutPath('rename', `${from} to ${to}`),
  );
}

export async function removeFile(line: Line, path: string, still: Still | undefined): Promise<void> {
  const about = aboutPath('remove', path);
  if (still !== undefined) return changeAlone(line, openingAlone(path, ACCESS.delete), still, deleteRequest, about);
  const create = opening(path, ACCESS.delete | ACCESS.readAttributes, OPTION.nonDirectory);
  await change(line, create, deleteRequest(PREVIOUS_FILE), about);
}

export async function removeDirectory(line: Line, path: string): Promise<void> {
  const create = opening(path, ACCESS.delete | ACCESS.readAttributes, OPTION.directory);
  await change(line, create, deleteRequest(PREVIOUS_FILE), aboutPath('remove directory', path));
}

export async function setBasic(line: Line, path: string, info: BasicInfo, still: Still | undefined): Promise<void> {
  const about = aboutPath('set times of', path);
  const request = (fileId: Buffer): Part => setBasicRequest(fileId, info);
  if (still !== undefined) return changeAlone(line, openingAlone(path, ACCESS.writeAttributes), still, request, about);
  await change(line, opening(path, ACCESS.writeAttributes), request(PREVIOUS_FILE), about);
}

/** @param sacl whether the audit rules in it are set too */
export async function writeSecurity(line: Line, path: string, descriptor: Buffer, sacl = false): Promise<void> {
  const about = aboutPath('set permissions of', path);
  const { access, information, wire } = settingOf(descriptor, sacl);
  await change(line, opening(path, access), setSecurityRequest(PREVIOUS_FILE, wire, information), about);
}

/** One SET_INFO on a file that nobody else has open, and that the caller has recognised on the same handle. */
async function changeAlone(
  line: Line,
  create: Create,
  still: Still,
  request: (fileId: Buffer) => Part,
  about: About,
): Promise<void> {
  const { fileId, stat } = await line.open(create, about);
  try {
    if (!still(stat)) throw changedMeanwhile(about);
    await line.ask(request(fileId), about);
  } catch (error) {
    line.closeLater(fileId, about);
    throw error;
  }
  // A file that was removed goes when its handle does.
  await line.close(fileId, about);
}

/** One SET_INFO on something that exists. */
export async function change(line: Line, create: Create, part: Part, about: About): Promise<void> {
  const { answers } = await line.onFile(create, [part], about);
  mustSucceed(answerAt(answers, 0), about);
}

/** @param sacl whether the audit rules are read too */
export async function readSecurity(line: Line, path: string, sacl = false): Promise<Buffer> {
  const about = aboutPath('read permissions of', path);
  const create = opening(path, ACCESS.readControl | (sacl ? ACCESS.systemSecurity : 0));
  for (let bytes = SECURITY_BYTES; ; ) {
    const query = queryInfoRequest(PREVIOUS_FILE, sacl ? QUERY.securityWithSacl : QUERY.security, bytes);
    const { answers } = await line.onFile(create, [query], about);
    const answer = answerAt(answers, 0);
    // A copy: what the caller keeps must not keep the frame that it came in.
    if (answer.status === STATUS.SUCCESS)
      return Buffer.from(readBufferAnswer(answer.part, bytes, 'a security descriptor'));
    if (answer.status !== STATUS.BUFFER_TOO_SMALL) throw statusFailure(answer.status, about.doing, about.subject);
    const data = readErrorData(answer.part);
    const needed = data.length >= 4 ? data.readUInt32LE(0) : 0;
    if (needed <= bytes || needed > SECURITY_LIMIT_BYTES)
      throw badAnswer(`a security descriptor needs ${needed} bytes`);
    // Twice as much at least: one that grows while it is asked for must not go on growing byte by byte.
    bytes = Math.min(SECURITY_LIMIT_BYTES, Math.max(needed, 2 * bytes));
  }
}

export async function space(line: Line): Promise<{ totalBytes: number; freeBytes: number }> {
  const [buffer] = await queryFile(line, '', [QUERY.fullSize], aboutPath('ask for the space of', ''));
  return readFullSize(buffer ?? Buffer.alloc(0));
}

export async function identity(line: Line): Promise<{ volumeSerial: number; rootFileId: bigint }> {
  const [volume, internal] = await queryFile(line, '', [QUERY.volume, QUERY.internal], aboutPath('identify', ''));
  return {
    volumeSerial: readVolumeSerial(volume ?? Buffer.alloc(0)),
    rootFileId: readFileId(internal ?? Buffer.alloc(0)),
  };
}

export async function fileId(line: Line, path: string): Promise<bigint> {
  const [internal] = await queryFile(line, path, [QUERY.internal], aboutPath('identify', path));
  return readFileId(internal ?? Buffer.alloc(0));
}

/** Short answers about one file, one for each question. */
export async function queryFile(line: Line, path: string, what: readonly Query[], about: About): Promise<Buffer[]> {
  const parts = what.map((each) => queryInfoRequest(PREVIOUS_FILE, each, INFO_BYTES));
  const { answers } = await line.onFile(opening(path, ACCESS.readAttributes), parts, about);
  return answers.map((answer) => readBufferAnswer(mustSucceed(answer, about).part, INFO_BYTES, 'information about it'));
}

function changedMeanwhile(about: About): Failure {
  return new Failure({
    code: 'changed',
    doing: about.doing,
    subject: about.subject,
    what: 'somebody has changed it meanwhile',
    hint: 'nothing was done to it; look at it again',
    retry: true,
  });
}
