import type { OutputItem } from './items';
import type { ResponsesRequest } from './schema';

/** Where a response stands. */
export type Status = 'in_progress' | 'completed' | 'incomplete' | 'failed';

/** A response as OpenAI describes one, from what was asked and what has come of it. */
export interface Resource {
  id: string;
  object: 'response';
  /** Unix seconds. */
  created_at: number;
  status: Status;
  output: OutputItem[];
  [field: string]: unknown;
}

export function resourceOf(
  request: ResponsesRequest,
  facts: { id: string; createdAt: number; model: string },
  state: {
    status: Status;
    output: OutputItem[];
    usage?: unknown;
    reason?: string;
    error?: object;
    cocoon?: unknown;
  },
): Resource {
  const { status, output, usage, reason, error, cocoon } = state;
  return {
    id: facts.id,
    object: 'response',
    created_at: facts.createdAt,
    status,
    background: false,
    error: error ?? null,
    incomplete_details: status === 'incomplete' ? { reason: reason ?? 'max_output_tokens' } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    metadata: request.metadata ?? {},
    model: facts.model,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: null,
    reasoning: { effort: request.reasoning?.effort ?? null, summary: null },
    service_tier: 'default',
    store: false,
    temperature: request.temperature ?? null,
    text: { format: request.text?.format ?? { type: 'text' } },
    tool_choice: request.tool_choice ?? 'auto',
    tools: request.tools ?? [],
    top_logprobs: request.top_logprobs ?? 0,
    top_p: request.top_p ?? null,
    truncation: 'disabled',
    usage: usageOf(usage),
    ...(cocoon === undefined ? {} : { cocoon }),
  };
}

/** A chat's usage under the names of responses; null while there is none. */
function usageOf(usage: unknown): object | null {
  if (typeof usage !== 'object' || usage === null) return null;
  const counts = usage as Record<string, unknown>;
  const detail = (of: string, name: string): number =>
    Number((counts[of] as Record<string, unknown> | null | undefined)?.[name] ?? 0);
  const input = Number(counts['prompt_tokens'] ?? 0);
  const output = Number(counts['completion_tokens'] ?? 0);
  return {
    input_tokens: input,
    input_tokens_details: { cached_tokens: detail('prompt_tokens_details', 'cached_tokens') },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: detail('completion_tokens_details', 'reasoning_tokens') },
    total_tokens: input + output,
  };
}
