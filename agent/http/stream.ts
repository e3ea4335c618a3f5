/**
 * The event stream to many readers: one subscription at the daemon, each message written out once, statuses and progress
 * at a pace, events all. A reader that does not keep up is dropped: it comes back and asks for what it missed, while an
 * unbounded buffer would take the daemon down with it.
 */
import type { ServerResponse } from 'node:http';
import type { RestoreProgress } from '../../api/event.ts';
import { STREAM_BEAT, type StreamMessage, writeStreamMessage } from '../../api/stream.ts';
import type { Clock } from '../../base/clock.ts';
import { textOf } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { Daemon } from './daemon.ts';
import { errorReply, type Reply } from './failures.ts';
import type { HttpLimits } from './limits.ts';
import { openPace } from './pace.ts';

/** Answers of at most EVENTS_LIMIT events that a reader who comes back is given. */
const CATCH_UP_ROUNDS = 10;

export interface Hub {
  /** Begins a stream with the present status and the events after `after`; a Reply when there is no room. */
  join(response: ServerResponse, after: number | undefined): Reply | undefined;
  close(): void;
}

export function openHub(daemon: Daemon, limits: HttpLimits, clock: Clock, log: Log): Hub {
  const readers = new Set<ServerResponse>();
  let progress: RestoreProgress | undefined;

  const drop = (reader: ServerResponse, why: string): void => {
    readers.delete(reader);
    reader.destroy();
    log.notice('a reader of the event stream was dropped', { why });
  };
  const write = (reader: ServerResponse, text: string): void => {
    reader.write(text);
    if (reader.writableLength > limits.streamWaitingBytes) drop(reader, 'it does not keep up');
  };
  const tell = (message: () => StreamMessage): void => {
    if (readers.size === 0) return;
    let text: string;
    try {
      text = writeStreamMessage(message());
    } catch (error) {
      // Without the message the readers would go on showing what is no longer so.
      for (const reader of [...readers]) drop(reader, `the message could not be made: ${textOf(error)}`);
      return;
    }
    for (const reader of [...readers]) write(reader, text);
  };
  const statusPace = openPace(limits.streamStatusEveryMs, clock, () =>
    tell(() => ({ kind: 'status', status: daemon.status() })),
  );
  const restorePace = openPace(limits.streamStatusEveryMs, clock, () => {
    const latest = progress;
    if (latest !== undefined) tell(() => ({ kind: 'restore', progress: latest }));
  });
  const beat = setInterval(() => {
    for (const reader of [...readers]) write(reader, STREAM_BEAT);
  }, limits.streamBeatMs);
  const unsubscribe = daemon.subscribe((news) => {
    switch (news.kind) {
      case 'status':
        statusPace.due();
        return;
      case 'restore':
        progress = news.progress;
        restorePace.due();
        return;
      case 'event':
        tell(() => news);
    }
  });

  return {
    join(response, after) {
      if (readers.size >= limits.streams) return errorReply('busy', `${limits.streams} streams are open already`);
      // Everything up to here and everything from here: no event can come in between, since nothing is awaited.
      const opening: StreamMessage[] = [{ kind: 'status', status: daemon.status() }, ...missed(daemon, after)];
      response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-store' });
      response.on('close', () => readers.delete(response));
      response.on('error', () => readers.delete(response));
      readers.add(response);
      // Bounded by what the journal keeps, and no sign of a slow reader: dropped for it, it would come back and ask for the same.
      response.write(opening.map(writeStreamMessage).join(''));
      return undefined;
    },
    close() {
      unsubscribe();
      clearInterval(beat);
      statusPace.stop();
      restorePace.stop();
      for (const reader of readers) reader.end();
      readers.clear();
    },
  };
}

/** Events that a reader who saw everything up to `after` has not seen; all that there are when the ids began anew meanwhile. */
function missed(daemon: Daemon, after: number | undefined): StreamMessage[] {
  if (after === undefined) return [];
  let from = daemon.events(after).last < after ? 0 : after;
  const messages: StreamMessage[] = [];
  for (let round = 0; round < CATCH_UP_ROUNDS; round += 1) {
    const { events } = daemon.events(from);
    messages.push(...events.map((event) => ({ kind: 'event' as const, event })));
    const newest = events.at(-1);
    if (newest === undefined) break;
    from = newest.id;
  }
  return messages;
}
