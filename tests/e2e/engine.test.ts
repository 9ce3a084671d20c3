import { connect } from 'node:net';
import OpenAI from 'openai';
import { ENGINE_LIMITS } from '../../src/engine/limits';
import { eventually, startEngine, type EngineProcess } from './engineProcess';

const model = 'tiny-llama';
const ask = (content: string) => ({ model, messages: [{ role: 'user' as const, content }] });
/** Parameters of vLLM that the official client does not know of. */
const vllm = (extra: object): object => extra;

describe('a client of the development engine', () => {
  let engine: EngineProcess;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  const running = (): Promise<number> => engine.metric('vllm:num_requests_running');

  async function streamed(
    body: object,
  ): Promise<{ text: string; deltas: number; usage: OpenAI.CompletionUsage | null; finish: string | null }> {
    const stream = await engine.client.chat.completions.create({
      ...ask('tell me a story'),
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    let [text, deltas] = ['', 0];
    let usage: OpenAI.CompletionUsage | null = null;
    let finish: string | null = null;
    for await (const chunk of stream) {
      const choice = chunk.choices[0];
      if (choice?.delta.content) deltas++;
      text += choice?.delta.content ?? '';
      finish = choice?.finish_reason ?? finish;
      usage = chunk.usage ?? usage;
    }
    return { text, deltas, usage, finish };
  }

  it('finds the model and its context length', async () => {
    const { data } = await engine.client.models.list();
    expect(data[0]).toMatchObject({ id: model, object: 'model', max_model_len: 4096 });
    expect(await engine.client.models.retrieve(model)).toEqual(data[0]);
    await expect(engine.client.models.retrieve('other')).rejects.toMatchObject({ status: 404 });
  });

  it('gets the same answer as JSON and as a stream, with the same real token counts', async () => {
    const whole = await engine.client.chat.completions.create({ ...ask('tell me a story'), seed: 3 });
    const stream = await streamed({ seed: 3 });
    const choice = whole.choices[0]!;
    expect(choice.message.content).toMatch(/^[A-Z][a-z]/);
    expect(stream.text).toBe(choice.message.content);
    expect(stream.finish).toBe(choice.finish_reason);
    expect(stream.usage).toEqual(whole.usage);
    expect(whole.usage!.total_tokens).toBe(whole.usage!.prompt_tokens + whole.usage!.completion_tokens);
    expect(whole.usage!.prompt_tokens_details).toEqual({ cached_tokens: 0 });
  });

  it('gets token counts of the engine, not the number of pieces', async () => {
    // Characters of several bytes take several tokens and arrive in one piece.
    const { text, deltas, usage } = await streamed({ max_tokens: 400, ...vllm({ ignore_eos: true }) });
    expect(usage!.completion_tokens).toBe(400);
    expect(deltas).toBeLessThan(400);
    expect(text).toContain('café');
    expect(text).toContain('🌊');
    expect(text).not.toContain('\ufffd');
  });

  it('gets the same words for the same prompt and seed, alone, in a crowd and from the cache', async () => {
    const question = (index: number) => ({
      ...ask(`question ${index} about the old pilot`),
      seed: index,
      max_tokens: 80,
    });
    const text = async (body: ReturnType<typeof question>, extra = {}): Promise<string> =>
      (await engine.client.chat.completions.create({ ...body, ...extra })).choices[0]!.message.content!;
    const bodies = Array.from({ length: 12 }, (_, index) => question(index));

    const alone: string[] = [];
    for (const body of bodies) alone.push(await text(body));
    const crowd = await Promise.all(bodies.map((body) => text(body)));
    const cached: string[] = [];
    for (const body of bodies) cached.push(await text(body, vllm({ cache_salt: 'one' })));

    expect(crowd).toEqual(alone);
    expect(cached).toEqual(alone);
    expect(new Set(alone).size).toBe(bodies.length);
  });

  it('gets another answer with another seed', async () => {
    const [one, two] = await Promise.all([streamed({ seed: 1 }), streamed({ seed: 2 })]);
    expect(one.text).not.toBe(two.text);
  });

  it('reuses its own cached prompt, and nobody else does', async () => {
    const cachedTokens = async (salt?: string): Promise<number> => {
      const body = { ...ask('a long question about the harbour and the boats'), max_tokens: 1 };
      const answer = await engine.client.chat.completions.create({ ...body, ...vllm({ cache_salt: salt }) });
      return answer.usage!.prompt_tokens_details!.cached_tokens!;
    };
    expect(await cachedTokens('alice')).toBe(0);
    expect(await cachedTokens('bob')).toBe(0);
    expect(await cachedTokens()).toBe(0);
    expect(await cachedTokens()).toBe(0);
    expect(await cachedTokens('alice')).toBeGreaterThan(20);
    expect(await cachedTokens('bob')).toBeGreaterThan(20);
  });

  it('sees why an answer ended', async () => {
    expect((await streamed({ max_tokens: 5 })).finish).toBe('length');
    expect((await streamed({ max_completion_tokens: 5 })).usage!.completion_tokens).toBe(5);
    expect((await streamed({ max_tokens: 1000 })).finish).toBe('stop');
    const bounded = await streamed(vllm({ ignore_eos: true }));
    expect(bounded).toMatchObject({
      finish: 'length',
      usage: { completion_tokens: ENGINE_LIMITS.maxTokensDefault },
    });
  });

  it('never sees the stop string', async () => {
    const free = await streamed({ seed: 3 });
    const word = free.text.split(' ')[3]!;
    const stopped = await streamed({ seed: 3, stop: [word] });
    expect(stopped.finish).toBe('stop');
    expect(stopped.text).toBe(free.text.slice(0, free.text.indexOf(word)));
  });

  it('completes text, whole and streamed, and hears it echoed', async () => {
    const body = { model, prompt: 'The old', max_tokens: 12, seed: 5 };
    const whole = await engine.client.completions.create(body);
    const stream = await engine.client.completions.create({
      ...body,
      stream: true,
      stream_options: { include_usage: true },
    });
    let text = '';
    let usage: unknown;
    for await (const chunk of stream) {
      text += chunk.choices[0]?.text ?? '';
      usage = chunk.usage ?? usage;
    }
    expect(text).toBe(whole.choices[0]!.text);
    expect(usage).toEqual(whole.usage);
    const echoed = await engine.client.completions.create({ ...body, echo: true });
    expect(echoed.choices[0]!.text).toBe(`The old${text}`);
  });

  it('gets embeddings of length one, equal as floats and as base64', async () => {
    const input = ['the lantern', 'a boat near the river'];
    const packed = await engine.client.embeddings.create({ model, input });
    const plain = await engine.client.embeddings.create({ model, input, encoding_format: 'float' });
    expect(packed.data.map((entry) => entry.embedding.length)).toEqual([64, 64]);
    expect(packed.usage).toEqual(plain.usage);
    plain.data.forEach(({ embedding }, index) => {
      expect(packed.data[index]!.embedding).toEqual([...Float32Array.from(embedding)]);
      expect(Math.hypot(...embedding)).toBeCloseTo(1, 6);
    });
    const alone = await engine.client.embeddings.create({
      model,
      input: input[1]!,
      encoding_format: 'float',
    });
    expect(alone.data[0]!.embedding).toEqual(plain.data[1]!.embedding);
    expect(plain.data[0]!.embedding).not.toEqual(plain.data[1]!.embedding);
  });

  it('frees its slot by going away in mid-stream, and changes nobody else’s answer', async () => {
    const before = await streamed({ seed: 9 });
    const long = { ...ask('go on'), max_tokens: 4000, ...vllm({ ignore_eos: true }), stream: true as const };
    for (let round = 0; round < 3; round++) {
      const streams = await Promise.all(
        Array.from({ length: 4 }, () => engine.client.chat.completions.create(long)),
      );
      for (const stream of streams) {
        for await (const chunk of stream) if (chunk.choices[0]?.delta.content) break;
      }
      await eventually(async () => (await running()) === 0);
    }
    expect(await streamed({ seed: 9 })).toEqual(before);
  });

  it('frees its slot by going away while it waits for a whole answer', async () => {
    const gone = new AbortController();
    const body = { ...ask('go on'), max_tokens: 4000, ...vllm({ ignore_eos: true }) };
    const answer = engine.client.chat.completions.create(body, { signal: gone.signal });
    await eventually(async () => (await running()) === 1);
    gone.abort();
    await expect(answer).rejects.toThrow('aborted');
    await eventually(async () => (await running()) === 0);
  });

  it('is told by name what the engine cannot do, and is served without it', async () => {
    const refused = engine.client.chat.completions.create({ ...ask('hi'), reasoning_effort: 'low' });
    await expect(refused).rejects.toMatchObject({
      status: 400,
      code: 'unsupported_parameter',
      param: 'reasoning_effort',
    });
    await expect(streamed({ reasoning_effort: null })).resolves.toBeDefined();
  });

  it('is told when the model does not exist', async () => {
    const refused = engine.client.chat.completions.create({ ...ask('hi'), model: 'gpt-5' });
    await expect(refused).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    await expect(refused).rejects.toMatchObject({ code: 'model_not_found', param: 'model' });
  });

  it('may fill the context to the last token, and not one more', async () => {
    const { usage } = await streamed({ max_tokens: 1 });
    const room = 4096 - usage!.prompt_tokens;
    await expect(streamed({ max_tokens: room + 1 })).rejects.toMatchObject({
      status: 400,
      code: 'context_length_exceeded',
      param: 'max_tokens',
    });
    const full = await streamed({ max_tokens: room, ...vllm({ ignore_eos: true }) });
    expect(full).toMatchObject({ finish: 'length', usage: { total_tokens: 4096 } });
    const long = engine.client.chat.completions.create(ask('x'.repeat(4096)));
    await expect(long).rejects.toMatchObject({ code: 'context_length_exceeded', param: 'messages' });
  });

  it('cannot keep the engine busy with a text that will not fit anyway', async () => {
    // Tokenizing four megabytes of emoji takes minutes; refusing them does not.
    const huge = engine.client.completions.create({ model, prompt: '🌊'.repeat(900_000) });
    await expect(huge).rejects.toMatchObject({ code: 'context_length_exceeded', param: 'prompt' });
    const many = Array.from({ length: 9 }, () => 'x'.repeat(4000));
    const embedded = engine.client.embeddings.create({ model, input: many });
    await expect(embedded).rejects.toMatchObject({ status: 400, param: 'input' });
  });

  it('cannot reach native code with a token that does not exist', async () => {
    const prompt = [5, 1_000_000];
    const refused = engine.client.completions.create({ model, prompt });
    await expect(refused).rejects.toMatchObject({ status: 400, param: 'prompt.1' });
    await expect(engine.client.completions.create({ model, prompt: [5, 6] })).resolves.toBeDefined();
  });

  describe('that sends something wrong', () => {
    const json = { 'content-type': 'application/json' };
    const good = JSON.stringify({ ...ask('hi'), max_tokens: 1 });
    const post = async (
      body: string,
      headers: Record<string, string> = json,
      path = '/v1/chat/completions',
    ) => {
      const response = await fetch(engine.url + path, { method: 'POST', headers, body });
      return { status: response.status, body: (await response.json()) as { error?: { code: string } } };
    };

    it('gets an error in OpenAI’s shape, and the repaired request is served', async () => {
      expect(await post('{"model":')).toEqual({
        status: 400,
        body: {
          error: {
            message: 'The body is not valid JSON.',
            type: 'invalid_request_error',
            param: null,
            code: 'invalid_json',
          },
        },
      });
      expect((await post(good, { 'content-type': 'text/plain' })).body.error?.code).toBe(
        'unsupported_media_type',
      );
      expect((await post(good, json, '/v1/chat')).body.error?.code).toBe('not_found');
      expect((await post(good)).status).toBe(200);
    });

    it('is told the method that a path takes', async () => {
      const response = await fetch(`${engine.url}/v1/chat/completions`);
      expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
      expect((await fetch(`${engine.url}/v1/models`, { method: 'DELETE' })).status).toBe(405);
    });

    it('may send a body up to the limit, and not one byte more', async () => {
      const body = (bytes: number): string => good + ' '.repeat(bytes - Buffer.byteLength(good));
      expect((await post(body(ENGINE_LIMITS.bodyMaxBytes))).status).toBe(200);
      expect(await post(body(ENGINE_LIMITS.bodyMaxBytes + 1))).toMatchObject({
        status: 413,
        body: { error: { code: 'body_too_large' } },
      });
    });

    it('and hangs up half-way hurts nobody', async () => {
      const { hostname, port } = new URL(engine.url);
      const socket = connect(Number(port), hostname);
      await new Promise<void>((resolve) => {
        socket.write('POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n');
        socket.write(`content-length: ${good.length}\r\n\r\n${good.slice(0, 10)}`, () => resolve());
      });
      socket.destroy();
      expect((await post(good)).status).toBe(200);
      expect(await running()).toBe(0);
    });
  });
});
