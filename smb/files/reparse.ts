/** What links, junctions and placeholders hold: reading, setting and removing it (MS-FSCC 2.3.29, 2.3.81, 2.3.5). Nothing is followed. */
import { Failure } from '../../base/failure.ts';
import type { Answer } from '../link/exchange.ts';
import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { STATUS } from '../status/status.ts';
import type { ReparsePoint, ReparseTarget } from '../types.ts';
import { ACCESS, PREVIOUS_FILE } from '../wire/create.ts';
import { FSCTL, ioctlRequest, readIoctlOutput } from '../wire/ioctl.ts';
import { REPARSE_LIMIT_BYTES, readReparse, reparseBytes, targetBytes } from '../wire/reparse.ts';
import { aboutPath, opening } from './file.ts';

/** Undefined for what is no reparse point. */
export async function reparse(line: Line, path: string): Promise<ReparsePoint | undefined> {
  const about = aboutPath('read the link', path);
  const answer = await control(line, path, ACCESS.readAttributes, FSCTL.getReparsePoint, Buffer.alloc(0), about);
  if (answer.status === STATUS.NOT_A_REPARSE_POINT) return undefined;
  return readReparse(readIoctlOutput(mustSucceed(answer, about).part, REPARSE_LIMIT_BYTES));
}

export async function setReparse(
  line: Line,
  path: string,
  point: Omit<ReparsePoint, 'target'> | ReparseTarget,
): Promise<void> {
  const about = aboutPath('make a link of', path);
  const input = reparseBytes('kind' in point ? targetBytes(point) : point);
  const answer = await control(line, path, ACCESS.writeAttributes, FSCTL.setReparsePoint, input, about);
  // Samba says so to whoever wants to make one.
  if (answer.status === STATUS.NOT_A_REPARSE_POINT) throw keepsNone(about);
  mustSucceed(answer, about);
}

export async function removeReparse(
  line: Line,
  path: string,
  point: Pick<ReparsePoint, 'tag' | 'owner'>,
): Promise<void> {
  const about = aboutPath('make an ordinary file of the link', path);
  const input = reparseBytes({ ...point, data: Buffer.alloc(0) });
  mustSucceed(await control(line, path, ACCESS.writeAttributes, FSCTL.deleteReparsePoint, input, about), about);
}

async function control(
  line: Line,
  path: string,
  access: number,
  code: number,
  input: Buffer,
  about: About,
): Promise<Answer> {
  const outputBytes = code === FSCTL.getReparsePoint ? REPARSE_LIMIT_BYTES : 0;
  const request = ioctlRequest(PREVIOUS_FILE, code, input, outputBytes);
  const { answers } = await line.onFile(opening(path, access), [request], about);
  return answerAt(answers, 0);
}

function keepsNone(about: About): Failure {
  return new Failure({
    code: 'not-supported',
    doing: about.doing,
    subject: about.subject,
    what: 'the server keeps no links of that kind (STATUS_NOT_A_REPARSE_POINT)',
    hint: 'they need a file system such as NTFS behind the share',
  });
}
