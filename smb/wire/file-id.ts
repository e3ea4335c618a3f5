/** Where each request keeps its file id, for chains that have to be sent part by part. */
import { PREVIOUS_FILE } from './create.ts';
import { COMMAND, type Command, type Part } from './header.ts';

const FILE_ID_AT: Partial<Record<Command, number>> = {
  [COMMAND.close]: 8,
  [COMMAND.flush]: 8,
  [COMMAND.read]: 16,
  [COMMAND.write]: 16,
  [COMMAND.ioctl]: 8,
  [COMMAND.queryDirectory]: 8,
  [COMMAND.changeNotify]: 8,
  [COMMAND.queryInfo]: 24,
  [COMMAND.setInfo]: 16,
};

/**
 * A part as it is sent by itself: with the file id that it would have taken from the part before, and that id, or its own, which the
 * next part would take from it. The part that is given stays as it is: several chains may hold it.
 */
export function addressPart(part: Part, previous: Buffer | undefined): { part: Part; fileId: Buffer | undefined } {
  const at = FILE_ID_AT[part.command];
  if (at === undefined) return { part, fileId: previous };
  const own = part.body.subarray(at, at + PREVIOUS_FILE.length);
  if (previous === undefined || !own.equals(PREVIOUS_FILE)) return { part, fileId: own };
  const body = Buffer.from(part.body);
  previous.copy(body, at);
  return { part: { ...part, body }, fileId: previous };
}
