import { CocoonError } from '../../protocol/errors';
import { parseChunk } from '../answer';
import { createEventSplitter, encodeEvent } from '../sse';
import { createEventWriter, type EventWriter } from './eventWriter';
import { endOf, field, saidOf } from './items';
import { resourceOf, type Status } from './resource';
import type { ResponsesRequest } from './schema';

const DONE = '[DONE]';
/** Headers of the chat's answer that do not fit another body. */
const OF_THE_BODY = ['content-length'];

/** A chat's answer as a response; errors are the same for both. */
export async function responseOf(chat: Response, request: ResponsesRequest): Promise<Response> {
  if (!chat.ok || !chat.body) return chat;
  const headers = new Headers(chat.headers);
  for (const name of OF_THE_BODY) headers.delete(name);
  const id = headers.get('x-cocoon-receipt-id') ?? '';
  if ((headers.get('content-type') ?? '').startsWith('text/event-stream')) {
    const reader = chat.body.getReader();
    const events = responseEvents(reader, request, id);
    return new Response(streamOf(events, reader), { status: chat.status, headers });
  }
  const json = parseChunk(await chat.text());
  return new Response(JSON.stringify(wholeResponse(json, request, id)), { status: chat.status, headers });
}

function wholeResponse(json: unknown, request: ResponsesRequest, id: string): object {
  const choice = (field(json, 'choices') as unknown[] | undefined)?.[0];
  const writer = createEventWriter(id);
  const { status, reason } = endOf(field(choice, 'finish_reason'));
  // The same items as in a stream, without its events.
  exhaust(writer.add(saidOf(choice)));
  exhaust(writer.close(status));
  return resourceOf(request, factsOf(json, request, id), {
    ...{ status, output: writer.output, usage: field(json, 'usage'), cocoon: field(json, 'cocoon') },
    ...(reason === undefined ? {} : { reason }),
  });
}

function exhaust(events: Generator<Buffer>): void {
  while (!events.next().done);
}

function factsOf(chunk: unknown, request: ResponsesRequest, id: string) {
  const created = field(chunk, 'created');
  const model = field(chunk, 'model');
  return {
    id: `resp_${id}`,
    createdAt: typeof created === 'number' ? created : 0,
    model: typeof model === 'string' ? model : request.model,
  };
}

/**
 * The events of a streamed chat as those of a response. The last one comes after the chat's `[DONE]`, so after the bill
 * was verified; a chat that goes wrong ends in `response.failed` and an error that every SDK throws.
 */
async function* responseEvents(
  chat: ReadableStreamDefaultReader<Uint8Array>,
  request: ResponsesRequest,
  id: string,
): AsyncGenerator<Buffer> {
  const writer = createEventWriter(id);
  let facts: ReturnType<typeof factsOf> | null = null;
  let end: ReturnType<typeof endOf> = { status: 'completed' };
  let usage: unknown;
  let cocoon: unknown;
  const snapshot = (status: Status, more: object = {}) =>
    resourceOf(request, facts!, { status, output: writer.output, usage, cocoon, ...more });

  for await (const data of eventsOf(chat)) {
    if (data === DONE) {
      yield* writer.close(end.status);
      yield writer.event({ type: `response.${end.status}`, response: snapshot(end.status, end) });
      return;
    }
    const chunk = parseChunk(data);
    if (!facts) {
      facts = factsOf(chunk, request, id);
      yield writer.event({ type: 'response.created', response: snapshot('in_progress') });
      yield writer.event({ type: 'response.in_progress', response: snapshot('in_progress') });
    }
    const error = field(chunk, 'error');
    if (error !== undefined) {
      yield* failure(writer, error, (told) => snapshot('failed', { error: told }));
      return;
    }
    usage = field(chunk, 'usage') ?? usage;
    cocoon = field(chunk, 'cocoon') ?? cocoon;
    const choice = (field(chunk, 'choices') as unknown[] | undefined)?.[0];
    yield* writer.add(saidOf(choice));
    const finish = field(choice, 'finish_reason');
    if (typeof finish === 'string') end = endOf(finish);
  }
  throw new CocoonError('stream_truncated', 'The answer ended before its end.');
}

function* failure(writer: EventWriter, error: unknown, failed: (told: object) => object): Generator<Buffer> {
  const message = field(error, 'message');
  const code = field(error, 'code');
  yield* writer.close('incomplete');
  yield writer.event({ type: 'response.failed', response: failed({ code: 'server_error', message }) });
  // The official package throws at a field `error`; OpenAI's own event has what it says at its top.
  yield encodeEvent(JSON.stringify({ type: 'error', code, message, param: null, error }), 'error');
}

async function* eventsOf(chat: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string> {
  const splitter = createEventSplitter();
  for (let next = await chat.read(); !next.done; next = await chat.read()) {
    yield* splitter.push(Buffer.from(next.value));
  }
}

/** Who leaves the stream leaves the chat. */
function streamOf(
  events: AsyncGenerator<Buffer>,
  chat: ReadableStreamDefaultReader<Uint8Array>,
): ReadableStream<Uint8Array> {
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const next = await events.next();
        if (next.done) controller.close();
        else controller.enqueue(new Uint8Array(next.value));
      },
      cancel: (reason) => chat.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}
