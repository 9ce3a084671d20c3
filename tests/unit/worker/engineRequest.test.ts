import { CocoonError } from '../../../src/protocol/errors';
import { prepareRequest, type RequestRules } from '../../../src/worker/engineRequest';

const RULES: RequestRules = {
  model: {
    ...{
      id: 'tiny',
      engineModel: 'engine-tiny',
      hash: '00'.repeat(32),
      contextLength: 2_048,
      maxOutputTokens: 100,
    },
    capabilities: ['chat', 'completions'],
  },
  prices: { promptPrice: 1_000_000n, cachedPrice: 0n, completionPrice: 2_000_000n, audioPrice: 0n },
  maxFee: 1_000_000n,
  cacheSalt: null,
  continuousUsage: false,
};
const MESSAGES = [{ role: 'user', content: 'x' }];

function prepare(body: unknown, rules: Partial<RequestRules> = {}, path = '/v1/chat/completions') {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return prepareRequest({ method: 'POST', path, body: Buffer.from(text) }, { ...RULES, ...rules });
}

function sent(body: unknown, rules: Partial<RequestRules> = {}): Record<string, unknown> {
  return JSON.parse(prepare(body, rules).body!.toString()) as Record<string, unknown>;
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    return (error as CocoonError).code;
  }
  return 'accepted';
}

