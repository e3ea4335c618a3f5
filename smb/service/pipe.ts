/** RPC over a named pipe of IPC$ (MS-RPCE 2.1.1.2): what is asked, and the fragments of the answer put together. */
import { type About, answerAt, type Line } from '../link/line.ts';
import { pduLength, responseStub } from '../rpc/pdu.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import { badAnswer } from '../wire/bytes.ts';
import { FSCTL, ioctlRequest, readIoctlOutput } from '../wire/ioctl.ts';
import { readData, readRequest } from '../wire/read-write.ts';

/** What one transceive or read may bring. */
const CHUNK_BYTES = 65_536;
/** Ten thousand shares with long comments stay below, in all rounds together. */
const STUB_LIMIT_BYTES = 16 * 1_048_576;
/** Fragments and READs; at the usual 4,280 bytes each, twice what the limit of bytes allows. */
const PIECES_LIMIT = 16_384;

/** Calls over a pipe: FSCTL_PIPE_TRANSCEIVE, and READ for what did not fit its answer (MS-FSCC 2.3.53). */
export class Pipe {
  readonly #line: Line;
  readonly #fileId: Buffer;
  readonly #about: About;
  #received: Buffer = Buffer.alloc(0);
  #pieces = 0;
  #bytes = 0;

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
    for (let fragment = await this.call(request); ; fragment = await this.#fragment()) {
      const { stub, last } = responseStub(fragment);
      stubs.push(stub);
      this.#count(stub.length);
      if (last) return Buffer.concat(stubs);
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
      this.#count(0);
      this.#received = Buffer.concat([this.#received, data]);
    }
  }

  /** Many small pieces cost memory and time like few big ones. */
  #count(bytes: number): void {
    this.#pieces += 1;
    this.#bytes += bytes;
    if (this.#pieces > PIECES_LIMIT || this.#bytes > STUB_LIMIT_BYTES)
      throw badAnswer('the answer over the pipe does not end');
  }
}
