import type { Journal } from './journal';
import { streamError } from '../client/stream';
import { toCocoonError } from '../client/respond';

type Fetch = typeof globalThis.fetch;
type Written = Journal['written'];

/**
 * The only way out of the page: nothing leaves before all that the books were told is on disk, the line that a message
 * opens and the ticket that a request carries among it. Rejects with CocoonError `books_unwritable`.
 */
export function fetchAfter(written: Written, fetch: Fetch): Fetch {
  return async (input, init) => {
    await written();
    return readable(await fetch(input, init));
  };
}

/**
 * The only way back: what an answer shows was on disk before, its verified bill with its last event. A stream whose
 * books break ends with an error instead of `[DONE]`, as every stream does that goes wrong.
 */
export function answersAfter(written: Written, fetch: Fetch): Fetch {
  return async (input, init) => {
    const response = await fetch(input, init);
    await written();
    if (!response.body) return response;
    const body = response.body.pipeThrough(eventsAfter(written));
    return new Response(body, { status: response.status, headers: response.headers });
  };
}

function eventsAfter(written: Written): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream<Uint8Array, Uint8Array>({
    async transform(event, controller) {
      try {
        await written();
        controller.enqueue(event);
      } catch (error) {
        controller.enqueue(new Uint8Array(streamError(toCocoonError(error))));
        controller.terminate();
      }
    },
  });
}

/** Bodies are read with `for await`, which not every browser's streams have yet. */
function readable(response: Response): Response {
  const { body } = response;
  if (body && !(Symbol.asyncIterator in body)) {
    Object.defineProperty(body, Symbol.asyncIterator, { value: () => chunksOf(body) });
  }
  return response;
}

async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  const reader = body.getReader();
  try {
    for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
  } finally {
    // Left early: the rest is not wanted.
    await reader.cancel().catch(() => undefined);
  }
}
