import { contextLengthExceeded, invalidParameter } from '../apiError';
import { ENGINE_LIMITS } from '../limits';
import type { EngineContext } from './generate';
import { knownTokens, tokensOf } from './prompt';
import type { EmbeddingRequest } from './schemas';
import { unitLength } from '../runtime';
import { requestSignals } from './signals';
import { asApiError } from './sse';

/** POST /v1/embeddings */
export async function embeddings(
  context: EngineContext,
  body: EmbeddingRequest,
  client: AbortSignal,
): Promise<Response> {
  const inputs = embeddingInputs(context, body.input);
  const signals = requestSignals(client, context.shutdown);
  try {
    const vectors = await embedAll(context, inputs, body.dimensions, signals.queue, signals.job);
    const promptTokens = inputs.reduce((sum, tokens) => sum + tokens.length, 0);
    return Response.json({
      object: 'list',
      model: context.modelId,
      data: vectors.map((vector, index) => ({
        object: 'embedding',
        index,
        embedding: body.encoding_format === 'base64' ? base64Floats(vector) : vector,
      })),
      usage: { prompt_tokens: promptTokens, total_tokens: promptTokens },
    });
  } catch (error) {
    throw asApiError(error);
  } finally {
    signals.done();
  }
}

async function embedAll(
  context: EngineContext,
  inputs: readonly number[][],
  dimensions: number | undefined,
  queue: AbortSignal,
  job: AbortSignal,
): Promise<(readonly number[])[]> {
  const lease = await context.embeddingPool.acquire(() => 0, queue);
  try {
    const vectors: (readonly number[])[] = [];
    for (const tokens of inputs) {
      job.throwIfAborted();
      vectors.push(shortened(await context.runtime.embed(tokens), dimensions));
    }
    return vectors;
  } finally {
    lease.release();
  }
}

function embeddingInputs(context: EngineContext, input: EmbeddingRequest['input']): number[][] {
  const { contextLength } = context.runtime;
  const list = typeof input === 'string' || typeof input[0] === 'number' ? [input] : input;
  const inputs = list.map((entry, index) => {
    const param = list.length === 1 ? 'input' : `input.${index}`;
    const tokens =
      typeof entry === 'string'
        ? tokensOf(context, entry, param)
        : knownTokens(context, entry as number[], param);
    // One below: the embedding context refuses an input that fills it.
    if (tokens.length >= contextLength) {
      throw contextLengthExceeded(contextLength - 1, tokens.length, 0, param);
    }
    return tokens;
  });
  const total = inputs.reduce((sum, tokens) => sum + tokens.length, 0);
  if (total > ENGINE_LIMITS.embeddingMaxTokens) {
    throw invalidParameter(
      'input',
      `The inputs have ${total} tokens; ${ENGINE_LIMITS.embeddingMaxTokens} are allowed.`,
    );
  }
  return inputs;
}

/** The first dimensions alone, again of length one: how OpenAI's models are shortened. */
function shortened(vector: readonly number[], dimensions: number | undefined): readonly number[] {
  return dimensions === undefined ? vector : unitLength(vector.slice(0, dimensions));
}

/** Little-endian 32-bit floats, as OpenAI's clients read them. */
function base64Floats(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString('base64');
}
