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
 * For a part that is to be sent by itself: puts in the file id that it would have taken from the part before.
 * Returns the id that the next part would take from this one.
 */
export function addressPart(part: Part, previous: Buffer | undefined): Buffer | undefined {
  const at = FILE_ID_AT[part.command];
  if (at === undefined) return previous;
  const own = part.body.subarray(at, at + PREVIOUS_FILE.length);
  if (own.equals(PREVIOUS_FILE)) previous?.copy(own);
  return own;
}
