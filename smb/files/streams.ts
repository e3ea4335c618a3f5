/**
 * Named streams (MS-FSCC 5.1): their list, making one of a file that is there, removing one. Reading is `fetch` with the stream's name.
 */

import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { wirePath } from '../name.ts';
import { STATUS } from '../status/status.ts';
import type { BasicInfo, Stat, StoreSource, Streams } from '../types.ts';
import { readBufferAnswer } from '../wire/buffer-answer.ts';
import { ACCESS, OPTION, PREVIOUS_FILE } from '../wire/create.ts';
import { deleteRequest, QUERY, queryInfoRequest } from '../wire/info.ts';
import { readStreams } from '../wire/streams.ts';
import { aboutPath, change, opening } from './file.ts';
import type { Storer } from './store.ts';

/** Some 1,000 streams, for one credit; and for files with more. */
const FIRST_BYTES = 65_536;
const LATER_BYTES = 1_048_576;

/** What CREATE can give (MS-FSCC 2.6): read-only, hidden, system, archive, temporary, offline, not indexed. */
const ATTRIBUTES_OF_CREATE = 0x3127;

/** One round trip, or two for a file with thousands of streams. */
export async function streams(line: Line, path: string, maxTransactBytes: number): Promise<Streams> {
  const about = aboutPath('list the streams of', path);
  const most = line.payload(Math.min(LATER_BYTES, maxTransactBytes));
  for (let bytes = Math.min(FIRST_BYTES, most); ; bytes = most) {
    const query = queryInfoRequest(PREVIOUS_FILE, QUERY.streams, bytes);
    const { answers } = await line.onFile(opening(path, ACCESS.readAttributes), [query], about);
    const answer = answerAt(answers, 0);
    if (answer.status === STATUS.BUFFER_OVERFLOW && bytes < most) continue;
    return readStreams(readBufferAnswer(mustSucceed(answer, about).part, bytes, 'the streams of a file'));
  }
}

/**
 * Works on a stream that may have to be made, of a file that is there. A server that is asked to make a stream of a missing file
 * makes the file too: hence the opening of the file itself, which fails where there is none, and which keeps it there meanwhile.
 * @param work is given the attributes for the CREATE of the stream: a Samba server gives them to the file
 */
export async function besideFile<T>(
  line: Line,
  path: string,
  about: About,
  work: (attributes: number) => Promise<T>,
): Promise<T> {
  const { fileId, stat } = await line.open(opening(path, ACCESS.readAttributes), about);
  try {
    return await work(stat.attributes & ATTRIBUTES_OF_CREATE);
  } finally {
    line.closeLater(fileId, about);
  }
}

/** Creates a stream of a file that is there. */
export async function storeStream(
  line: Line,
  storer: Storer,
  path: string,
  stream: string,
  source: StoreSource,
  info: BasicInfo,
): Promise<Stat> {
  const about = aboutPath('store a stream of', path);
  // A name that is refused is refused before anything is asked.
  wirePath(path, stream);
  return besideFile(line, path, about, (attributes) => storer.store(path, source, info, { name: stream, attributes }));
}

export async function removeStream(line: Line, path: string, stream: string): Promise<void> {
  const create = opening(path, ACCESS.delete | ACCESS.readAttributes, OPTION.nonDirectory, stream);
  await change(line, create, deleteRequest(PREVIOUS_FILE), aboutPath('remove a stream of', path));
}
