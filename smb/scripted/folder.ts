/** For tests: a folder behind a scripted server, in which every file holds something else: whoever mixes answers up is found out. */
import { COMMAND } from '../wire/header.ts';
import { bufferAnswer, entriesBuffer } from './buffers.ts';
import { type Asked, GOOD, good, type Said, written } from './signing.ts';

const NO_MORE_FILES = 0x8000_0006;
/** «That of the part before», within a chain. */
const PREVIOUS = 'ff'.repeat(16);

/** What a file of this name holds. */
export function contentOf(name: string): string {
  return `this is what ${name} holds, and nothing else but ${name}`;
}

export class Folder {
  /** Names by file id, in hexadecimal. */
  readonly #open = new Map<string, string>();
  #created = 0;
  #queries = 0;

  /** Good answers to the parts of one message, in their order. */
  answers(parts: readonly Asked[]): Said[] {
    let last = PREVIOUS;
    return parts.map((to) => {
      const nameOf = (idAt: number): string => {
        const stated = to.body.toString('hex', idAt, idAt + 16);
        return this.#open.get(stated === PREVIOUS ? last : stated) ?? 'no file';
      };
      switch (to.command) {
        case COMMAND.create: {
          const name = to.body.toString('utf16le', 56, 56 + to.body.readUInt16LE(46));
          this.#created += 1;
          last = this.#created.toString(16).padStart(32, '0');
          this.#open.set(last, name);
          const body = GOOD.create(contentOf(name).length);
          Buffer.from(last, 'hex').copy(body, 64);
          return { to, body };
        }
        case COMMAND.read: {
          const offset = Number(to.body.readBigUInt64LE(8));
          return { to, body: GOOD.read(contentOf(nameOf(16)).slice(offset, offset + to.body.readUInt32LE(4))) };
        }
        case COMMAND.close:
          return { to, body: GOOD.close(contentOf(nameOf(8)).length) };
        case COMMAND.write:
          return { to, body: written(to.body.readUInt32LE(4)) };
        case COMMAND.queryDirectory:
          // Two entries, one in each answer, and the end.
          this.#queries += 1;
          return this.#queries % 3 === 0
            ? { to, status: NO_MORE_FILES }
            : bufferAnswer(to, entriesBuffer({ name: `entry ${this.#queries % 3}` }));
        default:
          return good(to);
      }
    });
  }
}
