/** What kind of file system is behind the share; what a server does not want to tell is left out. */
import { isFailure } from '../../base/failure.ts';
import { type About, answerAt, type Line, mustSucceed } from '../link/line.ts';
import { readBufferAnswer } from '../wire/buffer-answer.ts';
import { ACCESS, type Create, DISPOSITION, OPTION, PREVIOUS_FILE } from '../wire/create.ts';
import { queryInfoRequest } from '../wire/info.ts';
import { readFsAttributes, readFsSize, readObjectId, readPhysicalSector, VOLUME_QUERY } from '../wire/volume.ts';
import type { FileSystem } from './handle-types.ts';

const INFO_BYTES = 1_024;
const ABOUT: About = { doing: 'ask for the file system of', subject: 'the share', lane: 'urgent' };

const ROOT: Create = {
  name: Buffer.alloc(0),
  access: ACCESS.readAttributes | ACCESS.synchronize,
  disposition: DISPOSITION.open,
  options: OPTION.reparsePoint,
};

export async function fileSystem(line: Line): Promise<FileSystem> {
  const attributes = readFsAttributes(await query(line, VOLUME_QUERY.attributes));
  const size = readFsSize(await query(line, VOLUME_QUERY.size));
  const sector = await known(query(line, VOLUME_QUERY.sectorSize));
  const objectId = await known(query(line, VOLUME_QUERY.objectId));
  return {
    ...attributes,
    ...size,
    physicalSectorBytes: sector === undefined ? undefined : readPhysicalSector(sector),
    objectId: objectId === undefined ? undefined : readObjectId(objectId),
  };
}

/** Each in a chain of its own: behind a part that was refused a server may refuse the rest. */
async function query(line: Line, what: { type: number; class: number }): Promise<Buffer> {
  const { answers } = await line.onFile(ROOT, [queryInfoRequest(PREVIOUS_FILE, what, INFO_BYTES)], ABOUT);
  return readBufferAnswer(mustSucceed(answerAt(answers, 0), ABOUT).part, INFO_BYTES, 'information about a file system');
}

/** Undefined when the server refuses: not every one has the class, and not every volume the thing. */
async function known(answer: Promise<Buffer>): Promise<Buffer | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (isFailure(error, 'not-supported', 'not-found', 'nt-status')) return undefined;
    throw error;
  }
}
