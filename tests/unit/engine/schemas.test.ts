import { ApiError } from '../../../src/engine/apiError';
import { renderChat } from '../../../src/engine/http/chat';
import { chatSchema, completionSchema, embeddingSchema, parseBody } from '../../../src/engine/http/schemas';
import { ENGINE_LIMITS } from '../../../src/engine/limits';

const chat = { model: 'tiny-llama', messages: [{ role: 'user', content: 'hello' }] };

function refusal(body: unknown): { param: string | null; code: string; status: number } | null {
  try {
    parseBody(chatSchema, body);
    return null;
  } catch (error) {
    const { param, code, status } = error as ApiError;
    return { param, code, status };
  }
}

describe('chat request', () => {
  it.each([
    ['temperature', 0, -0.01],
    ['temperature', 2, 2.01],
    ['top_p', 1, 1.01],
    ['top_p', 0.001, 0],
    ['max_tokens', 1, 0],
    ['max_completion_tokens', 1, 1.5],
    ['presence_penalty', -2, -2.1],
    ['frequency_penalty', 2, 2.1],
    ['seed', 7, 'seven'],
    ['stop', ['a', 'b', 'c', 'd'], ['a', 'b', 'c', 'd', 'e']],
    ['stop', 'x'.repeat(ENGINE_LIMITS.stopMaxChars), 'x'.repeat(ENGINE_LIMITS.stopMaxChars + 1)],
    ['cache_salt', 's', ''],
    ['stream', true, 'yes'],
  ])('takes %s %j and refuses %j by name', (param, good, bad) => {
    expect(refusal({ ...chat, [param]: good })).toBeNull();
    expect(refusal({ ...chat, [param]: bad })).toMatchObject({ status: 400, code: 'invalid_request' });
    expect(refusal({ ...chat, [param]: bad })?.param).toMatch(new RegExp(`^${param}`));
  });

  it.each([
    ['n', 1, 2],
    ['logprobs', false, true],
    ['top_logprobs', 0, 3],
    ['tools', [], [{ type: 'function', function: { name: 'f' } }]],
    ['tool_choice', 'none', 'auto'],
    ['response_format', { type: 'text' }, { type: 'json_object' }],
    ['logit_bias', {}, { 5: 1 }],
    ['store', false, true],
  ])('takes %s %j, which asks for nothing, and refuses %j by name', (param, good, bad) => {
    expect(refusal({ ...chat, [param]: good })).toBeNull();
    expect(refusal({ ...chat, [param]: null })).toBeNull();
    expect(refusal({ ...chat, [param]: bad })).toMatchObject({ status: 400, param });
  });

  it('refuses a parameter that it does not know, by name', () => {
    expect(refusal({ ...chat, temprature: 1 })).toMatchObject({
      code: 'unsupported_parameter',
      param: 'temprature',
    });
    expect(refusal({ ...chat, stream_options: { usage: true } })?.param).toBe('stream_options.usage');
    expect(refusal({ ...chat, constructor: 1 })?.param).toBe('constructor');
  });

  it('takes text parts and refuses images, naming the message', () => {
    const message = (content: unknown): unknown => ({ ...chat, messages: [{ role: 'user', content }] });
    expect(refusal(message([{ type: 'text', text: 'a' }]))).toBeNull();
    expect(refusal(message([{ type: 'image_url', image_url: { url: 'x' } }]))?.param).toBe(
      'messages.0.content',
    );
  });

  it('refuses an empty conversation and a body that is no object', () => {
    expect(refusal({ ...chat, messages: [] })?.param).toBe('messages');
    for (const body of [null, [], 'text', 5]) expect(refusal(body)?.param).toBe('body');
  });

  it('is rendered as one line per message, with the answer to come last', () => {
    const { messages } = parseBody(chatSchema, {
      ...chat,
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          name: 'ada',
          content: [
            { type: 'text', text: 'Hello ' },
            { type: 'text', text: 'there' },
          ],
        },
      ],
    });
    expect(renderChat(messages)).toBe('system: Be brief.\nuser ada: Hello there\nassistant:\n');
  });
});

describe('completion and embedding requests', () => {
  const model = 'tiny-llama';

  it.each([['text'], [['text']], [[5, 6]]])('take the input %j', (input) => {
    expect(() => parseBody(completionSchema, { model, prompt: input })).not.toThrow();
    expect(() => parseBody(embeddingSchema, { model, input })).not.toThrow();
  });

  it('refuse several prompts, but take several inputs', () => {
    expect(() => parseBody(completionSchema, { model, prompt: ['a', 'b'] })).toThrow("'prompt'");
    expect(parseBody(embeddingSchema, { model, input: ['a', 'b'] }).input).toHaveLength(2);
    expect(parseBody(embeddingSchema, { model, input: [[5], [6, 7]] }).input).toHaveLength(2);
  });

  it('refuse what is empty, negative or one too many', () => {
    expect(() => parseBody(completionSchema, { model, prompt: '' })).toThrow("'prompt'");
    expect(() => parseBody(embeddingSchema, { model, input: [-1] })).toThrow("'input.0'");
    const most = Array<string>(ENGINE_LIMITS.embeddingInputsMax).fill('a');
    expect(() => parseBody(embeddingSchema, { model, input: most })).not.toThrow();
    expect(() => parseBody(embeddingSchema, { model, input: [...most, 'a'] })).toThrow("'input'");
  });
});
