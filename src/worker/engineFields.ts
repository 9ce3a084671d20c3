import { CocoonError } from '../protocol/errors';

/**
 * Which fields of a JSON request reach the engine. Others could make it fetch, log, or compute what is not billed, and
 * engines pass over a field that they do not know in silence: so every field here passes, ends, or is refused by name.
 */
export type JsonPath = '/v1/chat/completions' | '/v1/completions' | '/v1/embeddings';

const GENERATING = [
  ...[
    'model',
    'stream',
    'n',
    'stop',
    'seed',
    'max_tokens',
    'min_tokens',
    'ignore_eos',
    'skip_special_tokens',
  ],
  ...['temperature', 'top_p', 'top_k', 'min_p', 'typical_p', 'repetition_penalty', 'frequency_penalty'],
  ...['presence_penalty', 'logit_bias', 'logprobs', 'response_format'],
];

/** They change the answer. */
const PASSED: Readonly<Record<JsonPath, ReadonlySet<string>>> = {
  '/v1/chat/completions': new Set([
    ...GENERATING,
    ...['messages', 'max_completion_tokens', 'top_logprobs', 'tools', 'tool_choice', 'parallel_tool_calls'],
    ...['functions', 'function_call', 'reasoning_effort', 'chat_template_kwargs'],
  ]),
  '/v1/completions': new Set([...GENERATING, 'prompt', 'suffix', 'echo']),
  '/v1/embeddings': new Set(['model', 'input', 'encoding_format', 'dimensions']),
};

/** They say something about the caller or his cache, and end here; the worker writes its own of the last two. */
const ENDED: ReadonlySet<string> = new Set([
  ...['user', 'metadata', 'safety_identifier', 'prompt_cache_key', 'prompt_cache_retention'],
  ...['stream_options', 'cache_salt'],
]);

/** They would change the answer or its keeping, which no worker does: only the value that asks for nothing is taken. */
const ASKS_FOR_NOTHING: Readonly<
  Record<string, (value: unknown, fields: Record<string, unknown>) => boolean>
> = {
  store: (value) => value === false,
  service_tier: (value) => value === 'auto' || value === 'default',
  verbosity: (value) => value === 'medium',
  modalities: (value) => JSON.stringify(value) === '["text"]',
  best_of: (value, { n }) => value === 1 || value === (n ?? 1),
};

/**
 * The fields that reach the engine. Throws CocoonError `unsupported_parameter` naming the first that may not; it quotes
 * nothing else of the request.
 */
export function passedFields(path: JsonPath, json: Record<string, unknown>): Record<string, unknown> {
  const passed: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    if (value === null || ENDED.has(name)) continue;
    if (PASSED[path].has(name)) passed[name] = value;
    else if (!isIdle(name, value, json)) throw unsupported(name);
  }
  return passed;
}

function isIdle(name: string, value: unknown, json: Record<string, unknown>): boolean {
  return Object.hasOwn(ASKS_FOR_NOTHING, name) && ASKS_FOR_NOTHING[name]!(value, json);
}

function unsupported(name: string): CocoonError {
  const param = name.slice(0, 64);
  return new CocoonError('unsupported_parameter', `"${param}" is not supported with this value.`, { param });
}

const PART_TYPES: ReadonlySet<unknown> = new Set(['text', 'refusal', 'image_url', 'input_audio']);

/** An engine inside a measured image fetches nothing: pictures and sound travel in the request. */
export function refuseRemoteContent(messages: unknown): void {
  if (!Array.isArray(messages)) return;
  messages.forEach((message, i) => {
    const content = field(message, 'content');
    if (!Array.isArray(content)) return;
    content.forEach((part, j) => checkPart(part, `messages.${i}.content.${j}`));
  });
}

function checkPart(part: unknown, param: string): void {
  const type = field(part, 'type');
  if (!PART_TYPES.has(type)) {
    throw new CocoonError('unsupported_parameter', 'A part of a message is text, image_url or input_audio.', {
      param: `${param}.type`,
    });
  }
  if (type !== 'image_url') return;
  const image = field(part, 'image_url');
  const url = typeof image === 'string' ? image : field(image, 'url');
  if (typeof url === 'string' && url.startsWith('data:')) return;
  throw new CocoonError('unsupported_parameter', 'Images must be data: URLs.', {
    param: `${param}.image_url`,
  });
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}
