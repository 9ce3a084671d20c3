import { TRANSCRIPTION_PATH } from '../protocol/audio/transcription';
import { CocoonError } from '../protocol/errors';
import type { Prices } from '../protocol/price';
import type { OfferedModel } from '../protocol/wire';
import { passedFields, refuseRemoteContent, type JsonPath } from './engineFields';
import { WORKER_LIMITS } from './limits';
import { affordableTokens } from './metering';

/** What the engine is asked to do, and what it may be billed for at most. */
export interface EngineRequest {
  method: 'GET' | 'POST';
  path: EnginePath;
  body: Buffer | null;
  /** Null where there is no body. */
  contentType: string | null;
  /** Null for the engine that serves every model without one of its own. */
  engineUrl: string | null;
  stream: boolean;
  /** Per choice; 0 where nothing is generated. */
  maxTokens: number;
  choices: number;
  requestBytes: number;
  /** How long the sound plays that is to be transcribed; 0 where there is none. */
  audioMs: number;
}

export type EnginePath = JsonPath | typeof TRANSCRIPTION_PATH | '/v1/models';

const CAPABILITY: Record<EnginePath, OfferedModel['capabilities'][number] | null> = {
  '/v1/chat/completions': 'chat',
  '/v1/completions': 'completions',
  '/v1/embeddings': 'embeddings',
  [TRANSCRIPTION_PATH]: 'audio',
  '/v1/models': null,
};

export interface RequestRules {
  /** `engineUrl`: where it is served, when that is not the worker's main engine. */
  model: OfferedModel & { engineModel: string; engineUrl?: string | undefined };
  prices: Prices;
  maxFee: bigint;
  /** Given to engines that keep prefixes apart by it; null when the engine does not know the field. */
  cacheSalt: string | null;
  /** The engine can report usage with every event, not only with the last. */
  continuousUsage: boolean;
}

/** A request in JSON as the engine gets it. Throws CocoonError before anything is billed. */
export function prepareRequest(
  request: { method: 'GET' | 'POST'; path: string; body: Buffer },
  rules: RequestRules,
): EngineRequest {
  const path = knownPath(request.path);
  const engineUrl = rules.model.engineUrl ?? null;
  if (path === '/v1/models') {
    if (request.method !== 'GET') throw new CocoonError('method_not_allowed', 'Models are read with GET.');
    return { ...NOTHING, engineUrl, method: 'GET', path, body: null, contentType: null, stream: false };
  }
  if (request.method !== 'POST') throw new CocoonError('method_not_allowed', `${path} takes POST.`);
  requireCapability(path, rules.model);
  const fields = readFields(path, request.body, rules.model.id);
  const requestBytes = request.body.length;
  const contentType = 'application/json';
  const common = { ...NOTHING, engineUrl, method: 'POST', path, contentType, requestBytes } as const;
  const named = { ...fields, model: rules.model.engineModel };
  if (path === '/v1/embeddings') return { ...common, stream: false, body: encode(named) };

  const choices = choicesOf(fields);
  const maxTokens = allowedTokens(fields, choices, requestBytes, rules);
  const stream = fields['stream'] === true;
  const sent = fitsForSure(path, fields, maxTokens, requestBytes, rules) ? maxTokens : null;
  const body = encode(generating(named, sent, stream, rules));
  return { ...common, stream, body, maxTokens, choices };
}

const NOTHING = { maxTokens: 0, choices: 1, requestBytes: 0, audioMs: 0 };

/** What this worker itself says of a generation: its length, its cache, its usage. */
function generating(
  fields: Record<string, unknown>,
  maxTokens: number | null,
  stream: boolean,
  { cacheSalt, continuousUsage }: RequestRules,
): Record<string, unknown> {
  const { max_completion_tokens: _, ...body } = fields;
  const usage = { include_usage: true, ...(continuousUsage && { continuous_usage_stats: true }) };
  return {
    ...body,
    ...(maxTokens !== null && { max_tokens: maxTokens }),
    ...(cacheSalt !== null && { cache_salt: cacheSalt }),
    ...(stream && { stream_options: usage }),
  };
}

function encode(body: Record<string, unknown>): Buffer {
  return Buffer.from(JSON.stringify(body));
}

/** Throws CocoonError `unsupported_parameter` for a model that does not serve that path. */
export function requireCapability(path: EnginePath, model: OfferedModel): void {
  const capability = CAPABILITY[path];
  if (!capability || model.capabilities.includes(capability)) return;
  throw new CocoonError('unsupported_parameter', `${model.id} does not serve ${path}.`, { param: 'model' });
}

function knownPath(path: string): JsonPath | '/v1/models' {
  if (Object.hasOwn(CAPABILITY, path) && path !== TRANSCRIPTION_PATH) return path as JsonPath | '/v1/models';
  throw new CocoonError('not_found', 'The worker serves no such path.');
}

function readFields(path: JsonPath, body: Buffer, modelId: string): Record<string, unknown> {
  const fields = passedFields(path, parseObject(body));
  if (fields['model'] !== undefined && fields['model'] !== modelId) {
    throw new CocoonError(
      'model_not_found',
      'The body names another model than the sealed request commits to.',
      { param: 'model' },
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

function choicesOf(fields: Record<string, unknown>): number {
  const n = fields['n'] ?? 1;
  const prompts =
    Array.isArray(fields['prompt']) && typeof fields['prompt'][0] !== 'number' ? fields['prompt'].length : 1;
  if (!isCount(n) || n < 1 || prompts < 1 || n * prompts > WORKER_LIMITS.choicesMax) {
    throw new CocoonError(
      'invalid_request',
      `n must be an integer, at most ${WORKER_LIMITS.choicesMax} answers in all.`,
      { param: 'n' },
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
    throw new CocoonError('invalid_request', 'max_tokens must be a positive integer.', {
      param: 'max_tokens',
    });
  const wanted = Math.min(asked, rules.model.maxOutputTokens);
  const maxTokens = affordableTokens(rules.prices, { requestBytes, choices, wanted }, rules.maxFee);
  if (maxTokens < 1) throw new CocoonError('price_above_max', "The ticket's maximum pays for no token.");
  return maxTokens;
}

/**
 * A chat that names no maximum may take what its prompt leaves of the context; only the engine can count that. It is told
 * the model's own maximum where that fits whatever the prompt's tokens are (never more than its bytes), else nothing.
 */
function fitsForSure(
  path: JsonPath,
  fields: Record<string, unknown>,
  maxTokens: number,
  requestBytes: number,
  { model }: RequestRules,
): boolean {
  const named = fields['max_completion_tokens'] ?? fields['max_tokens'];
  const isOwn = path === '/v1/chat/completions' && named === undefined && maxTokens === model.maxOutputTokens;
  return !isOwn || requestBytes + maxTokens <= model.contextLength;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value);
}
