/**
 * The event stream (server-sent events, WHATWG HTML 9.2): what it carries, how a message is written, and how a reader
 * takes the text apart. The `event` field is the message's kind, `data` its JSON, and `id` the id of a log event, so that
 * a reader who comes back asks for what it missed with ?after=.
 */
import { z } from 'zod';
import { logEvent, restoreProgress } from './event.ts';
import { status } from './status.ts';

export const streamMessage = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('status'), status }),
  z.object({ kind: z.literal('event'), event: logEvent }),
  z.object({ kind: z.literal('restore'), progress: restoreProgress }),
]);
export type StreamMessage = z.infer<typeof streamMessage>;

/** A comment goes out this often on a quiet stream; a reader that hears nothing for three of them has lost the daemon. */
export const STREAM_BEAT_MS = 5_000;
/** Statuses, and progress messages, go out no more often than this. */
export const STREAM_STATUS_EVERY_MS = 250;
export const STREAM_BEAT = ': beat\n\n';

export function writeStreamMessage(message: StreamMessage): string {
  const id = message.kind === 'event' ? `id: ${message.event.id}\n` : '';
  return `event: ${message.kind}\n${id}data: ${JSON.stringify(message)}\n\n`;
}

/** Characters of one message that a reader keeps before it gives up. */
const MESSAGE_LIMIT = 4 * 1_048_576;

/**
 * A reader of the stream's text: feed it chunks as they come, get the messages that are whole. Comments and kinds that
 * this version does not know yield nothing. Throws when a message is too long or not what the contract says.
 */
export function streamReader(): (chunk: string) => StreamMessage[] {
  let pending = '';
  return (chunk) => {
    pending += chunk;
    const messages: StreamMessage[] = [];
    for (let cut = pending.indexOf('\n\n'); cut >= 0; cut = pending.indexOf('\n\n')) {
      const message = readBlock(pending.slice(0, cut));
      pending = pending.slice(cut + 2);
      if (message !== undefined) messages.push(message);
    }
    if (pending.length > MESSAGE_LIMIT) throw new Error('a message of the event stream is too long');
    return messages;
  };
}

const knownKinds: ReadonlySet<string> = new Set(['status', 'event', 'restore']);

function readBlock(block: string): StreamMessage | undefined {
  const lines = block.split('\n');
  const kind = lines.find((line) => line.startsWith('event: '))?.slice('event: '.length);
  if (kind === undefined || !knownKinds.has(kind)) return undefined;
  const data = lines.filter((line) => line.startsWith('data: ')).map((line) => line.slice('data: '.length));
  return streamMessage.parse(JSON.parse(data.join('\n')));
}
