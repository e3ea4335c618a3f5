/** Asks for the list of shares over the pipe `srvsvc` of IPC$ (MS-SRVS 3.1.4.8, MS-RPCE 2.1.1.2). */

import { Failure } from '../base/failure.ts';
import type { About, Line } from './line.ts';
import { answerAt } from './line.ts';
import {
  bindRequest,
  checkBindAck,
  parseShareEnum,
  pduLength,
  responseStub,
  SHARE_ENUM_DONE,
  SHARE_ENUM_MORE,
  shareEnumRequest,
} from './rpc/srvsvc.ts';
import { STATUS, statusFailure } from './status.ts';
import type { ShareInfo } from './types.ts';
import { badAnswer } from './wire/bytes.ts';
import { ACCESS, DISPOSITION } from './wire/create.ts';
import { FSCTL, ioctlRequest, readIoctlOutput } from './wire/ioctl.ts';
import { readData, readRequest } from './wire/read-write.ts';

const ABOUT: About = { doing: 'list the shares of', subject: 'the server', lane: 'urgent' };
/** What one transceive or read may bring. */
const CHUNK_BYTES = 65_536;
/** An answer of ten thousand shares with long comments stays below. */
const STUB_LIMIT_BYTES = 16 * 1_048_576;
/** Rounds with a resume handle; a server that gives all at once needs one. */
const ROUND_LIMIT = 1_000;

/** @param line to IPC$ */
export async function listShares(line: Line, host: string): Promise<ShareInfo[]> {
  const about = { ...ABOUT, subject: host };
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
    return await enumerate(pipe, host);
  } finally {
    line.closeLater(fileId, about);
  }
}

async function enumerate(pipe: Pipe, host: string): Promise<ShareInfo[]> {
  const shares: ShareInfo[] = [];
  let resumeHandle = 0;
  for (let round = 0; round < ROUND_LIMIT; round += 1) {
    const stub = await pipe.callWhole(shareEnumRequest(round + 2, `\\\\${host}`, resumeHandle));
    const answer = parseShareEnum(stub);
    if (answer.status !== SHARE_ENUM_DONE && answer.status !== SHARE_ENUM_MORE) throw refused(host, answer.status);
    shares.push(...answer.shares);
    if (answer.status === SHARE_ENUM_DONE) return shares;
    if (answer.shares.length === 0) break;
    resumeHandle = answer.resumeHandle;
  }
  throw badAnswer('the list of shares does not end');
}

/** Calls over a pipe: FSCTL_PIPE_TRANSCEIVE, and READ for what did not fit its answer (MS-FSCC 2.3.53). */
class Pipe {
  readonly #line: Line;
  readonly #fileId: Buffer;
  readonly #about: About;
  #received: Buffer = Buffer.alloc(0);

  constructor(line: Line, fileId: Buffer, about: About) {
    this.#line = line;
    this.#fileId = fileId;
    this.#about = about;
  }

  /** The first fragment of the answer. */
  async call(request: Buffer): Promise<Buffer> {
    this.#received = Buffer.alloc(0);
    const part = ioctlRequest(this.#fileId, FSCTL.pipeTransceive, request, CHUNK_BYTES);
    const answer = answerAt(await this.#line.exchange([part], this.#about), 0);
    // BUFFER_OVERFLOW is a warning: there is more to read.
    if (answer.status !== STATUS.SUCCESS && answer.status !== STATUS.BUFFER_OVERFLOW)
      throw statusFailure(answer.status, this.#about.doing, this.#about.subject);
    this.#received = readIoctlOutput(answer.part, CHUNK_BYTES);
    return this.#fragment();
  }

  /** The stubs of all fragments of the answer, joined. */
  async callWhole(request: Buffer): Promise<Buffer> {
    const stubs: Buffer[] = [];
    let bytes = 0;
    for (let fragment = await this.call(request); ; fragment = await this.#fragment()) {
      const { stub, last } = responseStub(fragment);
      stubs.push(stub);
      bytes += stub.length;
      if (last) return Buffer.concat(stubs);
      if (stub.length === 0 || bytes > STUB_LIMIT_BYTES) throw badAnswer('the list of shares does not end');
    }
  }

  async #fragment(): Promise<Buffer> {
    for (;;) {
      const length = this.#received.length < 16 ? undefined : pduLength(this.#received);
      if (length !== undefined && length <= this.#received.length) {
        const fragment = this.#received.subarray(0, length);
        this.#received = this.#received.subarray(length);
        return fragment;
      }
      const answer = answerAt(await this.#line.exchange([readRequest(this.#fileId, 0, CHUNK_BYTES)], this.#about), 0);
      if (answer.status !== STATUS.SUCCESS && answer.status !== STATUS.BUFFER_OVERFLOW)
        throw statusFailure(answer.status, this.#about.doing, this.#about.subject);
      const data = readData(answer.part, CHUNK_BYTES);
      if (data.length === 0) throw badAnswer('the pipe gives nothing more');
      this.#received = Buffer.concat([this.#received, data]);
    }
  }
}

function refused(host: string, status: number): Failure {
  return new Failure({
    code: status === 5 ? 'access-denied' : 'nt-status',
    doing: ABOUT.doing,
    subject: host,
    what: `the server refuses (Win32 error ${status})`,
    hint: 'give the name of the share by hand, or use an account that may list the shares',
  });
}
