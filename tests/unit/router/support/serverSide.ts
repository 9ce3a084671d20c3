import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { JOB_CONTENT_TYPE } from '../../../../src/protocol/wire';

const CHANNEL = 'http.server.request.start';

export interface Arrival {
  request: IncomingMessage;
  socket: Socket;
  server: Server;
}

/**
 * Tells of a request before any handler sees it, with the server's side of its connection: so a test can break that at
 * an exact moment. Returns what stops it.
 */
export function onArrival(path: string, tell: (arrival: Arrival) => void): () => void {
  const listener = (message: unknown): void => {
    const arrival = message as Arrival;
    if (arrival.request.url === path) tell(arrival);
  };
  subscribe(CHANNEL, listener);
  return () => void unsubscribe(CHANNEL, listener);
}

/** The HTTP server behind a URL: it takes any duplex stream for a connection, by its `connection` event. */
export async function serverOf(url: string): Promise<Server> {
  let server!: Server;
  const stop = onArrival('/healthz', (arrival) => ({ server } = arrival));
  await fetch(`${url}/healthz`);
  stop();
  return server;
}

/** A connection whose client sent one job, and takes of the answer only what comes before `stop`. */
export interface StallingClient {
  socket: Duplex;
  stop(): void;
  readonly closed: Promise<void>;
}

export function createStallingClient(job: Buffer): StallingClient {
  let stopped = false;
  const socket = new Duplex({
    read: () => undefined,
    write(_bytes, _encoding, taken) {
      if (!stopped) taken();
    },
  });
  const head = `POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: ${JOB_CONTENT_TYPE}\r\nContent-Length: ${job.length}\r\n\r\n`;
  socket.push(Buffer.concat([Buffer.from(head), job]));
  return {
    socket,
    stop: () => void (stopped = true),
    closed: new Promise((resolve) => socket.once('close', resolve)),
  };
}
