import { invalidParameter } from '../apiError';
import type { ChatRequest, Message } from './schemas';

type Tools = NonNullable<ChatRequest['tools']>;

/**
 * The chat template: the names of the tools if there are any, one line "role: text" per message, then the line that the
 * model is to write. Calls are written as the model writes them.
 */
export function renderChat(messages: readonly Message[], tools: Tools = []): string {
  const names = tools.map((tool) => tool.function.name).join(', ');
  const offer = names === '' ? '' : `tools: ${names}\n`;
  return `${offer}${messages.map(renderMessage).join('')}assistant:\n`;
}

/** The text of a message, its parts joined. */
export function textOf({ content }: Message): string {
  if (content === undefined) return '';
  return typeof content === 'string' ? content : content.map((part) => part.text).join('');
}

function renderMessage(message: Message): string {
  const speaker = message.name === undefined ? message.role : `${message.role} ${message.name}`;
  const calls = message.role === 'assistant' ? (message.tool_calls ?? []) : [];
  const refusal = message.role === 'assistant' ? (message.refusal ?? '') : '';
  const lines = [
    textOf(message) + refusal,
    ...calls.map((call) => `${call.function.name} ${call.function.arguments}`),
  ];
  return `${speaker}: ${lines.filter((line, index) => index === 0 || line !== '').join('\n')}\n`;
}

/**
 * Throws ApiError 400 unless every call is answered by the tool messages that follow it at once, and every tool message
 * answers such a call: a client that mixes them up would hear nothing from a model that only continues text.
 */
export function requireAnsweredCalls(messages: readonly Message[]): void {
  let open = new Set<string>();
  const requireNone = (index: number): void => {
    const [id] = open;
    if (id === undefined) return;
    throw invalidParameter(
      `messages.${index}`,
      `The tool call '${id}' must be answered by a tool message first.`,
    );
  };
  messages.forEach((message, index) => {
    if (message.role === 'tool') {
      if (open.delete(message.tool_call_id)) return;
      const param = `messages.${index}.tool_call_id`;
      throw invalidParameter(param, `'${param}' answers no tool call of the assistant message before it.`);
    }
    requireNone(index);
    if (message.role !== 'assistant') return;
    if (message.content === undefined && message.refusal === undefined && !message.tool_calls) {
      throw invalidParameter(
        `messages.${index}.content`,
        'An assistant message needs content or tool calls.',
      );
    }
    open = new Set(message.tool_calls?.map(({ id }) => id));
  });
  requireNone(messages.length - 1);
}
