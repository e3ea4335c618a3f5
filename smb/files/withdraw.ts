/** Takes away what was made, through the handle that made it: nobody else's file of the same name can be hit. */
import type { About, Line } from '../link/line.ts';
import { closeRequest, PREVIOUS_FILE } from '../wire/create.ts';
import { deleteRequest, setBasicRequest } from '../wire/info.ts';

/** A stream that is to be made of a file that is there. */
export interface NewStream {
  name: string;
  /** Those of the file: a Samba server gives the file what the CREATE of its stream says. */
  attributes: number;
}

/**
 * Deletes through the handle. When not even that gets through, the connection is gone and the first error says more.
 * @param stream what the handle is of, where it is not the file itself: then its attributes are those of a file that stays
 */
export async function withdraw(line: Line, fileId: Buffer, about: About, stream?: NewStream): Promise<void> {
  if (line.link.failure !== undefined) return;
  // What was made read-only could not be deleted.
  const parts =
    stream === undefined
      ? [setBasicRequest(fileId, { attributes: 0 }), deleteRequest(PREVIOUS_FILE)]
      : [deleteRequest(fileId)];
  const urgent: About = { ...about, lane: 'urgent' };
  await line.exchange(parts, urgent).catch(() => undefined);
  // It goes when the handle closes. Nothing is asked about it then: over that question Samba 4.17 breaks down when it was a stream.
  await line.exchange([closeRequest(fileId, false)], urgent).catch(() => undefined);
}
