import { messagesOf } from './messages';
import { unsupported, type ResponsesRequest } from './schema';

/** The same request as a chat completion, which is what workers are asked. Throws CocoonError naming what has no counterpart. */
export function chatRequestOf(request: ResponsesRequest): Record<string, unknown> {
  const format = formatOf(request.text?.format);
  const logprobs = request.include?.length || request.top_logprobs ? true : undefined;
  return {
    model: request.model,
    messages: messagesOf(request),
    ...given('tools', request.tools?.map(toolOf)),
    ...given('tool_choice', choiceOf(request.tool_choice)),
    ...given('parallel_tool_calls', request.tools?.length ? request.parallel_tool_calls : undefined),
    ...given('response_format', format),
    ...given('verbosity', request.text?.verbosity),
    ...given('max_completion_tokens', request.max_output_tokens),
    ...given('temperature', request.temperature),
    ...given('top_p', request.top_p),
    ...given('logprobs', logprobs),
    ...given('top_logprobs', request.top_logprobs || undefined),
    ...given('reasoning_effort', request.reasoning?.effort),
    ...given('user', request.user),
    ...given('prompt_cache_key', request.prompt_cache_key),
    ...(request.stream && { stream: true, stream_options: { include_usage: true } }),
  };
}

function given(name: string, value: unknown): Record<string, unknown> {
  return value === undefined || value === null ? {} : { [name]: value };
}

function toolOf(tool: Record<string, unknown>, i: number): object {
  const { type, name, description, parameters, strict } = tool;
  if (type !== 'function')
    throw unsupported(`tools.${i}.type`, 'Only functions of the caller are tools here.');
  return {
    type,
    function: {
      name,
      ...given('description', description),
      ...given('parameters', parameters),
      ...given('strict', strict),
    },
  };
}

function choiceOf(choice: ResponsesRequest['tool_choice']): unknown {
  if (typeof choice !== 'object' || choice === null) return choice;
  if (choice.type === 'function') return { type: 'function', function: { name: choice['name'] } };
  throw unsupported('tool_choice', 'It is none, auto, required, or one function.');
}

function formatOf(format: NonNullable<ResponsesRequest['text']>['format']): unknown {
  if (!format || format.type === 'text') return undefined;
  if (format.type === 'json_object') return { type: 'json_object' };
  const { name, schema, strict, description } = format;
  return {
    type: 'json_schema',
    json_schema: { name, schema, ...given('strict', strict), ...given('description', description) },
  };
}
