import { Agent, createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createEventSplitter } from './events';

/**
 * Stands before the engine, for those who ask it directly and for the worker alike, and notes when each token of a
 * stream went past: by the same clock as who waits at the other end.
 */
export interface StampedEngine {
  url: string;
  /** When each token of the stream that began last went past, in ms. */
  passed(): readonly number[];
  /** How long the engine took for its last answer, in ms. */
  lastMs(): number;
  /** From now on one event goes past in so many milliseconds; 0 as they come. */
  pace(ms: number): void;
  close(): void;
}

export async function standBefore(engineUrl: string): Promise<StampedEngine> {
  const agent = new Agent({ keepAlive: true, noDelay: true });
  let passed: number[] = [];
  let paceMs = 0;
  let lastMs = 0;

  const relay = async (asked: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const body = await readAll(asked);
    const start = performance.now();
    const upstream = await forward(engineUrl, asked, body, agent);
    answer.writeHead(upstream.statusCode!, upstream.headers);
    if (!upstream.headers['content-type']?.startsWith('text/event-stream')) {
      const whole = await readAll(upstream);
      if (asked.method === 'POST') lastMs = performance.now() - start;
      answer.end(whole);
      return;
    }
    const own: number[] = (passed = []);
    const splitter = createEventSplitter();
    for await (const bytes of upstream) {
      for (const event of splitter.push(bytes as Buffer)) {
        if (paceMs > 0) await new Promise((resolve) => setTimeout(resolve, paceMs));
        if (event.isToken) own.push(performance.now());
        answer.write(event.bytes);
      }
    }
    answer.end();
  };

  const server = createServer((asked, answer) => {
    answer.socket?.setNoDelay(true);
    relay(asked, answer).catch(() => answer.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    passed: () => passed,
    lastMs: () => lastMs,
    pace: (ms) => void (paceMs = ms),
    close() {
      server.close();
      server.closeAllConnections();
      agent.destroy();
    },
  };
}

function forward(
  engineUrl: string,
  asked: IncomingMessage,
  body: Buffer,
  agent: Agent,
): Promise<IncomingMessage> {
  const type = asked.headers['content-type'];
  const headers = { ...(type && { 'content-type': type }), 'content-length': body.length };
  return new Promise((resolve, reject) => {
    const { method, url } = asked;
    request(`${engineUrl}${url}`, { method, headers, agent }, resolve).once('error', reject).end(body);
  });
}

export async function readAll(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return Buffer.concat(parts);
}
