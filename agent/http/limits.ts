/** Everything that a client could make grow or last, with its limit. */
import { STREAM_BEAT_MS, STREAM_STATUS_EVERY_MS } from '../../api/stream.ts';

export interface HttpLimits {
  /** Bytes of a request body. */
  bodyBytes: number;
  /** Bytes of all headers with the request line. */
  headerBytes: number;
  connections: number;
  /** Streams at once; fewer than connections, so that commands always find room. */
  streams: number;
  /** Bytes that wait for a slow reader of the stream before it is dropped. */
  streamWaitingBytes: number;
  /** Milliseconds from connecting, or from the last answer, until all headers of a request are here. */
  headersMs: number;
  /** Milliseconds until the whole request is here. */
  requestMs: number;
  /** Milliseconds an idle connection stays open. */
  idleMs: number;
  /** Milliseconds between looks at the three above. */
  checkEveryMs: number;
  streamBeatMs: number;
  streamStatusEveryMs: number;
}

export const httpLimits: HttpLimits = {
  bodyBytes: 1_048_576,
  headerBytes: 16_384,
  connections: 64,
  streams: 48,
  streamWaitingBytes: 4 * 1_048_576,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 5_000,
  checkEveryMs: 2_000,
  streamBeatMs: STREAM_BEAT_MS,
  streamStatusEveryMs: STREAM_STATUS_EVERY_MS,
};
