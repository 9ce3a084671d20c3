import { randomUUID, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { CocoonError, errorBody } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import { GATEWAY_LIMITS } from './limits';
import { moneyJson } from './money';
import { errorHeaders, toCocoonError } from './respond';
import type { Client } from './types';

export interface GatewayConfig {
  /** 0 lets the system choose. */
  port: number;
  /** Anything but the loopback needs API keys: whoever reaches the port spends the escrow. */
  host?: string;
  apiKeys?: readonly string[];
  /**
   * Web pages that may call the gateway, such as `http://localhost:3000`. None by default: without API keys any page
   * in the owner's browser could spend the escrow. `*` therefore needs API keys.
   */
  corsOrigins?: readonly string[];
  limits?: Partial<Record<keyof typeof GATEWAY_LIMITS, number>>;
}

export interface Gateway {
  /** Resolves with the base URL, for example `http://127.0.0.1:8080/v1`. */
  listen(): Promise<string>;
  /** Refuses new requests, lets running ones end within the drain time, then closes. */
  close(): Promise<void>;
}

const EXPOSED = 'x-request-id, x-cocoon-receipt-id, x-cocoon-worker, x-cocoon-cost-nano';
const PREFLIGHT = {
  'access-control-allow-methods': 'GET, POST, OPTIONS',
  'access-control-allow-headers': 'authorization, content-type, idempotency-key, x-stainless-retry-count',
  'access-control-max-age': '600',
};

/**
 * OpenAI's API on this machine, for every language: a thin shell around `client.fetch`, and `/status`, which tells all
 * about the client's money.
 */
export function createGateway(client: Pick<Client, 'fetch' | 'money'>, config: GatewayConfig): Gateway {
  const host = config.host ?? '127.0.0.1';
  const keys = (config.apiKeys ?? []).map((key) => sha256(Buffer.from(key)));
  const limits = { ...GATEWAY_LIMITS, ...config.limits };
  const origins = config.corsOrigins ?? [];
  if (keys.length === 0 && (!isLoopback(host) || origins.includes('*'))) {
    throw new CocoonError(
      'invalid_request',
      'The gateway needs API keys for anybody but programs of this machine.',
      {
        remedy: 'Set apiKeys, or listen on 127.0.0.1 and name the web pages that may call.',
      },
    );
  }
  let draining = false;
  let closing: Promise<void> | null = null;

  const handle = async (request: IncomingMessage, response: ServerResponse, id: string): Promise<void> => {
    const cors = corsFor(request, origins);
    for (const [name, value] of Object.entries(cors)) response.setHeader(name, value);
    response.setHeader('x-request-id', id);
    if (keys.length === 0) refuseStrangers(request);
    if (request.method === 'OPTIONS') return void response.writeHead(204, PREFLIGHT).end();
    const path = request.url ?? '/';
    if (!path.startsWith('/')) throw new CocoonError('invalid_request', 'Send a path, not a whole URL.');
    if (path === '/healthz') return sendJson(response, draining ? 503 : 200, { ok: !draining });
    if (draining) throw new CocoonError('draining', 'The gateway is shutting down.');
    authorize(request, keys);
    if (path === '/status' && request.method === 'GET') {
      return sendJson(response, 200, moneyJson(await client.money()));
    }
    const body = await readBody(request, limits.bodyBytes);

    const gone = new AbortController();
    response.on('close', () => gone.abort());
    const answer = await client.fetch(`http://gateway.invalid${path}`, {
      method: request.method ?? 'GET',
      headers: headersOf(request),
      signal: gone.signal,
      ...(body.length > 0 ? { body: new Uint8Array(body) } : {}),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers));
    response.flushHeaders();
    if (!answer.body) return void response.end();
    await pipeline(Readable.fromWeb(answer.body), response);
  };

  const server = createServer(
    {
      requestTimeout: limits.requestMs,
      headersTimeout: limits.headersMs,
      connectionsCheckingInterval: 250,
      noDelay: true,
    },
    (request, response) => {
      const id = randomUUID();
      const { socket } = request;
      busy.add(socket);
      response.on('close', () => {
        busy.delete(socket);
        if (draining) socket.end();
      });
      handle(request, response, id).catch((error: unknown) =>
        sendError(request, response, toCocoonError(error)),
      );
    },
  );
  // Node's own notion of an idle connection leaves out those that never sent a request.
  const open = new Set<Socket>();
  const busy = new Set<Socket>();
  server.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.maxConnections = limits.connections;
  server.on('clientError', answerBrokenRequest);

  return {
    listen: () => listen(server, config.port, host),
    close() {
      draining = true;
      for (const socket of open) if (!busy.has(socket)) socket.destroy();
      return (closing ??= closeServer(server, limits.drainMs));
    },
  };
}

function corsFor(request: IncomingMessage, origins: readonly string[]): Record<string, string> {
  const { origin } = request.headers;
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return {};
  return { 'access-control-allow-origin': origin, 'access-control-expose-headers': EXPOSED, vary: 'origin' };
}

/** A name that an attacker points at the loopback would let his page pass for a program of this machine. */
function refuseStrangers(request: IncomingMessage): void {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (!isLoopback(name)) throw new CocoonError('invalid_api_key', `The gateway is not called ${name}.`);
}

function authorize(request: IncomingMessage, keys: readonly Buffer[]): void {
  if (keys.length === 0) return;
  const given = sha256(Buffer.from((request.headers.authorization ?? '').replace(/^Bearer /, '')));
  if (!keys.some((key) => timingSafeEqual(key, given))) {
    throw new CocoonError('invalid_api_key', 'The API key is missing or wrong.');
  }
}

async function readBody(request: IncomingMessage, mostBytes: number): Promise<Buffer> {
  const tooLarge = new CocoonError('body_too_large', `A request takes at most ${mostBytes} bytes.`);
  if (Number(request.headers['content-length'] ?? 0) > mostBytes) throw tooLarge;
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > mostBytes) throw tooLarge;
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function headersOf(request: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of ['content-type', 'idempotency-key', 'accept']) {
    const value = request.headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  return kept;
}

function sendError(request: IncomingMessage, response: ServerResponse, error: CocoonError): void {
  // After the head there is nothing left to say; a cut connection is not mistaken for an end.
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  // The rest of a body that is not wanted is not read.
  if (!request.complete) response.setHeader('connection', 'close');
  sendJson(response, error.httpStatus, errorBody(error), errorHeaders(error));
}

function sendJson(
  response: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

/** Requests that never became one: malformed, or too slow. */
function answerBrokenRequest(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const late = error.code === 'ERR_HTTP_REQUEST_TIMEOUT';
  const named = late
    ? new CocoonError('request_timeout', 'The request did not arrive in time.')
    : new CocoonError('invalid_request', 'This is not an HTTP request.');
  const body = JSON.stringify(errorBody(named));
  socket.end(
    `HTTP/1.1 ${named.httpStatus} ${late ? 'Request Timeout' : 'Bad Request'}\r\ncontent-type: application/json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const address = server.address() as AddressInfo;
      resolve(
        `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}/v1`,
      );
    });
  });
}

function closeServer(server: Server, drainMs: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const force = setTimeout(() => server.closeAllConnections(), drainMs);
    server.close((error) => {
      clearTimeout(force);
      if (error) reject(error);
      else resolve();
    });
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}
