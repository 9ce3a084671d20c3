/** What a response is made of: a message, thoughts before it, calls of the caller's functions. */

export interface TextPart {
  type: 'output_text';
  text: string;
  annotations: [];
  logprobs: unknown[];
}
export interface RefusalPart {
  type: 'refusal';
  refusal: string;
}
export interface ThoughtPart {
  type: 'reasoning_text';
  text: string;
}
type ItemStatus = 'in_progress' | 'completed' | 'incomplete';

export interface MessageItem {
  type: 'message';
  id: string;
  status: ItemStatus;
  role: 'assistant';
  content: (TextPart | RefusalPart)[];
}
export interface ReasoningItem {
  type: 'reasoning';
  id: string;
  status: ItemStatus;
  summary: [];
  content: ThoughtPart[];
}
export interface CallItem {
  type: 'function_call';
  id: string;
  status: ItemStatus;
  call_id: string;
  name: string;
  arguments: string;
}
export type OutputItem = MessageItem | ReasoningItem | CallItem;

/** What one chunk, or a whole message, of a chat says, in the order in which it is shown. */
export interface Said {
  thought: string;
  text: string;
  refusal: string;
  logprobs: unknown[];
  calls: { index: number; id: string; name: string; arguments: string }[];
}

/** Reads a `delta` or a `message`, and the log probabilities beside it. */
export function saidOf(choice: unknown): Said {
  const part = field(choice, 'delta') ?? field(choice, 'message');
  const logprobs = field(field(choice, 'logprobs'), 'content');
  const calls = field(part, 'tool_calls');
  return {
    // Engines call it by either name.
    thought: textOf(field(part, 'reasoning_content')) || textOf(field(part, 'reasoning')),
    text: textOf(field(part, 'content')),
    refusal: textOf(field(part, 'refusal')),
    logprobs: Array.isArray(logprobs) ? logprobs : [],
    calls: Array.isArray(calls) ? calls.map(callOf) : [],
  };
}

function callOf(call: unknown, position: number): Said['calls'][number] {
  const index = field(call, 'index');
  return {
    index: typeof index === 'number' ? index : position,
    id: textOf(field(call, 'id')),
    name: textOf(field(field(call, 'function'), 'name')),
    arguments: textOf(field(field(call, 'function'), 'arguments')),
  };
}

/** How a chat's end is called in a response. */
export function endOf(finish: unknown): { status: 'completed' | 'incomplete'; reason?: string } {
  if (finish === 'length') return { status: 'incomplete', reason: 'max_output_tokens' };
  if (finish === 'content_filter') return { status: 'incomplete', reason: 'content_filter' };
  return { status: 'completed' };
}

export function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
