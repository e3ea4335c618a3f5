/** Extended attributes: all of a file in one round trip, and setting some (MS-FSCC 2.4.16). */

import { answerAt, type Line, mustSucceed } from '../link/line.ts';
import { STATUS } from '../status/status.ts';
import type { ExtendedAttribute } from '../types.ts';
import { readBufferAnswer } from '../wire/buffer-answer.ts';
import { ACCESS, PREVIOUS_FILE } from '../wire/create.ts';
import { readExtended, setExtendedRequest } from '../wire/extended.ts';
import { QUERY, queryInfoRequest } from '../wire/info.ts';
import { aboutPath, change, opening } from './file.ts';

/** More than a file can have. */
const ANSWER_BYTES = 65_536;

export async function extended(line: Line, path: string): Promise<ExtendedAttribute[]> {
  const about = aboutPath('read the extended attributes of', path);
  const query = queryInfoRequest(PREVIOUS_FILE, QUERY.extended, ANSWER_BYTES);
  const { answers } = await line.onFile(opening(path, ACCESS.readExtended), [query], about);
  const answer = answerAt(answers, 0);
  if (answer.status === STATUS.NO_EAS_ON_FILE) return [];
  return readExtended(readBufferAnswer(mustSucceed(answer, about).part, ANSWER_BYTES, 'the extended attributes'));
}

export async function setExtended(line: Line, path: string, attributes: readonly ExtendedAttribute[]): Promise<void> {
  if (attributes.length === 0) return;
  const request = setExtendedRequest(PREVIOUS_FILE, attributes);
  await change(line, opening(path, ACCESS.writeExtended), request, aboutPath('set the extended attributes of', path));
}
