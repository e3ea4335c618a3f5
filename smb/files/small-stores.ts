/**
 * Creates small files with their content, each in one round trip: CREATE, WRITE, SET_INFO, FLUSH and CLOSE in one chain, which several
 * of them may share (chains.ts).
 *
 * What could go wrong, and why it does not:
 * - CREATE fails: nothing was made; behind others in a shared chain it is tried again alone, and that answer counts;
 * - a part behind CREATE fails, and CLOSE as well: what was made is deleted through its handle (withdraw.ts);
 * - a part behind CREATE fails, and CLOSE does not: what was made lies there without a handle. It is opened by its name and deleted through
 *   that handle, only when creation time, size and time of writing are those that we were told, so that nobody else's file is hit;
 * - that fails too: the caller is told that what was made is left there, never that all is well;
 * - the connection is lost: a half-made file may be left, as with any other way of writing; FILE_CREATE refuses to go on with it.
 */
import { Failure, textOf } from '../../base/failure.ts';
import type { Answer } from '../link/exchange.ts';
import { type About, answerAt, type Line } from '../link/line.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import type { BasicInfo, Stat, StoreSource } from '../types.ts';
import {
  ATTRIBUTE,
  type Create,
  closeRequest,
  PREVIOUS_FILE,
  readClosed,
  readFileHandle,
  readOpened,
} from '../wire/create.ts';
import { chargeFor, type Part } from '../wire/header.ts';
import { setBasicRequest } from '../wire/info.ts';
import { readWritten, writeRequest } from '../wire/read-write.ts';
import { flushRequest } from '../wire/simple.ts';
import { Chains, type Linked } from './chains.ts';
import { removeFile, setBasic, stat } from './file.ts';
import { withdraw } from './withdraw.ts';

const LIMITS = { files: 4, bytes: 262_144 };
/** CREATE, WRITE, SET_INFO, FLUSH, CLOSE. */
const PARTS = 5;
/** The same for every file. */
const FLUSH: Part = flushRequest(PREVIOUS_FILE);
const CLOSE: Part = closeRequest(PREVIOUS_FILE, true);

export interface SmallStore {
  path: string;
  create: Create;
  source: StoreSource;
  info: BasicInfo;
  about: About;
  /** The way with a handle that stays open until all is well. It need not pass the gate. */
  alone(): Promise<Stat>;
}

interface Waiting extends SmallStore, Linked {
  resolve(closed: Stat): void;
}

/** A file whose bytes are in hand. */
interface Ready {
  wanted: Waiting;
  data: Buffer;
}

export class SmallStores {
  readonly #line: Line;
  readonly #chains: Chains<Waiting>;

