import { invalidParameter } from '../apiError';
import type { FinishReason } from '../generation';
import { anyObjectGrammar, schemaGrammar } from '../json/schemaGrammar';
import { createRules } from '../json/rules';
import { renderChat, requireAnsweredCalls } from './conversation';
import {
  choicesOf,
  collect,
  planGeneration,
  startGeneration,
  usageBody,
  type Choice,
  type ChoicePiece,
  type EngineContext,
} from './generate';
import { chatLogprobs } from './logprobs';
import { tokensOf } from './prompt';
import type { ChatRequest, StreamOptions } from './schemas';
import { eventStream } from './sse';
import { callsGrammar, chooseTools, createCallReader, type CallDelta } from './toolCalls';

/** What the model is to write: free text, JSON, or calls of tools. */
interface Output {
  grammar: string | null;
  calls: boolean;
}

interface Answering {
  context: EngineContext;
  head: { id: string; created: number; model: string };
  output: Output;
  logprobs: boolean;
}

/** POST /v1/chat/completions */
export async function chatCompletion(
  context: EngineContext,
  body: ChatRequest,
  client: AbortSignal,
): Promise<Response> {
  requireAnsweredCalls(body.messages);
  if (body.top_logprobs !== undefined && body.top_logprobs > 0 && !body.logprobs) {
    throw invalidParameter('top_logprobs', "'top_logprobs' needs 'logprobs' to be true.");
  }
  const output = planOutput(body);
  const prompt = tokensOf(context, renderChat(body.messages, body.tools), 'messages');
  const planned = planGeneration(context, body, prompt, {
    maxTokens: body.max_completion_tokens ?? body.max_tokens,
    maxParam: body.max_completion_tokens === undefined ? 'max_tokens' : 'max_completion_tokens',
    promptParam: 'messages',
    grammar: output.grammar,
    alternatives: body.logprobs ? (body.top_logprobs ?? 0) : null,
  });
  // Stop strings end what the assistant says; the arguments of a call are nothing that it says.
  const request = output.calls ? { ...planned, stops: [] } : planned;
  const requests = choicesOf(request, body.n ?? 1);
  const { pieces, signal } = await startGeneration(context, requests, client);
  const head = { id: `chatcmpl-${context.newId()}`, created: context.now(), model: context.modelId };
  const answering = { context, head, output, logprobs: body.logprobs ?? false };
  const trimmed = withoutLeadingSpace(pieces);

  if (body.stream) return eventStream(chatChunks(answering, trimmed, body.stream_options ?? {}), signal);
  const { choices, usage } = await collect(trimmed, requests.length);
  return Response.json({
    ...head,
    object: 'chat.completion',
    choices: choices.map((choice, index) => wholeChoice(answering, choice, index)),
    usage: usageBody(usage),
  });
}

function planOutput(body: ChatRequest): Output {
  const calls = chooseTools(body);
  if (calls.length > 0) return { grammar: callsGrammar(calls, body.tools!), calls: true };
  const format = body.response_format;
  if (format?.type === 'json_object') return { grammar: anyObjectGrammar(), calls: false };
  if (format?.type !== 'json_schema') return { grammar: null, calls: false };
  const param = 'response_format.json_schema.schema';
  const rules = createRules(param);
  return { grammar: rules.text(schemaGrammar(format.json_schema.schema, param, rules)), calls: false };
}

function wholeChoice(answering: Answering, { text, tokens, finish }: Choice, index: number): object {
  const { output, context, logprobs } = answering;
  const message = output.calls
    ? { role: 'assistant', content: null, refusal: null, tool_calls: wholeCalls(context, text) }
    : { role: 'assistant', content: text, refusal: null };
  return {
    index,
    message,
    logprobs: logprobs ? chatLogprobs(context.runtime, tokens) : null,
    finish_reason: finishOf(output, finish),
  };
}

function wholeCalls(context: EngineContext, text: string): object[] {
  const calls: { id: string; type: 'function'; function: { name: string; arguments: string } }[] = [];
  for (const delta of createCallReader()(text)) {
    if ('name' in delta)
      calls.push({ id: callId(context), type: 'function', function: { name: delta.name, arguments: '' } });
    else calls[delta.index]!.function.arguments += delta.arguments;
  }
  return calls;
}

async function* chatChunks(
  answering: Answering,
  pieces: AsyncGenerator<ChoicePiece, void>,
  options: StreamOptions,
): AsyncGenerator<unknown, void> {
  const { context, head, output } = answering;
  const chunk = (
    index: number,
    delta: object,
    finish: string | null,
    logprobs: unknown,
    usage: unknown,
  ): unknown => ({
    ...head,
    object: 'chat.completion.chunk',
    choices: [{ index, delta, logprobs, finish_reason: finish }],
    ...(options.include_usage && { usage }),
  });
  const begin = { role: 'assistant', content: output.calls ? null : '' };
  let current = 0;
  let readCalls = createCallReader();
  yield chunk(0, begin, null, null, null);
  let last: ChoicePiece | null = null;
  for await (last of pieces) {
    const { index, text, tokens, finish, usage } = last;
    if (index !== current) {
      yield chunk(index, begin, null, null, null);
      current = index;
      readCalls = createCallReader();
    }
    const deltas = output.calls
      ? callDeltas(context, readCalls(text))
      : text === ''
        ? []
        : [{ content: text }];
    // Whatever has no text of its own still brings its finish reason or its tokens.
    if (deltas.length === 0 && (finish !== null || tokens.length > 0)) deltas.push({});
    const soFar = options.continuous_usage_stats ? usageBody(usage) : null;
    for (const [place, delta] of deltas.entries()) {
      const logprobs = answering.logprobs && place === 0 ? chatLogprobs(context.runtime, tokens) : null;
      const end = finish !== null && place === deltas.length - 1 ? finishOf(output, finish) : null;
      yield chunk(index, delta, end, logprobs, soFar);
    }
  }
  if (last && options.include_usage) {
    yield { ...head, object: 'chat.completion.chunk', choices: [], usage: usageBody(last.usage) };
  }
}

function callDeltas(context: EngineContext, deltas: readonly CallDelta[]): object[] {
  return deltas.map((delta) => {
    const call =
      'name' in delta
        ? {
            index: delta.index,
            id: callId(context),
            type: 'function',
            function: { name: delta.name, arguments: '' },
          }
        : { index: delta.index, function: { arguments: delta.arguments } };
    return { tool_calls: [call] };
  });
}

function finishOf({ calls }: Output, finish: FinishReason): string {
  return calls && finish === 'stop' ? 'tool_calls' : finish;
}

function callId(context: EngineContext): string {
  return `call_${context.newId().slice(0, 24)}`;
}

/** A word brings its space along; the first one of an answer needs none. */
async function* withoutLeadingSpace(
  pieces: AsyncGenerator<ChoicePiece, void>,
): AsyncGenerator<ChoicePiece, void> {
  let begun = -1;
  for await (const piece of pieces) {
    yield piece.index === begun ? piece : { ...piece, text: piece.text.replace(/^ /, '') };
    if (piece.text !== '') begun = piece.index;
  }
}
