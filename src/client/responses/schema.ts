import { z } from 'zod';
import { CocoonError } from '../../protocol/errors';
import { invalidField } from '../jsonRequest';

/**
 * What `POST /v1/responses` takes. Nothing of a conversation is kept anywhere, so whatever rests on an earlier response,
 * or on tools that OpenAI runs itself, is refused by name.
 */
const LIMITS = { items: 4_096, tools: 128, topLogprobs: 20 } as const;

const typed = z.looseObject({ type: z.string() });
const nothing = z.null().optional();

const formatSchema = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('text') }),
  z.looseObject({ type: z.literal('json_object') }),
  z.looseObject({
    type: z.literal('json_schema'),
    name: z.string(),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
    description: z.string().nullish(),
  }),
]);

export const responsesSchema = z.strictObject({
  model: z.string().min(1).max(200),
  input: z.union([z.string(), z.array(z.looseObject({ type: z.string().optional() })).max(LIMITS.items)]),
  instructions: z.string().nullish(),
  tools: z.array(typed).max(LIMITS.tools).nullish(),
  tool_choice: z.union([z.enum(['none', 'auto', 'required']), typed]).nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  text: z.strictObject({ format: formatSchema.nullish(), verbosity: z.string().nullish() }).nullish(),
  max_output_tokens: z.number().int().positive().nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_logprobs: z.number().int().min(0).max(LIMITS.topLogprobs).nullish(),
  reasoning: z.strictObject({ effort: z.string().nullish(), summary: z.literal('auto').nullish() }).nullish(),
  include: z.array(z.literal('message.output_text.logprobs')).nullish(),
  stream: z.boolean().nullish(),
  stream_options: z.looseObject({}).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  user: z.string().nullish(),
  safety_identifier: z.string().nullish(),
  prompt_cache_key: z.string().nullish(),
  prompt_cache_retention: z.string().nullish(),
  service_tier: z.enum(['auto', 'default']).nullish(),
  truncation: z.literal('disabled').nullish(),
  store: z.literal(false).nullish(),
  background: z.literal(false).nullish(),
  previous_response_id: nothing,
  conversation: nothing,
  prompt: nothing,
  max_tool_calls: nothing,
});
export type ResponsesRequest = z.infer<typeof responsesSchema>;

/** Known to OpenAI, and asking for what there is not here. */
const REFUSED: Readonly<Record<string, string>> = {
  store: 'Responses are not kept: send the whole conversation each time.',
  previous_response_id: 'Responses are not kept: send the whole conversation each time.',
  conversation: 'Conversations are not kept: send the whole one each time.',
  prompt: 'There are no stored prompts.',
  background: 'Responses are answered at once.',
  truncation: 'Nothing is left out of a conversation.',
  include: 'Only message.output_text.logprobs can be included.',
  max_tool_calls: 'No tool is called here.',
  service_tier: 'There is one tier.',
  reasoning: 'Reasoning is not summarized.',
};

/** Throws CocoonError `invalid_request` or `unsupported_parameter`, naming the field. */
export function readResponsesRequest(text: string): ResponsesRequest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new CocoonError('invalid_request', 'The body is not JSON.');
  }
  const parsed = responsesSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    throw unsupported([...issue.path, issue.keys[0]!].join('.'), 'It is not known here.');
  }
  const why = REFUSED[String(issue.path[0])];
  if (why) throw unsupported(issue.path.join('.'), why);
  throw invalidField(parsed.error);
}

/** Refuses a part of a request, naming where it stands. */
export function unsupported(param: string, why: string): CocoonError {
  return new CocoonError('unsupported_parameter', `"${param}" is not supported: ${why}`, { param });
}
