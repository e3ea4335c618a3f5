/** The short operations on one file or directory, each one round trip: CREATE, what is wanted, CLOSE. */
import { type About, answerAt, type Line, mustSucceed } from './line.ts';
import { wirePath } from './name.ts';
import { STATUS, statusFailure } from './status.ts';
import type { BasicInfo, Stat } from './types.ts';
import { readBufferAnswer, readErrorData } from './wire/buffer-answer.ts';
import { badAnswer } from './wire/bytes.ts';
import { ACCESS, type Create, DISPOSITION, OPTION, PREVIOUS_FILE } from './wire/create.ts';
import type { Part } from './wire/header.ts';
import {
  deleteRequest,
  QUERY,
  queryInfoRequest,
  readFileId,
  readFullSize,
  readVolumeSerial,
  renameRequest,
  setBasicRequest,
  setSecurityRequest,
} from './wire/info.ts';

/** Windows keeps descriptors below 64 KiB. */
const SECURITY_BYTES = 4_096;
const SECURITY_LIMIT_BYTES = 65_536;
const INFO_BYTES = 1_024;

function opening(path: string, access: number, options = 0): Create {
  return {
    name: wirePath(path),
    access: access | ACCESS.synchronize,
    disposition: DISPOSITION.open,
    options: options | OPTION.reparsePoint,
  };
}

function aboutPath(doing: string, path: string): About {
  return { doing, subject: path === '' ? 'the root of the share' : path, lane: 'urgent' };
}

export async function stat(line: Line, path: string): Promise<Stat> {
  const { created } = await line.onFile(opening(path, ACCESS.readAttributes), [], aboutPath('look at', path));
  return created.stat;
}

export async function makeDirectory(line: Line, path: string): Promise<void> {
  const create = opening(path, ACCESS.readAttributes, OPTION.directory);
  await line.onFile({ ...create, disposition: DISPOSITION.create }, [], aboutPath('make directory', path));
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

export async function removeFile(line: Line, path: string): Promise<void> {
  const create = opening(path, ACCESS.delete | ACCESS.readAttributes, OPTION.nonDirectory);
  await change(line, create, deleteRequest(PREVIOUS_FILE), aboutPath('remove', path));
}

export async function removeDirectory(line: Line, path: string): Promise<void> {
  const create = opening(path, ACCESS.delete | ACCESS.readAttributes, OPTION.directory);
  await change(line, create, deleteRequest(PREVIOUS_FILE), aboutPath('remove directory', path));
}

export async function setBasic(line: Line, path: string, info: BasicInfo): Promise<void> {
  const create = opening(path, ACCESS.writeAttributes);
  await change(line, create, setBasicRequest(PREVIOUS_FILE, info), aboutPath('set times of', path));
}

export async function writeSecurity(line: Line, path: string, descriptor: Buffer): Promise<void> {
  const create = opening(path, ACCESS.writeDac | ACCESS.writeOwner | ACCESS.readControl);
  await change(line, create, setSecurityRequest(PREVIOUS_FILE, descriptor), aboutPath('set permissions of', path));
}

/** One SET_INFO on something that exists. */
async function change(line: Line, create: Create, part: Part, about: About): Promise<void> {
  const { answers } = await line.onFile(create, [part], about);
  mustSucceed(answerAt(answers, 0), about);
}

export async function readSecurity(line: Line, path: string): Promise<Buffer> {
  const about = aboutPath('read permissions of', path);
  for (let bytes = SECURITY_BYTES; ; ) {
    const query = queryInfoRequest(PREVIOUS_FILE, QUERY.security, bytes);
    const { answers } = await line.onFile(opening(path, ACCESS.readControl), [query], about);
    const answer = answerAt(answers, 0);
    if (answer.status === STATUS.SUCCESS) return readBufferAnswer(answer.part, bytes, 'a security descriptor');
    if (answer.status !== STATUS.BUFFER_TOO_SMALL) throw statusFailure(answer.status, about.doing, about.subject);
    const data = readErrorData(answer.part);
    const needed = data.length >= 4 ? data.readUInt32LE(0) : 0;
    if (needed <= bytes || needed > SECURITY_LIMIT_BYTES)
      throw badAnswer(`a security descriptor needs ${needed} bytes`);
    bytes = needed;
  }
}

export async function space(line: Line): Promise<{ totalBytes: number; freeBytes: number }> {
  const [buffer] = await queryRoot(line, [QUERY.fullSize], aboutPath('ask for the space of', ''));
  return readFullSize(buffer ?? Buffer.alloc(0));
}

export async function identity(line: Line): Promise<{ volumeSerial: number; rootFileId: bigint }> {
  const [volume, internal] = await queryRoot(line, [QUERY.volume, QUERY.internal], aboutPath('identify', ''));
  return {
    volumeSerial: readVolumeSerial(volume ?? Buffer.alloc(0)),
    rootFileId: readFileId(internal ?? Buffer.alloc(0)),
  };
}

async function queryRoot(line: Line, what: { type: number; class: number }[], about: About): Promise<Buffer[]> {
  const parts = what.map((each) => queryInfoRequest(PREVIOUS_FILE, each, INFO_BYTES));
  const { answers } = await line.onFile(opening('', ACCESS.readAttributes), parts, about);
  return answers.map((answer) =>
    readBufferAnswer(mustSucceed(answer, about).part, INFO_BYTES, 'information about a volume'),
  );
}
