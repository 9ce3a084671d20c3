import { z } from 'zod';
import { invalidParameter, unsupportedParameter } from '../apiError';
import { ENGINE_LIMITS } from '../limits';
import { SHAPE } from '../model/weights';

/** `null` means "not given" in OpenAI's API. */
const optional = <T extends z.ZodType>(type: T) => type.nullish().transform((value) => value ?? undefined);
const count = optional(z.number().int().min(1));
const token = z.number().int().min(0);

const streamOptions = z.strictObject({
  include_usage: optional(z.boolean()),
  continuous_usage_stats: optional(z.boolean()),
  include_obfuscation: optional(z.literal(false)),
});
export type StreamOptions = Partial<z.infer<typeof streamOptions>>;

const sampling = {
  temperature: optional(z.number().min(0).max(2)),
  top_p: optional(z.number().gt(0).max(1)),
  top_k: optional(z.number().int().min(-1)),
  min_p: optional(z.number().min(0).max(1)),
  frequency_penalty: optional(z.number().min(-2).max(2)),
  presence_penalty: optional(z.number().min(-2).max(2)),
  seed: optional(z.number().int()),
  max_tokens: count,
  stop: optional(
    z.union([
      z.string().min(1).max(ENGINE_LIMITS.stopMaxChars),
      z.array(z.string().min(1).max(ENGINE_LIMITS.stopMaxChars)).max(ENGINE_LIMITS.stopsMax),
    ]),
  ),
  n: optional(z.number().int().min(1).max(ENGINE_LIMITS.choicesMax)),
  logit_bias: optional(z.record(z.string().regex(/^\d{1,9}$/), z.number().min(-100).max(100))),
  ignore_eos: optional(z.boolean()),
  stream: optional(z.boolean()),
  stream_options: optional(streamOptions),
  /** Requests with the same salt share the prefix cache; without one nothing is shared. */
  cache_salt: optional(z.string().min(1).max(ENGINE_LIMITS.saltMaxChars)),
};

/** Accepted because clients send them by habit; they change nothing here. */
const ignored = {
  user: z.unknown().optional(),
  metadata: z.unknown().optional(),
  safety_identifier: z.unknown().optional(),
  prompt_cache_key: z.unknown().optional(),
  service_tier: optional(z.enum(['auto', 'default'])),
  store: optional(z.literal(false)),
};

const textPart = z.strictObject({ type: z.literal('text'), text: z.string() });
const READS_TEXT = 'This model reads text and text parts only.';
const content = z.union([z.string(), z.array(textPart)], READS_TEXT);
const speakerName = optional(z.string().max(64));
const functionName = z.string().regex(/^[a-zA-Z0-9_-]{1,64}$/);
const functionOnly = z.literal('function', 'Only function tools are supported.');

const toolCall = z.strictObject({
  id: z.string().min(1).max(256),
  type: functionOnly,
  function: z.strictObject({ name: functionName, arguments: z.string() }),
});
const message = z.discriminatedUnion('role', [
  z.strictObject({ role: z.enum(['system', 'developer', 'user']), content, name: speakerName }),
  z.strictObject({
    role: z.literal('assistant'),
    content: optional(content),
    name: speakerName,
    refusal: optional(z.string()),
    tool_calls: optional(z.array(toolCall).min(1).max(ENGINE_LIMITS.toolsMax)),
  }),
  z.strictObject({
    role: z.literal('tool'),
    content,
    name: speakerName,
    tool_call_id: z.string().min(1).max(256),
  }),
]);
export type Message = z.infer<typeof message>;

const tool = z.strictObject({
  type: functionOnly,
  function: z.strictObject({
    name: functionName,
    description: optional(z.string()),
    parameters: optional(z.record(z.string(), z.unknown())),
    strict: optional(z.boolean()),
  }),
});
const namedTool = z.strictObject({ type: functionOnly, function: z.strictObject({ name: functionName }) });

const responseFormat = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('text') }),
  z.strictObject({ type: z.literal('json_object') }),
  z.strictObject({
    type: z.literal('json_schema'),
    json_schema: z.strictObject({
      name: functionName,
      description: optional(z.string()),
      schema: z.record(z.string(), z.unknown()),
      strict: optional(z.boolean()),
    }),
  }),
]);

