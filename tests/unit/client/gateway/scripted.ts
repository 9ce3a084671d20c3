import { createGateway, type GatewayConfig } from '../../../../src/client';

export interface Call {
  url: string;
  method: string;
  headers: Headers;
  signal: AbortSignal;
  /** Everything that was uploaded; rejects when the upload broke off. */
  body: Promise<Buffer>;
}

export interface Scripted {
  url: string;
  port: number;
  calls: Call[];
  /** Resolves with the n-th call, from 0, once it is made. */
  call(n: number): Promise<Call>;
  stop(): Promise<void>;
}

const running: Scripted[] = [];

/** A gateway before a client that answers as the test says, so that every byte and every moment is the test's. */
export async function startScripted(
  answer: (request: Request, n: number) => Promise<Response> | Response,
  config: Partial<GatewayConfig> = {},
): Promise<Scripted> {
  const calls: Call[] = [];
  const waiting = new Map<number, (call: Call) => void>();
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const request = new Request(input, init);
    const n = calls.length;
    const { url, method, headers, signal } = request;
    const body = request
      .clone()
      .arrayBuffer()
      .then((bytes) => Buffer.from(bytes));
    body.catch(() => undefined);
    const call = { url, method, headers, signal, body };
    calls.push(call);
    waiting.get(n)?.(call);
    return answer(request, n);
  };
  const client = {
    fetch,
    fetchAs: () => fetch,
    money: () => Promise.reject(new Error('there is no money here')),
    receipt: () => null,
  };
  const gateway = createGateway(client, { port: 0, ...config });
  const url = await gateway.listen();
  const one: Scripted = {
    url,
    port: Number(new URL(url).port),
    calls,
    call: (n) =>
      new Promise((resolve) => {
        if (calls[n]) resolve(calls[n]);
        else waiting.set(n, resolve);
      }),
    stop: () => gateway.close(),
  };
  running.push(one);
  return one;
}

/** For `afterEach`. */
export async function stopScripted(): Promise<void> {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
}

/** Resolves when the signal aborts. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** A stream of events that the test feeds. */
export function eventStream(): { response: Response; send(text: string | Uint8Array): void; end(): void } {
  let controller: ReadableStreamDefaultController<Uint8Array>;
  const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
  return {
    response: new Response(body, { headers: { 'content-type': 'text/event-stream' } }),
    send: (text) => controller.enqueue(typeof text === 'string' ? new TextEncoder().encode(text) : text),
    end: () => controller.close(),
  };
}
