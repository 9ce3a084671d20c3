import { collect, planGeneration, startGeneration, usageBody, type EngineContext } from './generate';
import type { Piece } from '../generation';
import { tokensOf } from './prompt';
import type { ChatRequest, StreamOptions } from './schemas';
import { eventStream } from './sse';

type Message = ChatRequest['messages'][number];

/** POST /v1/chat/completions */
export async function chatCompletion(
  context: EngineContext,
  body: ChatRequest,
  client: AbortSignal,
): Promise<Response> {
  const prompt = tokensOf(context, renderChat(body.messages), 'messages');
  const request = planGeneration(context, body, prompt, {
    value: body.max_completion_tokens ?? body.max_tokens,
    param: body.max_completion_tokens === undefined ? 'max_tokens' : 'max_completion_tokens',
    promptParam: 'messages',
  });
  const { pieces, signal } = await startGeneration(context, request, client);
  const head = { id: `chatcmpl-${context.newId()}`, created: context.now(), model: context.modelId };

  if (body.stream) return eventStream(chatChunks(head, pieces, body.stream_options ?? {}), signal);
  const { text, usage, finish } = await collect(withoutLeadingSpace(pieces));
  return Response.json({
    ...head,
    object: 'chat.completion',
    choices: [
      {
        index: 0,
        message: { role: 'assistant', content: text, refusal: null },
        logprobs: null,
        finish_reason: finish,
      },
    ],
    usage: usageBody(usage),
  });
}

/** The chat template: one line "role: text" per message, then the line that the model is to write. */
export function renderChat(messages: readonly Message[]): string {
  const lines = messages.map(({ role, name, content }) => {
    const speaker = name === undefined ? role : `${role} ${name}`;
    const text = typeof content === 'string' ? content : content.map((part) => part.text).join('');
    return `${speaker}: ${text}\n`;
  });
  return `${lines.join('')}assistant:\n`;
}

async function* chatChunks(
  head: Record<string, unknown>,
  pieces: AsyncGenerator<Piece, void>,
  options: StreamOptions,
): AsyncGenerator<unknown, void> {
  const chunk = (delta: object, finish: string | null, usage: unknown): unknown => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }],
    ...(options.include_usage && { usage }),
  });
  yield chunk({ role: 'assistant', content: '' }, null, null);
  for await (const { text, finish, usage } of withoutLeadingSpace(pieces)) {
    const delta = text === '' ? {} : { content: text };
    yield chunk(delta, finish, options.continuous_usage_stats ? usageBody(usage) : null);
    if (finish !== null && options.include_usage) {
      yield { ...head, object: 'chat.completion.chunk', choices: [], usage: usageBody(usage) };
    }
  }
}

/** A word brings its space along; the answer's first one needs none. */
async function* withoutLeadingSpace(pieces: AsyncGenerator<Piece, void>): AsyncGenerator<Piece, void> {
  let first = true;
  for await (const piece of pieces) {
    yield first ? { ...piece, text: piece.text.replace(/^ /, '') } : piece;
    first &&= piece.text === '';
  }
}
