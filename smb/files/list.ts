/**
 * Lists a directory: CREATE with two QUERY_DIRECTORYs in one round trip, then larger ones on the same handle until the
 * server says NO_MORE_FILES (MS-SMB2 3.3.5.18). Nothing else ends a listing. A server that does not know the class of entries that
 * is asked for is asked for another one, on the same handle.
 */
import type { Answer } from '../link/exchange.ts';
import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { wirePath } from '../name.ts';
import { STATUS, statusFailure } from '../status/status.ts';
import type { ListBatch } from '../types.ts';
import { readBufferAnswer } from '../wire/buffer-answer.ts';
import { badAnswer } from '../wire/bytes.ts';
import { ACCESS, DISPOSITION, OPTION, PREVIOUS_FILE, readFileHandle } from '../wire/create.ts';
import { LAYOUTS, type Layout, queryDirectoryRequest, readEntries } from '../wire/directory.ts';
import type { Part } from '../wire/header.ts';

/** About 450 entries, for one credit. */
const FIRST_BYTES = 65_536;
/** About 7,000 entries; for directories that overflow the first two. */
const LATER_BYTES = 1_048_576;
/** Entries of one directory; a server that goes on beyond it goes round in circles. */
const ENTRIES_LIMIT = 20_000_000;

export async function* list(
  line: Line,
  directory: string,
  maxTransactBytes: number,
): AsyncGenerator<ListBatch, void, undefined> {
  const about: About = {
    doing: 'list',
    subject: directory === '' ? 'the root of the share' : directory,
    lane: 'urgent',
  };
  const create = line.creating({
    name: wirePath(directory),
    access: ACCESS.listDirectory | ACCESS.readAttributes | ACCESS.synchronize,
    disposition: DISPOSITION.open,
    options: OPTION.directory | OPTION.reparsePoint,
  });
  const [usual, ...others] = LAYOUTS;
  const ask = (parts: readonly Part[]): Promise<Answer[]> => held(line, () => line.exchange(parts, about));
  const answers = await ask([create, ...queries(PREVIOUS_FILE, FIRST_BYTES, usual)]);
  const fileId = readFileHandle(mustSucceed(answerAt(answers, 0), about).part);
  let more: Promise<Answer[]> | undefined;
  try {
    let layout: Layout = usual;
    let first = answers.slice(1);
    for (const other of others) {
      if (!isUnknownClass(answerAt(first, 0).status)) break;
      layout = other;
      first = await ask(queries(fileId, FIRST_BYTES, layout));
    }
    const cursor = new Cursor(about, layout);
    let batch = cursor.read(first, FIRST_BYTES);
    for (;;) {
      // Both answers come in one message, and no message may be much larger than the largest answer.
      const bytes = line.payload(Math.min(LATER_BYTES, Math.floor(maxTransactBytes / 2)));
      // Asked for before the batch is handed out: the server reads its disk while the caller works.
      more = cursor.ended ? undefined : ask(queries(fileId, bytes, layout));
      // It is awaited below, or not at all when the caller has seen enough.
      more?.catch(() => undefined);
      if (batch.entries.length > 0 || batch.refused.length > 0) yield batch;
      if (more === undefined) return;
      batch = cursor.read(await more, bytes);
    }
  } finally {
    line.closeLater(fileId, about);
  }
}

/** Where listings are held back each question passes the gate, before what would open more files. */
async function held(line: Line, ask: () => Promise<Answer[]>): Promise<Answer[]> {
  const { gate } = line.link;
  if (!gate.holdsLists) return ask();
  await gate.enter(0, 'continuing');
  return ask().finally(() => gate.leave(0));
}

/** Two in one chain: the second tells whether the first was the end. */
function queries(fileId: Buffer, bytes: number, layout: Layout): Part[] {
  return [queryDirectoryRequest(fileId, bytes, layout), queryDirectoryRequest(PREVIOUS_FILE, bytes, layout)];
}

/** MS-SMB2 3.3.5.18 wants the first of them; servers of other makes say the others. */
function isUnknownClass(status: number): boolean {
  return status === STATUS.INVALID_INFO_CLASS || status === STATUS.NOT_SUPPORTED || status === STATUS.NOT_IMPLEMENTED;
}

/** How far the listing is. */
class Cursor {
  ended = false;
  #entries = 0;
  readonly #about: About;
  readonly #layout: Layout;

  constructor(about: About, layout: Layout) {
    this.#about = about;
    this.#layout = layout;
  }

  read(answers: readonly Answer[], askedBytes: number): ListBatch {
    const batch: ListBatch = { entries: [], refused: [] };
    for (const answer of answers) {
      if (this.#isEnd(answer.status)) {
        this.ended = true;
        break;
      }
      const buffer = readBufferAnswer(mustSucceed(answer, this.#about).part, askedBytes, 'a directory');
      const found = readEntries(buffer, this.#layout);
      this.#entries += found.count;
      if (this.#entries > ENTRIES_LIMIT) throw badAnswer('a directory does not end');
      for (const entry of found.entries) batch.entries.push(entry);
      for (const name of found.refused) batch.refused.push(name);
    }
    return batch;
  }

  #isEnd(status: number): boolean {
    if (status === STATUS.NO_MORE_FILES) return true;
    // A directory without even «.» and «..» answers its first query so (MS-SMB2 3.3.5.18).
    if (status !== STATUS.NO_SUCH_FILE) return false;
    if (this.#entries > 0) throw statusFailure(status, this.#about.doing, this.#about.subject);
    return true;
  }
}