describe('worker prepares a request for its engine', () => {
  it("worker calls the model by the engine's name", () => {
    expect(sent({ model: 'tiny', messages: MESSAGES })).toMatchObject({
      model: 'engine-tiny',
      messages: MESSAGES,
    });
  });

  it('worker always asks a stream for its usage, whatever the client asked', () => {
    const stream = { messages: MESSAGES, stream: true, stream_options: { include_usage: false } };
    expect(sent(stream)['stream_options']).toEqual({ include_usage: true });
    expect(sent(stream, { continuousUsage: true })['stream_options']).toEqual({
      include_usage: true,
      continuous_usage_stats: true,
    });
    expect(sent({ messages: MESSAGES })).not.toHaveProperty('stream_options');
  });

  it("worker salts the engine's cache itself: the client's own salt never arrives", () => {
    expect(sent({ messages: MESSAGES, cache_salt: 'mine' })).not.toHaveProperty('cache_salt');
    expect(sent({ messages: MESSAGES, cache_salt: 'mine' }, { cacheSalt: 'ours' })['cache_salt']).toBe(
      'ours',
    );
  });

  it.each([
    [{ max_tokens: 7 }, 7],
    [{ max_completion_tokens: 8, max_tokens: 7 }, 8],
    [{ max_tokens: 100 }, 100],
    [{ max_tokens: 101 }, 100],
    [{}, 100],
    [{ max_tokens: null }, 100],
  ])('worker allows for %j at most %p tokens', (fields, allowed) => {
    expect(sent({ messages: MESSAGES, ...fields })['max_tokens']).toBe(allowed);
  });

  it('worker leaves it to the engine what a prompt leaves of the context, where nobody named a maximum', () => {
    const long = (bytes: number): unknown => {
      const empty = JSON.stringify({ messages: [{ role: 'user', content: '' }] });
      return { messages: [{ role: 'user', content: 'x'.repeat(bytes - empty.length) }] };
    };
    const { contextLength, maxOutputTokens } = RULES.model;
    expect(sent(long(contextLength - maxOutputTokens))['max_tokens']).toBe(maxOutputTokens);
    const beyond = long(contextLength - maxOutputTokens + 1);
    expect(sent(beyond)).not.toHaveProperty('max_tokens');
    expect(prepare(beyond).maxTokens).toBe(maxOutputTokens);
    expect(sent({ ...(beyond as object), max_tokens: 100 })['max_tokens']).toBe(100);
    expect(sent(beyond, { maxFee: 600n })['max_tokens']).toBeLessThan(maxOutputTokens);
  });

  it('worker lowers max_tokens to what the ticket pays for, and refuses what pays for none', () => {
    const body = { messages: MESSAGES };
    const prompt = BigInt(Math.ceil(JSON.stringify(body).length / 4));
    expect(prepare(body, { maxFee: prompt + 20n }).maxTokens).toBe(10);
    expect(prepare(body, { maxFee: prompt + 2n }).maxTokens).toBe(1);
    expect(codeOf(() => prepare(body, { maxFee: prompt + 1n }))).toBe('price_above_max');
  });

  it('worker shares what the ticket pays for among the answers', () => {
    const body = { messages: MESSAGES, n: 2 };
    const prompt = BigInt(Math.ceil(JSON.stringify(body).length / 4));
    expect(prepare(body, { maxFee: prompt + 20n })).toMatchObject({ maxTokens: 5, choices: 2 });
  });

  it.each([
    ['no JSON', 'hello', 'invalid_request'],
    ['no object', [1], 'invalid_request'],
    ['an unknown field', { messages: MESSAGES, prompt_logprobs: 3 }, 'unsupported_parameter'],
    ['another model', { model: 'large', messages: MESSAGES }, 'model_not_found'],
    ['a negative maximum', { messages: MESSAGES, max_tokens: -1 }, 'invalid_request'],
    ['a maximum of none', { messages: MESSAGES, max_tokens: 0 }, 'invalid_request'],
    ['a maximum that is a text', { messages: MESSAGES, max_tokens: '9' }, 'invalid_request'],
    ['too many answers', { messages: MESSAGES, n: 9 }, 'invalid_request'],
    ['as many answers as allowed', { messages: MESSAGES, n: 8 }, 'accepted'],
    ['a picture from elsewhere', picture('http://127.0.0.1/x'), 'unsupported_parameter'],
    ['a picture in the request', picture('data:image/png;base64,AA=='), 'accepted'],
    [
      'a picture whose address is a bare text',
      picture('https://x.test/a.png', true),
      'unsupported_parameter',
    ],
    [
      'a sound from elsewhere',
      part({ type: 'audio_url', audio_url: { url: 'http://x' } }),
      'unsupported_parameter',
    ],
    ['a file of another place', part({ type: 'file', file: { file_id: 'f' } }), 'unsupported_parameter'],
    ['a sound in a message', part({ type: 'input_audio', input_audio: { data: 'AA==' } }), 'accepted'],
    [
      'fields that say who asks',
      { messages: MESSAGES, user: 'u', metadata: {}, prompt_cache_key: 'k' },
      'accepted',
    ],
    ['a prompt in a chat', { messages: MESSAGES, prompt: 'x' }, 'unsupported_parameter'],
    ['an answer to be kept', { messages: MESSAGES, store: true }, 'unsupported_parameter'],
    ['an answer not to be kept', { messages: MESSAGES, store: false }, 'accepted'],
    ['a tier that there is not', { messages: MESSAGES, service_tier: 'priority' }, 'unsupported_parameter'],
    ['the usual tier', { messages: MESSAGES, service_tier: 'auto' }, 'accepted'],
    ['an answer in sound', { messages: MESSAGES, modalities: ['text', 'audio'] }, 'unsupported_parameter'],
    ['an answer in text', { messages: MESSAGES, modalities: ['text'] }, 'accepted'],
    ['wordiness', { messages: MESSAGES, verbosity: 'high' }, 'unsupported_parameter'],
    ['usual wordiness', { messages: MESSAGES, verbosity: 'medium' }, 'accepted'],
    [
      'the best of more answers than are shown',
      { messages: MESSAGES, n: 2, best_of: 3 },
      'unsupported_parameter',
    ],
    ['the best of as many as are shown', { messages: MESSAGES, n: 2, best_of: 2 }, 'accepted'],
    ['a search of the web', { messages: MESSAGES, web_search_options: {} }, 'unsupported_parameter'],
    ['a prediction', { messages: MESSAGES, prediction: { type: 'content' } }, 'unsupported_parameter'],
    ['nothing for a field of tomorrow', { messages: MESSAGES, tomorrow: null }, 'accepted'],
  ])('worker meets %s with %s', (_name, body, code) => {
    expect(codeOf(() => prepare(body))).toBe(code);
  });

  it('worker passes on what changes the answer, untouched', () => {
    const asked = {
      tools: [{ type: 'function', function: { name: 'look', parameters: { type: 'object' } } }],
      tool_choice: { type: 'function', function: { name: 'look' } },
      response_format: { type: 'json_schema', json_schema: { name: 'x', schema: {} } },
      ...{ n: 2, logprobs: true, top_logprobs: 3, seed: 7, stop: ['.'], reasoning_effort: 'low' },
    };
    expect(sent({ messages: MESSAGES, ...asked })).toMatchObject(asked);
  });

  it('worker names the field that is at fault', () => {
    const paramOf = (body: unknown): string | null => {
      try {
        prepare(body);
      } catch (error) {
        return (error as CocoonError).param;
      }
      return 'accepted';
    };
    expect(paramOf({ messages: MESSAGES, web_search_options: {} })).toBe('web_search_options');
    expect(paramOf({ messages: MESSAGES, n: 9 })).toBe('n');
    expect(paramOf({ messages: MESSAGES, max_tokens: 0 })).toBe('max_tokens');
    expect(paramOf({ messages: MESSAGES, model: 'large' })).toBe('model');
    expect(paramOf(picture('http://x'))).toBe('messages.0.content.0.image_url');
    expect(paramOf(part({ type: 'video_url' }))).toBe('messages.0.content.0.type');
  });

  it('worker sends a request to the engine that its model names', () => {
    expect(prepare({ messages: MESSAGES }).engineUrl).toBeNull();
    const engineUrl = 'http://127.0.0.1:9000';
    expect(prepare({ messages: MESSAGES }, { model: { ...RULES.model, engineUrl } }).engineUrl).toBe(
      engineUrl,
    );
  });

  it('worker serves only the paths that the model can do', () => {
    expect(codeOf(() => prepare({ input: 'x' }, {}, '/v1/embeddings'))).toBe('unsupported_parameter');
    expect(codeOf(() => prepare({}, {}, '/v1/files'))).toBe('not_found');
    expect(codeOf(() => prepare({}, {}, '/v1/models'))).toBe('method_not_allowed');
    expect(codeOf(() => prepare({}, {}, '__proto__'))).toBe('not_found');
  });

  it('a refusal quotes nothing of the request', () => {
    try {
      prepare('{"messages": SECRET-77');
    } catch (error) {
      expect(`${String(error)} ${JSON.stringify(error)} ${String((error as Error).cause)}`).not.toContain(
        'SECRET',
      );
    }
    expect.assertions(1);
  });
});

function picture(url: string, bare = false): object {
  return part({ type: 'image_url', image_url: bare ? url : { url } });
}

function part(content: object): object {
  return { messages: [{ role: 'user', content: [content] }] };
}