  constructor(line: Line) {
    this.#line = line;
    this.#chains = new Chains(line, LIMITS, (chain, alone) =>
      alone ? Promise.all(chain.map(storeAlone)).then(() => undefined) : this.#together(chain),
    );
  }

  /** What CLOSE told of the file. Rejects as `store` does; then nothing of the file is left, unless the failure says so. */
  store(wanted: SmallStore): Promise<Stat> {
    const bytes = wanted.source.size;
    const charge = PARTS - 1 + chargeFor(bytes);
    return new Promise((resolve, reject) => {
      this.#chains.push({ ...wanted, bytes, charge, resolve, reject });
    });
  }

  async #together(chain: readonly Waiting[]): Promise<void> {
    const ready = (await Promise.all(chain.map(inHand))).filter((one) => one !== undefined);
    const [first] = ready;
    if (first === undefined) return;
    const parts = ready.flatMap(({ wanted, data }): Part[] => [
      this.#line.creating(wanted.create),
      writeRequest(PREVIOUS_FILE, 0, data),
      setBasicRequest(PREVIOUS_FILE, wanted.info),
      FLUSH,
      CLOSE,
    ]);
    const subject = `${first.wanted.about.subject}${ready.length === 1 ? '' : ` and ${ready.length - 1} more`}`;
    const answers = await this.#line.exchange(parts, { ...first.wanted.about, subject });
    const made = ready.map((one, index) =>
      this.#judge(one, answers.slice(PARTS * index, PARTS * (index + 1)), index === 0),
    );
    const whole = (await Promise.all(made)).filter((good) => good).length;
    // One refused CREATE has its own reason, and so may one file of several.
    const isRefused = ready.length === 1 ? whole === 0 && answers[0]?.status === STATUS.SUCCESS : whole < 2;
    this.#chains.shared(isRefused);
  }

  /** Settles the file or gives it back; true when it is whole. Never rejects. */
  async #judge({ wanted, data }: Ready, answers: readonly Answer[], isFirst: boolean): Promise<boolean> {
    const { path, source, about } = wanted;
    try {
      const created = answerAt(answers, 0);
      if (created.status !== STATUS.SUCCESS) {
        // First of its chain, it fails for a reason of its own.
        if (isFirst) wanted.reject(statusFailure(created.status, about.doing, path));
        else this.#chains.again(wanted);
        return false;
      }
      const closed = await this.#closed(wanted, answers);
      if (closed === undefined || !isWhole(answers, data.length) || closed.size !== data.length) {
        await this.#takeAway(wanted, created, closed);
        this.#chains.again(wanted);
        return false;
      }
      source.used?.(data);
      wanted.resolve(closed);
      return true;
    } catch (error) {
      wanted.reject(
        this.#line.link.failure ??
          new Failure({
            code: 'nt-status',
            doing: about.doing,
            subject: path,
            what: `it could not be written whole, and what was made of it could not be taken away: ${textOf(error)}`,
            hint: 'look at it on the server, and delete it there',
            cause: error,
          }),
      );
      return false;
    }
  }

  /** What CLOSE told, asked for anew where it told nothing; undefined when the handle is still open. */
  async #closed({ path }: Waiting, answers: readonly Answer[]): Promise<Stat | undefined> {
    const closed = answerAt(answers, PARTS - 1);
    if (closed.status !== STATUS.SUCCESS) return undefined;
    return readClosed(closed.part) ?? (await stat(this.#line, path));
  }

  async #takeAway({ path, info, about }: Waiting, created: Answer, closed: Stat | undefined): Promise<void> {
    if (closed === undefined) {
      await withdraw(this.#line, readFileHandle(created.part), about);
      return;
    }
    const { created: createdAt } = readOpened(created.part);
    const still = (now: Stat): boolean =>
      [createdAt, info.created].includes(now.created) && now.size === closed.size && now.written === closed.written;
    // What was made read-only could not be deleted.
    if ((closed.attributes & ATTRIBUTE.readOnly) !== 0)
      await setBasic(this.#line, path, { attributes: ATTRIBUTE.normal }, still);
    await removeFile(this.#line, path, still);
  }
}

async function storeAlone(wanted: Waiting): Promise<void> {
  try {
    wanted.resolve(await wanted.alone());
  } catch (error) {
    wanted.reject(error);
  }
}

/** Reads the source; undefined when it fails, which is this file's trouble alone. */
async function inHand(wanted: Waiting): Promise<Ready | undefined> {
  try {
    return { wanted, data: await wholeRead(wanted.source, 0, wanted.source.size, wanted.path) };
  } catch (error) {
    wanted.reject(error);
    return undefined;
  }
}

/** Bytes of a source, all that were asked for. Throws `changed` when it ends before. */
export async function wholeRead(source: StoreSource, offset: number, length: number, path: string): Promise<Buffer> {
  const data = await source.read(offset, length);
  if (data.length === length) return data;
  throw new Failure({
    code: 'changed',
    doing: 'store',
    subject: path,
    what: `the source ends at ${offset + data.length} of ${source.size} bytes`,
    hint: 'it was changed while it was read; it is tried again later',
    retry: true,
  });
}

/** Whether the content, the times and the flush went well. */
function isWhole(answers: readonly Answer[], length: number): boolean {
  const [, write, ...others] = answers;
  return (
    write?.status === STATUS.SUCCESS &&
    readWritten(write.part) === length &&
    others.every(({ status }) => status === STATUS.SUCCESS)
  );
}
