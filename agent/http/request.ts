/** Takes a request in: its query and its body, each bounded, then checked against the schemas of its route. */
import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { Failure } from '../../base/failure.ts';

/** Errors of one request that are told; more would only repeat the same misunderstanding. */
const ISSUES_TOLD = 20;

/** The body's text. Throws a Failure (request-too-large, request-type), or the stream's error when the client leaves. */
export async function readBody(request: IncomingMessage, limitBytes: number): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > limitBytes) throw tooLarge(limitBytes);
  const body = await collect(request, limitBytes);
  if (body.length > 0 && !/^application\/json\s*(;|$)/i.test(request.headers['content-type'] ?? '')) {
    throw new Failure({ code: 'request-type', doing: 'read the request', what: 'its body is not application/json' });
  }
  return body.toString('utf8');
}

/** Not `for await`: leaving that loop early would close the connection on which the refusal must still be said. */
function collect(request: IncomingMessage, limitBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= limitBytes) {
        chunks.push(chunk);
        return;
      }
      request.pause();
      reject(tooLarge(limitBytes));
    });
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
  });
}

function tooLarge(limitBytes: number): Failure {
  return new Failure({
    code: 'request-too-large',
    doing: 'read the request',
    what: `its body exceeds ${limitBytes} bytes`,
  });
}

/** JSON of the body; an empty one is {}. Throws a Failure (request-bad). */
export function parseBody(text: string): unknown {
  if (text === '') return {};
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own words quote the body, in which a password may stand.
    throw new Failure({ code: 'request-bad', doing: 'read the request', what: 'its body is not JSON' });
  }
}

/** The query's names and values. A name that comes twice is a Failure (request-bad): two readers would take different ones. */
export function queryOf(parameters: URLSearchParams): Record<string, string> {
  const names = [...parameters.keys()];
  if (new Set(names).size !== names.length) {
    throw new Failure({ code: 'request-bad', doing: 'read the request', what: 'a query parameter comes twice' });
  }
  return Object.fromEntries(parameters);
}

/** Checks a value from outside; a Failure (request-bad) names every field that is wrong and never repeats its value. */
export function checked<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const told = result.error.issues.slice(0, ISSUES_TOLD).map((issue) => {
    const where = issue.path.map(String).join('.');
    return where === '' ? issue.message : `${where}: ${issue.message}`;
  });
  throw new Failure({ code: 'request-bad', doing: 'read the request', what: told.join('; ') });
}
