import { ApiError } from '../apiError';

const STREAM_END = '[DONE]';

/**
 * A server-sent event stream that takes the next event only when the client has room for it. However it ends (done,
 * error, client gone, signal), the events' `finally` runs, so their slot is free again.
 */
export function eventStream(events: AsyncGenerator<unknown, void>, signal: AbortSignal): Response {
  const encoder = new TextEncoder();
  const encode = (data: string): Uint8Array => encoder.encode(`data: ${data}\n\n`);
  // A client that stopped reading leaves the generator waiting at a yield: this wakes it.
  // What it throws has gone to the pull that waits, and a rejection that nobody awaits would end the process.
  const stop = (): void => void events.return().catch(() => undefined);
  signal.addEventListener('abort', stop, { once: true });

  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const next = await events.next();
        if (!next.done) return controller.enqueue(encode(JSON.stringify(next.value)));
        signal.throwIfAborted();
        controller.enqueue(encode(STREAM_END));
      } catch (error) {
        controller.enqueue(encode(JSON.stringify(asApiError(error).body())));
      }
      signal.removeEventListener('abort', stop);
      controller.close();
    },
    async cancel() {
      signal.removeEventListener('abort', stop);
      await events.return();
    },
  });
  return new Response(body, {
    headers: { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' },
  });
}

/** Anything thrown on the way, as something to answer. */
export function asApiError(error: unknown): ApiError {
  if (error instanceof ApiError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new ApiError(500, 'internal_error', `The engine failed: ${message}`);
}
