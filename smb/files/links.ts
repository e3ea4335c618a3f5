/** The names of a file: further ones, how many, and how the server itself spells one. */

import { answerAt, type Line, mustSucceed } from '../link/line.ts';
import { refusedName, wirePath } from '../name.ts';
import { STATUS } from '../status/status.ts';
import { readBufferAnswer } from '../wire/buffer-answer.ts';
import { badAnswer } from '../wire/bytes.ts';
import { ACCESS, OPTION, PREVIOUS_FILE } from '../wire/create.ts';
import { linkRequest, QUERY, queryInfoRequest, readFileName, readLinkCount } from '../wire/info.ts';
import { aboutPath, change, opening, queryFile } from './file.ts';

/** The longest path there is, 32,767 units. */
const NAME_BYTES = 65_536;

/** One more name for a file (MS-FSA 2.1.5.15.6). */
export async function link(line: Line, path: string, name: string, replace: boolean): Promise<void> {
  const create = opening(path, ACCESS.writeAttributes, OPTION.nonDirectory);
  const request = linkRequest(PREVIOUS_FILE, wirePath(name), replace);
  await change(line, create, request, aboutPath('link', `${path} to ${name}`));
}

export async function linkCount(line: Line, path: string): Promise<number> {
  const [standard] = await queryFile(line, path, [QUERY.standard], aboutPath('count the names of', path));
  return readLinkCount(standard ?? Buffer.alloc(0));
}

/** The path as the server spells it, each component judged like any name that a server sends. */
export async function canonicalPath(line: Line, path: string): Promise<string> {
  const about = aboutPath('ask for the name of', path);
  const query = queryInfoRequest(PREVIOUS_FILE, QUERY.normalizedName, NAME_BYTES);
  const { answers } = await line.onFile(opening(path, ACCESS.readAttributes), [query], about);
  const buffer = readBufferAnswer(mustSucceed(answerAt(answers, 0), about).part, NAME_BYTES, 'the name of a file');
  const name = readFileName(buffer);
  if (name === '') return '';
  const components = name.split('\\');
  for (const component of components) {
    const why = refusedName(component);
    if (why !== undefined) throw badAnswer(`a name of the path is not safe to use: ${why}`);
  }
  return components.join('/');
}

/** Undefined where the file has none. */
export async function shortName(line: Line, path: string): Promise<string | undefined> {
  const about = aboutPath('ask for the short name of', path);
  const query = queryInfoRequest(PREVIOUS_FILE, QUERY.alternateName, NAME_BYTES);
  const { answers } = await line.onFile(opening(path, ACCESS.readAttributes), [query], about);
  const answer = answerAt(answers, 0);
  if (answer.status === STATUS.OBJECT_NAME_NOT_FOUND) return undefined;
  const name = readFileName(readBufferAnswer(mustSucceed(answer, about).part, NAME_BYTES, 'the short name of a file'));
  if (name === '') return undefined;
  const why = refusedName(name);
  if (why !== undefined) throw badAnswer(`the short name of a file is not safe to use: ${why}`);
  return name;
}
