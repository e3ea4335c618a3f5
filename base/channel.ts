/**
 * Messages between our processes: one JSON value per line over a stream socket, with a limit on the line, so that a
 * confused peer cannot fill memory. Both ends are ours and run as the same user; the receiver still checks what it takes
 * (the `accept` function), since a peer may be an older version.
 */
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { Failure } from './failure.ts';

/** Bytes of one message; the largest are plans and listings, which travel in files instead. */
const LINE_LIMIT = 4 * 1_048_576;

export interface Channel<Out> {
  send(message: Out): void;
  close(): void;
  readonly open: boolean;
}

export interface ChannelEvents<In> {
  message(message: In): void;
  /** Once, when the channel is gone for whatever reason. */
  closed(why: string): void;
}

/**
 * Speaks over a connected socket. `accept` turns an unknown value into a message or throws; a line that cannot be
 * understood closes the channel, for nothing after it can be trusted.
 */
export function openChannel<In, Out>(
  socket: Socket,
  accept: (value: unknown) => In,
  events: ChannelEvents<In>,
): Channel<Out> {
  const decoder = new StringDecoder('utf8');
  let pending = '';
  let isOpen = true;
  const end = (why: string): void => {
    if (!isOpen) return;
    isOpen = false;
    socket.destroy();
    events.closed(why);
  };
  socket.on('data', (chunk: Buffer) => {
    pending += decoder.write(chunk);
    for (let cut = pending.indexOf('\n'); cut >= 0 && isOpen; cut = pending.indexOf('\n')) {
      const line = pending.slice(0, cut);
      pending = pending.slice(cut + 1);
      let message: In;
      try {
        message = accept(JSON.parse(line));
      } catch (error) {
        end(`a message that cannot be understood: ${error instanceof Error ? error.message : String(error)}`);
        return;
      }
      events.message(message);
    }
    if (pending.length > LINE_LIMIT) end('a message that is too long');
  });
  socket.on('error', (error) => end(error.message));
  socket.on('close', () => end('the other side is gone'));
  return {
    send(message) {
      if (!isOpen)
        throw new Failure({ code: 'channel-closed', doing: 'send', what: 'the other process is gone', retry: true });
      socket.write(`${JSON.stringify(message)}\n`);
    },
    close: () => end('closed here'),
    get open() {
      return isOpen;
    },
  };
}
