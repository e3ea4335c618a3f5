/**
 * Lists a directory: CREATE with two QUERY_DIRECTORYs in one round trip, then larger ones on the same handle until the
 * server says NO_MORE_FILES (MS-SMB2 3.3.5.18). Nothing else ends a listing.
 */
import type { Answer } from './exchange.ts';
import { type About, answerAt, type Line, mustSucceed } from './line.ts';
import { wirePath } from './name.ts';
import { STATUS, statusFailure } from './status.ts';
import type { ListBatch } from './types.ts';
import { readBufferAnswer } from './wire/buffer-answer.ts';
import { badAnswer } from './wire/bytes.ts';
import { ACCESS, createRequest, DISPOSITION, OPTION, PREVIOUS_FILE, readFileHandle } from './wire/create.ts';
import { queryDirectoryRequest, readEntries } from './wire/directory.ts';
import type { Part } from './wire/header.ts';

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
  const create = createRequest({
    name: wirePath(directory),
    access: ACCESS.listDirectory | ACCESS.readAttributes | ACCESS.synchronize,
    disposition: DISPOSITION.open,
    options: OPTION.directory | OPTION.reparsePoint,
  });
  const answers = await line.exchange([create, ...queries(PREVIOUS_FILE, FIRST_BYTES)], about);
  const fileId = readFileHandle(mustSucceed(answerAt(answers, 0), about).part);
  const cursor = new Cursor(about);
  let more: Promise<Answer[]> | undefined;
  try {
    let batch = cursor.read(answers.slice(1), FIRST_BYTES);
    for (;;) {
      const bytes = line.payload(Math.min(LATER_BYTES, maxTransactBytes));
      // Asked for before the batch is handed out: the server reads its disk while the caller works.
      more = cursor.ended ? undefined : line.exchange(queries(fileId, bytes), about);
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

/** Two in one chain: the second tells whether the first was the end. */
function queries(fileId: Buffer, bytes: number): Part[] {
  return [queryDirectoryRequest(fileId, bytes), queryDirectoryRequest(PREVIOUS_FILE, bytes)];
}

/** How far the listing is. */
class Cursor {
  ended = false;
  #entries = 0;
  readonly #about: About;

  constructor(about: About) {
    this.#about = about;
  }

  read(answers: readonly Answer[], askedBytes: number): ListBatch {
    const batch: ListBatch = { entries: [], refused: [] };
    for (const answer of answers) {
      if (this.#isEnd(answer.status)) {
        this.ended = true;
        break;
      }
      const buffer = readBufferAnswer(mustSucceed(answer, this.#about).part, askedBytes, 'a directory');
      const found = readEntries(buffer);
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
