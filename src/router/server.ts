import {
  STATUS_CODES,
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import { CocoonError, errorBody } from '../protocol/errors';
import { sendError } from './answer';
import type { RouterLimits } from './limits';

export type Handler = (request: IncomingMessage, response: ServerResponse, target: Target) => void;

/** A request's target, split by hand: parsing whole URLs costs as much as relaying a chunk. */
export interface Target {
  path: string;
  query: string;
}

/** One path pattern and what answers its methods. */
export interface Route {
  pattern: RegExp;
  methods: Readonly<Record<string, Handler>>;
}

export interface ServerDeps {
  routes: readonly Route[];
  limits: RouterLimits;
  onUpgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
}

const MAX_HEADER_BYTES = 16 * 1024;
const KEEP_ALIVE_MS = 65_000;
const PREFLIGHT_SECONDS = '86400';

/** The HTTP/1.1 listener: finds the route, and answers everything malformed with OpenAI's error body. */
export function createHttpServer({ routes, limits, onUpgrade }: ServerDeps): Server {
  const server = createServer({
    maxHeaderSize: MAX_HEADER_BYTES,
    headersTimeout: limits.headersTimeoutMs,
    // Bodies have limits of their own, which answer in our shape.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(1_000, limits.headersTimeoutMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    noDelay: true,
  });
  server.maxConnections = limits.connections;

  const dispatch = (request: IncomingMessage, response: ServerResponse): void => {
    const target = readTarget(request.url ?? '');
    const route = routes.find(({ pattern }) => pattern.test(target.path));
    if (!route)
      return refuse(request, response, new CocoonError('not_found', 'There is nothing here.'), limits);
    const handler = route.methods[request.method ?? ''];
    if (handler) return handler(request, response, target);
    const allow = Object.keys(route.methods).join(', ');
    response.setHeader('allow', allow);
    if (request.method === 'OPTIONS') return answerPreflight(response, allow);
    refuse(request, response, new CocoonError('method_not_allowed', `Use ${allow}.`), limits);
  };

  server.on('request', dispatch);
  server.on('checkContinue', dispatch);
  server.on('upgrade', onUpgrade);
  server.on('clientError', answerMalformed);
  return server;
}

function readTarget(text: string): Target {
  const at = text.indexOf('?');
  return at === -1 ? { path: text, query: '' } : { path: text.slice(0, at), query: text.slice(at + 1) };
}

function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  error: CocoonError,
  limits: RouterLimits,
): void {
  sendError(request, response, error, limits.retryAfterSeconds);
}

/** A browser's SDK sends jobs from any page: nothing here is guarded by cookies. */
function answerPreflight(response: ServerResponse, allow: string): void {
  response
    .writeHead(204, {
      'access-control-allow-origin': '*',
      'access-control-allow-methods': allow,
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': PREFLIGHT_SECONDS,
    })
    .end();
}

/** What Node's parser refuses has no request to answer: write by hand, and close. */
function answerMalformed(cause: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || cause.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const error = malformedError(cause.code);
  const body = JSON.stringify(errorBody(error));
  socket.end(
    `HTTP/1.1 ${error.httpStatus} ${STATUS_CODES[error.httpStatus]}\r\n` +
      `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

function malformedError(code: string | undefined): CocoonError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new CocoonError('request_timeout', 'The headers came too slowly.');
    case 'HPE_HEADER_OVERFLOW':
      return new CocoonError('body_too_large', `Headers take at most ${MAX_HEADER_BYTES} bytes.`);
    default:
      return new CocoonError('invalid_request', 'This is not a well-formed HTTP request.');
  }
}
