import { CocoonError } from '../protocol/errors';
import type { Prices } from '../protocol/price';
import type { OfferedModel } from '../protocol/wire';
import { WORKER_LIMITS } from './limits';
import { affordableTokens } from './metering';

/** What the engine is asked to do, and what it may be billed for at most. */
export interface EngineRequest {
  method: 'GET' | 'POST';
  path: EnginePath;
  body: Buffer | null;
  stream: boolean;
  /** Per choice; 0 where nothing is generated. */
  maxTokens: number;
  choices: number;
  requestBytes: number;
}

export type EnginePath = '/v1/chat/completions' | '/v1/completions' | '/v1/embeddings' | '/v1/models';

const CAPABILITY: Record<EnginePath, OfferedModel['capabilities'][number] | null> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
  '/v1/models': null,
};

/**
 * Fields that reach the engine. Others could make it fetch, log, or compute what is not billed, and what an engine
 * does with a field that it does not know differs from one to the next.
 */
const PASSED = new Set([
  ...['model', 'messages', 'prompt', 'input', 'suffix', 'echo', 'stream', 'n', 'stop', 'seed', 'temperature'],
  ...['top_p', 'top_k', 'min_p', 'typical_p', 'repetition_penalty', 'frequency_penalty', 'presence_penalty'],
  ...[
    'max_tokens',
    'max_completion_tokens',
    'min_tokens',
    'logit_bias',
    'logprobs',
    'top_logprobs',
    'ignore_eos',
  ],
  ...['response_format', 'tools', 'tool_choice', 'parallel_tool_calls', 'reasoning_effort', 'functions'],
  ...['function_call', 'encoding_format', 'dimensions', 'chat_template_kwargs', 'skip_special_tokens'],
]);
/** Harmless fields that say something about the caller: they end here. */
const DROPPED = new Set([
  'user',
  'metadata',
  'store',
  'service_tier',
  'stream_options',
  'cache_salt',
  'best_of',
]);
const DROPPED_TOO = new Set(['safety_identifier', 'prompt_cache_key', 'prompt_cache_retention', 'verbosity']);

export interface RequestRules {
  model: OfferedModel & { engineModel: string };
  prices: Prices;
  maxFee: bigint;
  /** Given to engines that keep prefixes apart by it; null when the engine does not know the field. */
  cacheSalt: string | null;
  /** The engine can report usage with every event, not only with the last. */
  continuousUsage: boolean;
}

export function prepareRequest(
  request: { method: 'GET' | 'POST'; path: string; body: Buffer },
  rules: RequestRules,
): EngineRequest {
  const path = knownPath(request.path);
  if (path === '/v1/models') {
    if (request.method !== 'GET') throw new CocoonError('method_not_allowed', 'Models are read with GET.');
    return { method: 'GET', path, body: null, stream: false, maxTokens: 0, choices: 1, requestBytes: 0 };
  }
  if (request.method !== 'POST') throw new CocoonError('method_not_allowed', `${path} takes POST.`);
  const capability = CAPABILITY[path];
  if (capability && !rules.model.capabilities.includes(capability)) {
    throw new CocoonError('unsupported_parameter', `${rules.model.id} does not serve ${path}.`);
  }
  const fields = readFields(request.body, rules.model.id);
  const generates = path !== '/v1/embeddings';
  const choices = generates ? choicesOf(fields) : 1;
  const maxTokens = generates ? allowedTokens(fields, choices, request.body.length, rules) : 0;
  const stream = generates && fields['stream'] === true;

  const body: Record<string, unknown> = { ...fields, model: rules.model.engineModel };
  if (generates) {
    delete body['max_completion_tokens'];
    body['max_tokens'] = maxTokens;
    if (rules.cacheSalt !== null) body['cache_salt'] = rules.cacheSalt;
    if (stream) {
      const options = { include_usage: true };
      body['stream_options'] = rules.continuousUsage ? { ...options, continuous_usage_stats: true } : options;
    }
  }
  const encoded = Buffer.from(JSON.stringify(body));
  return {
    method: 'POST',
    path,
    body: encoded,
    stream,
    maxTokens,
    choices,
    requestBytes: request.body.length,
  };
}

