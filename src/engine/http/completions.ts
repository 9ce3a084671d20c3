import { invalidParameter } from '../apiError';
import type { PlacedToken } from '../generation';
import type { Slot } from '../runtime';
import { createTokenJoiner } from '../text';
import {
  choicesOf,
  collect,
  planGeneration,
  startGeneration,
  usageBody,
  type ChoicePiece,
  type EngineContext,
} from './generate';
import { completionLogprobs } from './logprobs';
import { knownTokens, tokensOf } from './prompt';
import type { CompletionRequest, StreamOptions } from './schemas';
import { eventStream } from './sse';

type ScoredToken = Parameters<typeof completionLogprobs>[1][number];

/** What an answer begins with: nothing, or its prompt and, if they were asked for, the chances of its tokens. */
interface Echo {
  text: string;
  tokens: ScoredToken[];
}

interface Answering {
  context: EngineContext;
  head: Record<string, unknown>;
  logprobs: boolean;
  /** One for each prompt. */
  echoes: Echo[];
  /** Answers for each prompt. */
  n: number;
}

/** POST /v1/completions */
export async function textCompletion(
  context: EngineContext,
  body: CompletionRequest,
  client: AbortSignal,
): Promise<Response> {
  const n = body.n ?? 1;
  const prompts = promptsOf(context, body.prompt);
  if (prompts.length * n > PROMPT_CHOICES_MAX) {
    throw invalidParameter(
      'n',
      `${prompts.length} prompts and n: ${n} make more than ${PROMPT_CHOICES_MAX} answers.`,
    );
  }
  const requests = prompts.flatMap(({ tokens, param }) => {
    const demand = { maxTokens: body.max_tokens, maxParam: 'max_tokens', promptParam: param };
    const constraints = { grammar: null, alternatives: body.logprobs ?? null };
    return choicesOf(planGeneration(context, body, tokens, { ...demand, ...constraints }), n);
  });
  const echoes = prompts.map(({ text }): Echo => ({ text: body.echo ? text : '', tokens: [] }));
  const score = async (slot: Slot): Promise<void> => {
    if (!body.echo || body.logprobs === undefined) return;
    for (const [at, { tokens }] of prompts.entries()) {
      echoes[at]!.tokens = await scoredPrompt(context, slot, tokens, body.logprobs);
    }
  };
  const { pieces, signal } = await startGeneration(context, requests, client, score);
  const head = {
    id: `cmpl-${context.newId()}`,
    object: 'text_completion',
    created: context.now(),
    model: context.modelId,
  };
  const answering = { context, head, logprobs: body.logprobs !== undefined, echoes, n };

  if (body.stream) return eventStream(textChunks(answering, pieces, body.stream_options ?? {}), signal);
  const { choices, usage } = await collect(pieces, requests.length);
  return Response.json({
    ...head,
    choices: choices.map(({ text, tokens, finish }, index) => {
      const echo = echoes[Math.floor(index / n)]!;
      return {
        index,
        text: echo.text + text,
        logprobs: logprobsOf(answering, [...echo.tokens, ...behind(echo, tokens)]),
        finish_reason: finish,
      };
    }),
    usage: usageBody(usage),
  });
}

const PROMPT_CHOICES_MAX = 128;

async function* textChunks(
  answering: Answering,
  pieces: AsyncGenerator<ChoicePiece, void>,
  options: StreamOptions,
): AsyncGenerator<unknown, void> {
  const { head, echoes, n } = answering;
  const chunk = (
    index: number,
    text: string,
    finish: string | null,
    tokens: ScoredToken[],
    usage: unknown,
  ): unknown => ({
    ...head,
    choices: [{ index, text, logprobs: logprobsOf(answering, tokens), finish_reason: finish }],
    ...(options.include_usage && { usage }),
  });
  let current = -1;
  let last: ChoicePiece | null = null;
  for await (last of pieces) {
    const { index, text, tokens, finish, usage } = last;
    const echo = echoes[Math.floor(index / n)]!;
    if (index !== current && echo.text !== '') yield chunk(index, echo.text, null, echo.tokens, null);
    current = index;
    const soFar = options.continuous_usage_stats ? usageBody(usage) : null;
    yield chunk(index, text, finish, behind(echo, tokens), soFar);
  }
  if (last && options.include_usage) yield { ...head, choices: [], usage: usageBody(last.usage) };
}

function logprobsOf({ context, logprobs }: Answering, tokens: readonly ScoredToken[]): object | null {
  return logprobs ? completionLogprobs(context.runtime, tokens) : null;
}

/** The answer's tokens where they stand behind the echo. */
function behind({ text }: Echo, tokens: readonly PlacedToken[]): PlacedToken[] {
  return tokens.map((token) => ({ ...token, offset: token.offset + text.length }));
}

interface Prompt {
  tokens: number[];
  text: string;
  param: string;
}

function promptsOf(context: EngineContext, prompt: CompletionRequest['prompt']): Prompt[] {
  const list = typeof prompt === 'string' || typeof prompt[0] === 'number' ? [prompt] : prompt;
  return (list as (string | number[])[]).map((entry, index) => {
    const param = list.length === 1 ? 'prompt' : `prompt.${index}`;
    if (typeof entry === 'string') return { tokens: tokensOf(context, entry, param), text: entry, param };
    const tokens = knownTokens(context, entry, param);
    return { tokens, text: context.runtime.detokenize(tokens), param };
  });
}

/** The prompt's tokens with their chances, the begin-of-text token left out: it has no text to stand before. */
async function scoredPrompt(
  { runtime }: EngineContext,
  slot: Slot,
  prompt: readonly number[],
  alternatives: number,
): Promise<ScoredToken[]> {
  const scored = await runtime.score(slot, prompt, alternatives);
  const joiner = createTokenJoiner(runtime.detokenize);
  const begin = prompt[0] === runtime.beginToken ? 1 : 0;
  let written = 0;
  return prompt.slice(begin).map((token, at): ScoredToken => {
    const offset = written;
    written += joiner.push(token).length;
    return { ...(scored[begin + at] ?? { token, logprob: null }), offset };
  });
}
