import { CocoonError } from '../../protocol/errors';
import { unsupported, type ResponsesRequest } from './schema';

type Item = Exclude<ResponsesRequest['input'], string>[number];

interface ToolCall {
  id: unknown;
  type: 'function';
  function: { name: unknown; arguments: unknown };
}

interface Message {
  role: string;
  content?: unknown;
  tool_calls?: ToolCall[];
  tool_call_id?: unknown;
}

const ROLES: Readonly<Record<string, string>> = {
  user: 'user',
  assistant: 'assistant',
  system: 'system',
  // What OpenAI's newer models call it; templates of open models know the older word.
  developer: 'system',
};

/** Instructions and items as the messages of a chat. */
export function messagesOf({ instructions, input }: ResponsesRequest): Message[] {
  const messages: Message[] = instructions ? [{ role: 'system', content: instructions }] : [];
  if (typeof input === 'string') return [...messages, { role: 'user', content: input }];
  input.forEach((item, i) => addItem(messages, item, `input.${i}`));
  return messages;
}

function addItem(messages: Message[], item: Item, at: string): void {
  switch (item.type ?? 'message') {
    case 'message':
      return void messages.push(messageOf(item, at));
    case 'function_call':
      return addCall(messages, item);
    case 'function_call_output':
      return void messages.push({
        role: 'tool',
        tool_call_id: item['call_id'],
        content: contentOf(item['output'], `${at}.output`),
      });
    // Earlier thoughts, which callers send back with the rest: chat templates leave them out as well.
    case 'reasoning':
      return;
    default:
      throw unsupported(`${at}.type`, 'Items are messages, function calls and their outputs.');
  }
}

function messageOf(item: Item, at: string): Message {
  const role = ROLES[String(item['role'])];
  if (role === undefined) {
    throw new CocoonError('invalid_request', `${at}.role is user, assistant, system or developer.`, {
      param: `${at}.role`,
    });
  }
  return { role, content: contentOf(item['content'], `${at}.content`) };
}

/** Calls that follow one another, or the text before them, were one message. */
function addCall(messages: Message[], item: Item): void {
  const call: ToolCall = {
    id: item['call_id'],
    type: 'function',
    function: { name: item['name'], arguments: item['arguments'] },
  };
  const last = messages.at(-1);
  if (last?.role === 'assistant') last.tool_calls = [...(last.tool_calls ?? []), call];
  else messages.push({ role: 'assistant', content: null, tool_calls: [call] });
}

function contentOf(content: unknown, at: string): unknown {
  if (!Array.isArray(content)) return content;
  const parts = content.map((part: unknown, i) => partOf(part, `${at}.${i}`));
  // Most templates want a text where there is nothing else.
  return parts.every(isText) ? parts.map(({ text }) => text).join('') : parts;
}

function isText(part: Record<string, unknown>): part is { type: 'text'; text: string } {
  return part['type'] === 'text' && typeof part['text'] === 'string';
}

function partOf(part: unknown, at: string): Record<string, unknown> {
  const given = typeof part === 'object' && part !== null ? (part as Record<string, unknown>) : {};
  switch (given['type']) {
    case 'input_text':
    case 'output_text':
      return { type: 'text', text: given['text'] };
    case 'refusal':
      return { type: 'refusal', refusal: given['refusal'] };
    case 'input_audio':
      return { type: 'input_audio', input_audio: given['input_audio'] };
    case 'input_image': {
      const { image_url: url, detail } = given;
      if (typeof url !== 'string') throw unsupported(at, 'Images are data: URLs in image_url.');
      return { type: 'image_url', image_url: { url, ...(detail ? { detail } : {}) } };
    }
    default:
      throw unsupported(`${at}.type`, 'Parts are input_text, output_text, input_image and input_audio.');
  }
}
