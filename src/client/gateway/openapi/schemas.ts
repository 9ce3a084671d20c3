import { z } from 'zod';
import { GRANULARITIES, RESPONSE_FORMATS } from '../../../protocol/audio/transcription';
import { ERROR_CODES } from '../../../protocol/errors';
import { requestSchema } from '../../jsonRequest';
import { responsesSchema } from '../../responses';

/** Shapes of requests and answers, for the document. What reads requests is zod too, and is reused where it is exact. */

const nano = z.string().regex(/^\d+$/).describe('nanotons, a decimal string');
const unix = z.number().int().describe('Unix seconds');
const message = z.looseObject({
  role: z.enum(['system', 'developer', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).nullish(),
});
const tool = z.looseObject({
  type: z.literal('function'),
  function: z.looseObject({ name: z.string(), parameters: z.record(z.string(), z.unknown()).optional() }),
});
const sampling = {
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  stop: z.union([z.string(), z.array(z.string())]).nullish(),
  seed: z.number().int().nullish(),
};
const common = requestSchema.omit({ prompt: true, input: true, messages: true }).shape;
const texts = z.union([z.string(), z.array(z.string()), z.array(z.number()), z.array(z.array(z.number()))]);

const cocoon = z.object({
  receipt: z.string().describe('id of the receipt: the chain of evidence of this answer begins here'),
  cost_nano: nano,
  worker: z.string().describe('account hash of the Worker contract, hex'),
});
const usage = z.looseObject({
  prompt_tokens: z.number().int(),
  completion_tokens: z.number().int().optional(),
  total_tokens: z.number().int(),
});
const ofModel = {
  id: z.string().optional(),
  object: z.string(),
  model: z.string(),
  usage: usage.nullish(),
  cocoon,
};
const rate = z.object({ requests: z.number().int(), seconds: z.number().int() });
const spendable = {
  spendable_nano: nano.describe('what requests can still use up before somebody must act'),
  breakdown: z.object({
    on_lines_nano: nano,
    allocatable_nano: nano,
    beyond_budget_nano: nano,
    reserved_nano: nano,
    in_ending_lines_nano: nano,
    key_left_nano: nano.nullable(),
  }),
};

const key = z.object({
  object: z.literal('cocoon.key'),
  id: z.string().nullable(),
  name: z.string().nullable(),
  hint: z.string().nullable(),
  created_at: unix.nullable(),
  expires_at: unix.nullable(),
  limit_nano: nano.nullable(),
  spent_nano: nano.nullable(),
  reserved_nano: nano.nullable(),
  left_nano: nano.nullable(),
  rate: rate.nullable(),
  models: z.array(z.string()).nullable(),
  usage: z.array(z.object({ model: z.string(), requests: z.number().int(), spent_nano: nano })),
});

const model = z.looseObject({
  id: z.string(),
  object: z.literal('model'),
  created: unix,
  owned_by: z.string(),
  context_length: z.number().int(),
  max_output_length: z.number().int(),
  pricing: z.record(z.string(), z.string()),
  supported_parameters: z.array(z.string()),
  capabilities: z.array(z.string()),
});

const attestation = {
  model_name: z.string(),
  signing_address: z.string(),
  signing_algo: z.literal('ed25519'),
  request_nonce: z.string(),
  intel_quote: z.string().describe('the TDX quote, in hex'),
};

export const SCHEMAS = {
  Error: z.object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.enum(Object.keys(ERROR_CODES) as [keyof typeof ERROR_CODES]),
    }),
  }),
  Model: model,
  ModelList: z.object({ object: z.literal('list'), data: z.array(model) }),
  ChatCompletionRequest: z.looseObject({
    ...common,
    ...sampling,
    messages: z.array(message).min(1),
    tools: z.array(tool).nullish(),
    tool_choice: z.union([z.enum(['none', 'auto', 'required']), tool]).nullish(),
    response_format: z.looseObject({ type: z.enum(['text', 'json_object', 'json_schema']) }).nullish(),
    logprobs: z.boolean().nullish(),
    top_logprobs: z.number().int().min(0).max(20).nullish(),
  }),
  ChatCompletion: z.looseObject({ ...ofModel, choices: z.array(z.looseObject({ index: z.number().int() })) }),
  CompletionRequest: z.looseObject({ ...common, ...sampling, prompt: texts }),
  Completion: z.looseObject({
    ...ofModel,
    choices: z.array(z.looseObject({ index: z.number().int(), text: z.string() })),
  }),
  EmbeddingRequest: z.looseObject({
    model: common.model,
    input: texts,
    encoding_format: z.enum(['float', 'base64']).nullish(),
    dimensions: z.number().int().positive().nullish(),
  }),
  EmbeddingList: z.looseObject({
    ...ofModel,
    data: z.array(
      z.looseObject({ index: z.number().int(), embedding: z.union([z.array(z.number()), z.string()]) }),
    ),
  }),
  TranscriptionRequest: z.object({
    file: z.string().describe('WAV (PCM or float), or Ogg with Opus'),
    model: common.model,
    response_format: z.enum(RESPONSE_FORMATS).optional(),
    language: z.string().optional(),
    prompt: z.string().optional(),
    temperature: z.number().optional(),
    [GRANULARITIES]: z.array(z.string()).optional(),
  }),
  Transcription: z.looseObject({
    text: z.string(),
    usage: z.object({ type: z.literal('duration'), seconds: z.number() }).optional(),
    cocoon: cocoon.optional(),
  }),
  ResponseRequest: responsesSchema,
  Response: z.looseObject({
    id: z.string(),
    object: z.literal('response'),
    status: z.string(),
    output: z.array(z.looseObject({ type: z.string() })),
  }),
  EvidenceBundle: z
    .looseObject({ version: z.number().int() })
    .describe('one self-contained proof of one answer; `cocoon verify` checks it'),
  AttestationReport: z.looseObject({
    ...attestation,
    model_attestations: z.array(z.looseObject(attestation)),
  }),
  Signature: z.looseObject({
    text: z.string().describe('hashes of request and answer, in hex'),
    signature: z.string(),
    signing_address: z.string(),
    signing_algo: z.literal('ed25519'),
    signed_hash: z.string(),
  }),
  Key: key,
  Status: z.looseObject({ ...spendable, key: key.optional() }),
  Health: z.object({ ok: z.boolean() }),
};

export type SchemaName = keyof typeof SCHEMAS;

/** All of them as JSON Schema 2020-12, each once and named. */
export function componentSchemas(): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(SCHEMAS).map(([name, schema]) => {
      const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input' });
      return [name, rest];
    }),
  );
}
