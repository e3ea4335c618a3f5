/** Carries requests to the daemon over its unix socket. Whatever keeps an answer from coming is a Failure `daemon-unreachable`. */
import http, { type IncomingMessage } from 'node:http';
import type { Transport } from '../api/client.ts';
import { STREAM_BEAT_MS } from '../api/stream.ts';
import { errnoOf, Failure, isFailure, textOf } from '../base/failure.ts';

/** Bytes of an answer; problem lists are the largest. */
const ANSWER_LIMIT = 64 * 1_048_576;

export function socketTransport(socket: string): Transport {
  return {
    async request({ method, path, body, patienceMs }) {
      try {
        const response = await open(socket, method, path, body, patienceMs);
        return { status: response.statusCode ?? 0, body: await text(response) };
      } catch (error) {
        throw unreachable(socket, error);
      }
    },
    async stream(path) {
      try {
        const response = await open(socket, 'GET', path, undefined, 3 * STREAM_BEAT_MS);
        if (response.statusCode !== 200) return { status: response.statusCode ?? 0, body: await text(response) };
        return { status: 200, chunks: chunksOf(socket, response) };
      } catch (error) {
        throw unreachable(socket, error);
      }
    },
  };
}

/** Resolves with the headers; silence for longer than `silenceMs`, now or later, destroys the response. */
function open(
  socket: string,
  method: string,
  path: string,
  body: string | undefined,
  silenceMs: number,
): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      {
        socketPath: socket,
        method,
        path,
        agent: false,
        ...(body === undefined
          ? {}
          : { headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) } }),
      },
      resolve,
    );
    request.setTimeout(silenceMs, () =>
      request.destroy(Object.assign(new Error(`no answer for ${silenceMs / 1000} s`), { code: 'ETIMEDOUT' })),
    );
    request.on('error', reject);
    request.end(body);
  });
}

async function text(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    if (size > ANSWER_LIMIT) throw new Error('the answer is too long');
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function* chunksOf(socket: string, response: IncomingMessage): AsyncGenerator<string> {
  response.setEncoding('utf8');
  try {
    for await (const chunk of response) if (typeof chunk === 'string') yield chunk;
  } catch (error) {
    throw unreachable(socket, error);
  }
}

function unreachable(socket: string, error: unknown): Failure {
  if (isFailure(error)) return error;
  const errno = errnoOf(error) ?? '';
  const [what, hint] = WORDS[errno] ?? [textOf(error), 'look at its log: journalctl -u standby'];
  return new Failure({
    code: 'daemon-unreachable',
    doing: 'ask the daemon at',
    subject: socket,
    what,
    hint,
    cause: error,
  });
}

const NOT_RUNNING = 'start it: systemctl start standby';

const WORDS: Record<string, [what: string, hint: string]> = {
  ENOENT: ['it is not running (there is no socket)', NOT_RUNNING],
  ECONNREFUSED: ['it is not running (nobody answers on the socket)', NOT_RUNNING],
  EACCES: ['this user may not talk to it', 'run as root, or as a member of the group standby'],
  ECONNRESET: ['it closed the connection', 'look at its log: journalctl -u standby'],
};
