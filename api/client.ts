/**
 * A typed client over a transport that the caller brings (a unix socket, a browser's fetch). Expected outcomes are values:
 * an error that the daemon answers is `{ ok: false }`. What the transport throws passes through.
 */
import type { z } from 'zod';
import { type ErrorBody, errorBody } from './errors.ts';
import { type Route, routes } from './routes.ts';
import { type StreamMessage, streamReader } from './stream.ts';

export interface TransportRequest {
  method: 'GET' | 'POST';
  /** With its query string. */
  path: string;
  /** JSON; undefined for GET. */
  body: string | undefined;
  /** Milliseconds to wait for the whole answer. */
  patienceMs: number;
}

export interface Transport {
  /** Throws when no answer comes. */
  request(request: TransportRequest): Promise<{ status: number; body: string }>;
  /** The text of an event stream in chunks, or the answer when it is not a stream. Ends when the daemon closes it. */
  stream(path: string): Promise<{ status: number; body: string } | { status: 200; chunks: AsyncIterable<string> }>;
}

export type Outcome<Value> = { ok: true; value: Value } | { ok: false; error: ErrorBody['error'] };

type Parts<Body, Query> = { body?: z.input<Body>; query?: z.input<Query> };

export interface Client {
  /** Asks any route that answers JSON, and checks the answer against the contract (else code `bad-answer`). */
  call<Body extends z.ZodType, Query extends z.ZodType, Answer extends z.ZodType>(
    route: Route<Body, Query, Answer>,
    parts?: Parts<Body, Query>,
  ): Promise<Outcome<z.output<Answer>>>;
  /** Messages from now on, or from the event after `after`. */
  stream(after?: number): Promise<Outcome<AsyncIterable<StreamMessage>>>;
}

export function openClient(transport: Transport): Client {
  return {
    async call(route, parts = {}) {
      const answer = await transport.request({
        method: route.method,
        path: route.path + queryText(parts.query),
        body: route.method === 'GET' ? undefined : JSON.stringify(parts.body ?? {}),
        patienceMs: route.patienceMs,
      });
      if (answer.status !== 200) return { ok: false, error: errorOf(answer) };
      const checked = route.answer.safeParse(parsed(answer.body));
      if (!checked.success) return { ok: false, error: notUnderstood(checked.error.issues[0]?.path.join('.') ?? '') };
      return { ok: true, value: checked.data };
    },
    async stream(after) {
      const answer = await transport.stream(routes.stream.path + queryText(after === undefined ? {} : { after }));
      if (!('chunks' in answer)) return { ok: false, error: errorOf(answer) };
      return { ok: true, value: messagesOf(answer.chunks) };
    },
  };
}

async function* messagesOf(chunks: AsyncIterable<string>): AsyncGenerator<StreamMessage> {
  const read = streamReader();
  for await (const chunk of chunks) yield* read(chunk);
}

function queryText(query: unknown): string {
  if (typeof query !== 'object' || query === null) return '';
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  if (pairs.length === 0) return '';
  return `?${new URLSearchParams(pairs.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

function errorOf(answer: { status: number; body: string }): ErrorBody['error'] {
  const checked = errorBody.safeParse(parsed(answer.body));
  return checked.success ? checked.data.error : notUnderstood(`HTTP ${answer.status}`);
}

function notUnderstood(where: string): ErrorBody['error'] {
  return {
    code: 'bad-answer',
    what: `the daemon answers something that this program does not understand (${where === '' ? 'the whole' : where})`,
    hint: 'daemon and program may be of different versions: restart the daemon',
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is one more way of not being what the contract says; the schemas report it.
    return undefined;
  }
}
