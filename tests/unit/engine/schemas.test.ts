import { ApiError } from '../../../src/engine/apiError';
import { renderChat } from '../../../src/engine/http/conversation';
import { chatSchema, completionSchema, embeddingSchema, parseBody } from '../../../src/engine/http/schemas';
import { ENGINE_LIMITS } from '../../../src/engine/limits';

const tool = (name: string) => ({ type: 'function', function: { name } });
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
    ['best_of', 1, 2],
    ['functions', [], [{ name: 'f' }]],
    ['function_call', 'none', 'auto'],
    ['modalities', ['text'], ['text', 'audio']],
    ['suffix', '', 'the end'],
    ['store', false, true],
  ])('takes %s %j, which asks for nothing, and refuses %j by name', (param, good, bad) => {
    expect(refusal({ ...chat, [param]: good })).toBeNull();
    expect(refusal({ ...chat, [param]: null })).toBeNull();
    expect(refusal({ ...chat, [param]: bad })).toMatchObject({ status: 400, param });
  });

  it.each([
    ['prompt_logprobs', 1],
    ['audio', { voice: 'ash', format: 'wav' }],
    ['prediction', { type: 'content', content: 'x' }],
    ['reasoning_effort', 'low'],
    ['web_search_options', {}],
    ['verbosity', 'low'],
  ])('refuses %s as unsupported', (param, value) => {
    expect(refusal({ ...chat, [param]: value })).toMatchObject({ code: 'unsupported_parameter', param });
  });

  it.each([
    ['n', 16, 17],
    ['n', 1, 0],
    ['logprobs', true, 2],
    ['top_logprobs', 20, 21],
    ['logit_bias', { 5: -100 }, { 5: -100.1 }],
    ['logit_bias', { 5: 100 }, { lantern: 1 }],
    ['tools', [tool('f')], [{ type: 'custom', custom: { name: 'f' } }]],
    ['tools', [tool('f'.repeat(64))], [tool('f'.repeat(65))]],
    ['tool_choice', 'required', 'always'],
    ['parallel_tool_calls', false, 'no'],
    ['response_format', { type: 'json_object' }, { type: 'grammar' }],
  ])('takes %s %j and refuses %j, naming it', (param, good, bad) => {
    expect(refusal({ ...chat, [param]: good })).toBeNull();
    const refused = refusal({ ...chat, [param]: bad });
    expect(refused?.status).toBe(400);
    expect(refused?.param).toMatch(new RegExp(`^${param}`));
  });

  it('refuses a parameter that it does not know, by name', () => {
    expect(refusal({ ...chat, temprature: 1 })).toMatchObject({
      code: 'unsupported_parameter',
      param: 'temprature',
    });
    expect(refusal({ ...chat, stream_options: { usage: true } })?.param).toBe('stream_options.usage');
    expect(refusal({ ...chat, constructor: 1 })?.param).toBe('constructor');
  });

  const text = { type: 'text', text: 'a' };
  const message = (content: unknown): unknown => ({ ...chat, messages: [{ role: 'user', content }] });

  it.each([
    ['image_url', { url: 'data:image/png;base64,iVBORw0KGgo=' }],
    ['input_audio', { data: 'AAAA', format: 'wav' }],
  ])('takes text parts and refuses %s as unsupported, naming the part', (type, value) => {
    expect(refusal(message([text]))).toBeNull();
    expect(refusal(message([text, { type, [type]: value }]))).toEqual({
      ...{ status: 400, code: 'unsupported_parameter' },
      param: `messages.0.content.1.${type}`,
    });
  });

  it('refuses a part of no type, and of one that nobody knows, naming the message', () => {
    for (const part of [null, 'a', {}, { type: 'image', image: 'x' }]) {
      const refused = refusal(message([part]));
      expect(refused).toMatchObject({ status: 400, code: 'invalid_request', param: 'messages.0.content' });
    }
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

  it('take several prompts and inputs, as text or tokens', () => {
    expect(parseBody(completionSchema, { model, prompt: ['a', 'b'] }).prompt).toHaveLength(2);
    expect(parseBody(completionSchema, { model, prompt: [[5], [6, 7]] }).prompt).toHaveLength(2);
    expect(parseBody(embeddingSchema, { model, input: ['a', 'b'] }).input).toHaveLength(2);
    expect(parseBody(embeddingSchema, { model, input: [[5], [6, 7]] }).input).toHaveLength(2);
  });

  it.each([
    ['logprobs', 5, 6],
    ['n', 16, 17],
    ['suffix', '', 'x'],
    ['best_of', 1, 3],
  ])('take %s %j in a completion and refuse %j by name', (param, good, bad) => {
    const read = (value: unknown) => (): unknown =>
      parseBody(completionSchema, { model, prompt: 'a', [param]: value });
    expect(read(good)).not.toThrow();
    expect(read(bad)).toThrow(expect.objectContaining({ status: 400, param }));
  });

  it('take as many dimensions as an embedding has, and not one more', () => {
    const read = (dimensions: number) => (): unknown =>
      parseBody(embeddingSchema, { model, input: 'a', dimensions });
    expect(read(64)).not.toThrow();
    expect(read(65)).toThrow(expect.objectContaining({ param: 'dimensions' }));
    expect(read(0)).toThrow(expect.objectContaining({ param: 'dimensions' }));
  });

  it('refuse what is empty, negative or one too many', () => {
    expect(() => parseBody(completionSchema, { model, prompt: '' })).toThrow("'prompt'");
    expect(() => parseBody(embeddingSchema, { model, input: [-1] })).toThrow("'input.0'");
    const most = Array<string>(ENGINE_LIMITS.embeddingInputsMax).fill('a');
    expect(() => parseBody(embeddingSchema, { model, input: most })).not.toThrow();
    expect(() => parseBody(embeddingSchema, { model, input: [...most, 'a'] })).toThrow("'input'");
  });
});
