import { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import { MODEL_PATHS, type ModelRequest } from './modelRequest';

const count = z.number().int().positive().max(1_000_000).nullish();
export const requestSchema = z.looseObject({
  model: z.string().min(1).max(200),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({ include_usage: z.boolean().nullish() }).nullish(),
  max_tokens: count,
  max_completion_tokens: count,
  n: z.number().int().positive().max(128).nullish(),
  prompt: z.unknown().optional(),
  input: z.unknown().optional(),
  messages: z.array(z.unknown()).optional(),
  user: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
});
type Body = z.infer<typeof requestSchema>;

/**
 * A request in JSON. Throws CocoonError `invalid_request` naming the field. Fields that this client does not know pass
 * through to the worker, which decides on each.
 */
export function readJsonRequest(path: string, text: string): ModelRequest {
  const capability = MODEL_PATHS[path];
  if (!capability) throw new CocoonError('not_found', `There is no ${path}.`);
  const body = parseBody(text);
  const stream = body.stream === true && capability !== 'embeddings';
  const sealed = stream ? { ...body, stream_options: { ...body.stream_options, include_usage: true } } : body;
  const prompts = textCount(capability === 'embeddings' ? body.input : body.prompt);
  return {
    path,
    capability,
    model: body.model,
    stream,
    wantsUsage: body.stream_options?.include_usage === true,
    body: Buffer.from(JSON.stringify(sealed)),
    contentType: 'application/json',
    prompts,
    choices: (body.n ?? 1) * (capability === 'completions' ? prompts : 1),
    maxTokens: body.max_completion_tokens ?? body.max_tokens ?? null,
    audioMs: 0,
    conversation: conversationOf(body),
  };
}

function parseBody(text: string): Body {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // Without the parser's message: it quotes the text.
    throw new CocoonError('invalid_request', 'The body is not JSON.');
  }
  const parsed = requestSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalidField(parsed.error);
}

/** The first thing that a schema found wrong, as OpenAI's clients are told of it. */
export function invalidField(error: z.ZodError): CocoonError {
  const issue = error.issues[0]!;
  const param = issue.path.join('.');
  return new CocoonError('invalid_request', `${param || 'body'}: ${issue.message}.`, param ? { param } : {});
}

/** One text, a list of texts, one list of token numbers, or a list of those. */
function textCount(texts: unknown): number {
  return Array.isArray(texts) && texts.length > 0 && typeof texts[0] !== 'number' ? texts.length : 1;
}

function conversationOf(body: Body): string {
  const start = body.prompt_cache_key ?? body.messages?.slice(0, 2) ?? body.prompt ?? null;
  return sha256(Buffer.from(JSON.stringify([body.model, body.user ?? null, start]))).toString('base64');
}
