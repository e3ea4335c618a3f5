/**
 * The HTTP edge of the daemon: takes requests from the unix socket, checks them against the contract, asks the daemon,
 * and answers. Everything thrown below ends here as an answer with a code.
 */
import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { routes } from '../../api/routes.ts';
import type { Clock } from '../../base/clock.ts';
import { isFailure, textOf } from '../../base/failure.ts';
import type { Log } from '../../base/log.ts';
import type { Daemon } from './daemon.ts';
import { errorReply, type Reply, replyToThrown } from './failures.ts';
import { type Handler, handlers } from './handlers.ts';
import { type HttpLimits, httpLimits } from './limits.ts';
import { checked, parseBody, queryOf, readBody } from './request.ts';
import { listenAt } from './socket.ts';
import { type Hub, openHub } from './stream.ts';

export interface HttpOptions {
  /** Path of the unix socket, at most 107 bytes (unix(7)). */
  socket: string;
  daemon: Daemon;
  clock: Clock;
  log: Log;
  limits?: Partial<HttpLimits>;
}

export interface HttpEdge {
  /** Ends the streams, closes every connection, takes the socket away. */
  close(): Promise<void>;
}

/** Serves until closed. Throws the Failures of listenAt. */
export async function openHttp(options: HttpOptions): Promise<HttpEdge> {
  const { daemon, clock, log } = options;
  const limits = { ...httpLimits, ...options.limits };
  const hub = openHub(daemon, limits, clock, log);
  const known = handlers(daemon);
  const server = http.createServer(
    {
      maxHeaderSize: limits.headerBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: limits.checkEveryMs,
    },
    (request, response) => void serve(request, response, known, hub, limits, log),
  );
  server.maxConnections = limits.connections;
  // Without a listener a connection that cannot be taken (no descriptor left) would end the daemon.
  server.on('error', (error) => log.error(`a connection could not be taken: ${textOf(error)}`));
  server.on('clientError', (_, socket) => refuseRaw(socket));
  let removeSocket: () => void;
  try {
    removeSocket = await listenAt(server, options.socket);
  } catch (error) {
    hub.close();
    throw error;
  }
  return {
    close: () =>
      new Promise((resolve) => {
        hub.close();
        removeSocket();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Never throws: whatever happens becomes an answer. */
async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  known: readonly Handler[],
  hub: Hub,
  limits: HttpLimits,
  log: Log,
): Promise<void> {
  let reply: Reply | undefined;
  try {
    reply = await replyTo(request, response, known, hub, limits);
  } catch (error) {
    // The client left before its request was whole: nobody waits for an answer.
    if (request.destroyed && !request.complete) return;
    reply = replyToThrown(error);
    if (!isFailure(error))
      log.error('a request met a fault of the program', { path: request.url, what: textOf(error) });
  }
  if (reply !== undefined) send(response, reply, !request.complete);
}

/** The answer, or undefined when the response now belongs to the stream. */
async function replyTo(
  request: IncomingMessage,
  response: ServerResponse,
  known: readonly Handler[],
  hub: Hub,
  limits: HttpLimits,
): Promise<Reply | undefined> {
  const url = URL.parse(request.url ?? '', 'http://standby');
  const { stream } = routes;
  const methods = [...known, stream].filter(({ path }) => path === url?.pathname).map(({ method }) => method);
  if (url === null || methods.length === 0) {
    return errorReply('not-found', 'there is no such path', `${routes.openapi.path} lists what there is`);
  }
  if (!methods.some((method) => method === request.method)) {
    const allow = methods.join(', ');
    // RFC 9110 15.5.6: what is allowed must be said.
    return { ...errorReply('bad-method', `this path takes ${allow}`), headers: { allow } };
  }
  const body = parseBody(await readBody(request, limits.bodyBytes));
  const query = queryOf(url.searchParams);
  const handler = known.find(({ path, method }) => path === url.pathname && method === request.method);
  if (handler !== undefined) return handler.answer(body, query);
  checked(stream.body, body);
  return hub.join(response, checked(stream.query, query).after);
}

function send(response: ServerResponse, reply: Reply, unread: boolean): void {
  if (response.destroyed) return;
  const text = JSON.stringify(reply.body);
  response.writeHead(reply.status, {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(text),
    'cache-control': 'no-store',
    ...reply.headers,
    // What was not read of the request would be taken for the next one.
    ...(unread ? { connection: 'close' } : {}),
  });
  response.end(text);
}

/** Bytes that are not HTTP, headers that are too long, or a request that never ends. */
function refuseRaw(socket: Duplex): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const { status, body } = errorReply('bad-request', 'this is not an HTTP request that can be understood');
  const text = JSON.stringify(body);
  socket.end(
    `HTTP/1.1 ${status} Bad Request\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
  );
}
