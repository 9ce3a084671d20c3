import type { Piece } from '../generation';
import { collect, planGeneration, startGeneration, usageBody, type EngineContext } from './generate';
import { knownTokens, tokensOf } from './prompt';
import type { CompletionRequest, StreamOptions } from './schemas';
import { eventStream } from './sse';

/** POST /v1/completions */
export async function textCompletion(
  context: EngineContext,
  body: CompletionRequest,
  client: AbortSignal,
): Promise<Response> {
  const prompt = promptTokens(context, body.prompt);
  const request = planGeneration(context, body, prompt, {
    value: body.max_tokens,
    param: 'max_tokens',
    promptParam: 'prompt',
  });
  const { pieces, signal } = await startGeneration(context, request, client);
  const head = {
    id: `cmpl-${context.newId()}`,
    object: 'text_completion',
    created: context.now(),
    model: context.modelId,
  };
  const echo = body.echo ? promptText(context, body.prompt) : '';

  if (body.stream) return eventStream(textChunks(head, echo, pieces, body.stream_options ?? {}), signal);
  const { text, usage, finish } = await collect(pieces);
  return Response.json({
    ...head,
    choices: [{ index: 0, text: echo + text, logprobs: null, finish_reason: finish }],
    usage: usageBody(usage),
  });
}

async function* textChunks(
  head: Record<string, unknown>,
  echo: string,
  pieces: AsyncGenerator<Piece, void>,
  options: StreamOptions,
): AsyncGenerator<unknown, void> {
  const chunk = (text: string, finish: string | null, usage: unknown): unknown => ({
    ...head,
    choices: [{ index: 0, text, logprobs: null, finish_reason: finish }],
    ...(options.include_usage && { usage }),
  });
  if (echo !== '') yield chunk(echo, null, null);
  for await (const { text, finish, usage } of pieces) {
    yield chunk(text, finish, options.continuous_usage_stats ? usageBody(usage) : null);
    if (finish !== null && options.include_usage) yield { ...head, choices: [], usage: usageBody(usage) };
  }
}

function promptTokens(context: EngineContext, prompt: CompletionRequest['prompt']): number[] {
  if (typeof prompt === 'string') return tokensOf(context, prompt, 'prompt');
  const [first] = prompt;
  if (typeof first === 'string') return tokensOf(context, first, 'prompt');
  return knownTokens(context, prompt as number[], 'prompt');
}

function promptText(context: EngineContext, prompt: CompletionRequest['prompt']): string {
  if (typeof prompt === 'string') return prompt;
  return typeof prompt[0] === 'string' ? prompt[0] : context.runtime.detokenize(prompt as number[]);
}