function knownPath(path: string): EnginePath {
  if (Object.hasOwn(CAPABILITY, path)) return path as EnginePath;
  throw new CocoonError('not_found', 'The worker serves no such path.');
}

function readFields(body: Buffer, modelId: string): Record<string, unknown> {
  const json = parseObject(body);
  const fields: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(json)) {
    if (DROPPED.has(name) || DROPPED_TOO.has(name)) continue;
    if (!PASSED.has(name)) throw new CocoonError('unsupported_parameter', `"${name}" is not supported.`);
    if (value !== null) fields[name] = value;
  }
  if (fields['model'] !== undefined && fields['model'] !== modelId) {
    throw new CocoonError(
      'model_not_found',
      'The body names another model than the sealed request commits to.',
    );
  }
  refuseRemoteContent(fields['messages']);
  return fields;
}

function parseObject(body: Buffer): Record<string, unknown> {
  try {
    const json: unknown = JSON.parse(body.toString('utf8'));
    if (typeof json === 'object' && json !== null && !Array.isArray(json))
      return json as Record<string, unknown>;
  } catch {
    // Answered below, without the parser's message: it quotes the text.
  }
  throw new CocoonError('invalid_request', 'The body is not a JSON object.');
}

/** An engine inside a measured image fetches nothing: pictures and sound travel in the request. */
function refuseRemoteContent(messages: unknown): void {
  if (!Array.isArray(messages)) return;
  for (const message of messages as unknown[]) {
    const content = (message as { content?: unknown } | null)?.content;
    if (!Array.isArray(content)) continue;
    for (const part of content as unknown[]) {
      const url = (part as { image_url?: { url?: unknown } } | null)?.image_url?.url;
      if (url !== undefined && !(typeof url === 'string' && url.startsWith('data:'))) {
        throw new CocoonError('unsupported_parameter', 'Images must be data: URLs.');
      }
    }
  }
}

function choicesOf(fields: Record<string, unknown>): number {
  const n = fields['n'] ?? 1;
  const prompts =
    Array.isArray(fields['prompt']) && typeof fields['prompt'][0] !== 'number' ? fields['prompt'].length : 1;
  if (!isCount(n) || n < 1 || prompts < 1 || n * prompts > WORKER_LIMITS.choicesMax) {
    throw new CocoonError(
      'invalid_request',
      `n must be an integer, at most ${WORKER_LIMITS.choicesMax} answers in all.`,
    );
  }
  return n * prompts;
}

function allowedTokens(
  fields: Record<string, unknown>,
  choices: number,
  requestBytes: number,
  rules: RequestRules,
): number {
  const asked = fields['max_completion_tokens'] ?? fields['max_tokens'] ?? rules.model.maxOutputTokens;
  if (!isCount(asked) || asked < 1)
    throw new CocoonError('invalid_request', 'max_tokens must be a positive integer.');
  const wanted = Math.min(asked, rules.model.maxOutputTokens);
  const maxTokens = affordableTokens(rules.prices, { requestBytes, choices, wanted }, rules.maxFee);
  if (maxTokens < 1) throw new CocoonError('price_above_max', "The ticket's maximum pays for no token.");
  return maxTokens;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}

/** The smallest request that shows that the engine computes with this model. */
export function canaryOf(
  model: RequestRules['model'],
): { path: EnginePath; body: Record<string, unknown> } | null {
  const { engineModel, capabilities } = model;
  if (capabilities.includes('chat')) {
    const messages = [{ role: 'user', content: 'Hi' }];
    return { path: '/v1/chat/completions', body: { model: engineModel, messages, max_tokens: 1 } };
  }
  if (capabilities.includes('completions')) {
    return { path: '/v1/completions', body: { model: engineModel, prompt: 'Hi', max_tokens: 1 } };
  }
  if (capabilities.includes('embeddings')) {
    return { path: '/v1/embeddings', body: { model: engineModel, input: 'Hi' } };
  }
  return null;
}