export const chatSchema = z.strictObject({
  ...sampling,
  ...ignored,
  model: z.string(),
  messages: z.array(message).min(1).max(ENGINE_LIMITS.messagesMax),
  max_completion_tokens: count,
  logprobs: optional(z.boolean()),
  top_logprobs: optional(z.number().int().min(0).max(20)),
  tools: optional(z.array(tool).max(ENGINE_LIMITS.toolsMax)),
  tool_choice: optional(z.union([z.enum(['none', 'auto', 'required']), namedTool])),
  parallel_tool_calls: optional(z.boolean()),
  response_format: optional(responseFormat),
});
export type ChatRequest = z.infer<typeof chatSchema>;

export const completionSchema = z.strictObject({
  ...sampling,
  ...ignored,
  model: z.string(),
  prompt: z.union([
    z.string().min(1),
    z.array(z.string().min(1)).min(1).max(ENGINE_LIMITS.promptsMax),
    z.array(token).min(1),
    z.array(z.array(token).min(1)).min(1).max(ENGINE_LIMITS.promptsMax),
  ]),
  echo: optional(z.boolean()),
  logprobs: optional(z.number().int().min(0).max(5)),
});
export type CompletionRequest = z.infer<typeof completionSchema>;

export const embeddingSchema = z.strictObject({
  ...ignored,
  model: z.string(),
  input: z.union([
    z.string().min(1),
    z.array(z.string().min(1)).min(1).max(ENGINE_LIMITS.embeddingInputsMax),
    z.array(token).min(1),
    z.array(z.array(token).min(1)).min(1).max(ENGINE_LIMITS.embeddingInputsMax),
  ]),
  dimensions: optional(z.number().int().min(1).max(SHAPE.width)),
  encoding_format: optional(z.enum(['float', 'base64'])),
});
export type EmbeddingRequest = z.infer<typeof embeddingSchema>;

/** Parameters that exist elsewhere but not here, with the values that ask for nothing. */
const UNSUPPORTED: Record<string, (value: unknown) => boolean> = {
  best_of: (value) => value === 1,
  prompt_logprobs: () => false,
  functions: isEmpty,
  function_call: (value) => value === 'none',
  modalities: (value) => JSON.stringify(value) === '["text"]',
  audio: () => false,
  prediction: () => false,
  reasoning_effort: () => false,
  web_search_options: () => false,
  suffix: (value) => value === '',
};

/** Reads a body with its schema; throws ApiError 400 that names the first parameter at fault. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown): T {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidParameter('body', 'The body must be a JSON object.');
  }
  const known: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(body)) {
    const asksForNothing = Object.hasOwn(UNSUPPORTED, name) ? UNSUPPORTED[name] : undefined;
    if (!asksForNothing) known[name] = value;
    else if (value !== null && !asksForNothing(value)) {
      throw unsupportedParameter(
        name,
        `'${name}' is not supported by this model with the value that was sent.`,
      );
    }
  }
  refuseOtherParts(known['messages']);
  const parsed = schema.safeParse(known);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const param = [...issue.path, issue.keys[0]].join('.');
    throw unsupportedParameter(param, `Unknown parameter: '${param}'.`);
  }
  const param = issue.path.join('.');
  throw invalidParameter(param, `'${param}': ${issue.message}`);
}

/** Parts of messages that models elsewhere see or hear, each in a field of its type's name. */
const OTHER_PARTS = ['image_url', 'input_audio'] as const;

function refuseOtherParts(messages: unknown): void {
  if (!Array.isArray(messages)) return;
  messages.forEach((message, i) => {
    const content = fieldOf(message, 'content');
    if (!Array.isArray(content)) return;
    content.forEach((part, j) => {
      const type = OTHER_PARTS.find((one) => fieldOf(part, 'type') === one);
      if (type) throw unsupportedParameter(`messages.${i}.content.${j}.${type}`, READS_TEXT);
    });
  });
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
