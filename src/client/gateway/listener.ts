import {
  createServer,
  STATUS_CODES,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import { randomUUID } from 'node:crypto';
import type { AddressInfo, Socket } from 'node:net';
import { CocoonError, errorBody } from '../../protocol/errors';
import type { GatewayLimits } from './types';

/** The HTTP/1.1 side: what never became a request is answered here, and connections end in good order. */
export interface Listener {
  listen(port: number, host: string): Promise<string>;
  /** Ends idle connections at once, busy ones with their answer, and all of them after the drain time. */
  close(): Promise<void>;
}

export function createListener(
  limits: GatewayLimits,
  onRequest: (request: IncomingMessage, response: ServerResponse) => void,
): Listener {
  const server = createServer({
    requestTimeout: limits.requestMs,
    headersTimeout: Math.min(limits.headersMs, limits.requestMs),
    keepAliveTimeout: limits.keepAliveMs,
    maxHeaderSize: limits.headerBytes,
    connectionsCheckingInterval: 250,
    noDelay: true,
  });
  server.maxConnections = limits.connections;
  // None may be dropped unseen: their bytes are limited already.
  server.maxHeadersCount = 0;
  // Node's own notion of an idle connection leaves out those that never sent a request.
  const open = new Map<Socket, Set<ServerResponse>>();
  let draining = false;

  const serve = (request: IncomingMessage, response: ServerResponse): void => {
    const { socket } = request;
    const running = open.get(socket);
    running?.add(response);
    response.on('close', () => {
      running?.delete(response);
      if (draining && !running?.size) socket.end();
    });
    // A connection that breaks is the response's matter; without a listener it would end the program.
    request.on('error', () => undefined);
    onRequest(request, response);
  };
  server.on('request', serve);
  // Leave to send a body is given when it is read, and not to one that is refused.
  server.on('checkContinue', serve);
  server.on('checkExpectation', (_: IncomingMessage, response: ServerResponse) => {
    const { socket } = response;
    if (socket) answerBroken(socket, new CocoonError('invalid_request', 'Expect 100-continue, or nothing.'));
  });
  server.on('connection', (socket) => {
    open.set(socket, new Set());
    socket.on('close', () => open.delete(socket));
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    // In the middle of an answer there is no place for another one.
    const begun = [...(open.get(socket) ?? [])].some(({ headersSent }) => headersSent);
    if (begun || !socket.writable) socket.destroy();
    else answerBroken(socket, brokenRequest(error));
  });

  return {
    listen: (port, host) => listen(server, port, host),
    close() {
      draining = true;
      for (const [socket, running] of open) if (running.size === 0) socket.destroy();
      return closeServer(server, limits.drainMs);
    },
  };
}

function brokenRequest({ code }: NodeJS.ErrnoException): CocoonError {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') {
    return new CocoonError('request_timeout', 'The request did not arrive in time.');
  }
  if (code === 'HPE_HEADER_OVERFLOW') {
    return new CocoonError('headers_too_large', 'The headers are longer than the gateway reads.');
  }
  return new CocoonError('invalid_request', 'This is not an HTTP request.');
}

/** What never became a request is answered by hand. */
function answerBroken(socket: Socket, error: CocoonError): void {
  const body = JSON.stringify(errorBody(error));
  const { httpStatus } = error;
  socket.end(
    `HTTP/1.1 ${httpStatus} ${STATUS_CODES[httpStatus] ?? 'Error'}\r\ncontent-type: application/json\r\n` +
      `x-request-id: ${randomUUID()}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}

function listen(server: Server, port: number, host: string): Promise<string> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      const { address, family, port: taken } = server.address() as AddressInfo;
      resolve(`http://${family === 'IPv6' ? `[${address}]` : address}:${taken}/v1`);
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
