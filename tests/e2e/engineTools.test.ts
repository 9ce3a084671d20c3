import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { startEngine, type EngineProcess } from './engineProcess';

const model = 'tiny-llama';
type Body = Omit<OpenAI.ChatCompletionCreateParamsNonStreaming, 'model' | 'messages'>;
const user = (content: string) => [{ role: 'user' as const, content }];
const weather: OpenAI.ChatCompletionFunctionTool = {
  type: 'function',
  function: {
    name: 'get_weather',
    description: 'The weather of a city.',
    parameters: {
      type: 'object',
      properties: {
        city: { type: 'string', minLength: 3, maxLength: 12 },
        days: { type: 'integer', minimum: 1, maximum: 7 },
        unit: { enum: ['celsius', 'fahrenheit'] },
      },
      required: ['city', 'days'],
    },
  },
};
const time: OpenAI.ChatCompletionFunctionTool = { type: 'function', function: { name: 'get_time' } };
const weatherArguments = z.strictObject({
  city: z.string().min(3).max(12),
  days: z.number().int().min(1).max(7),
  unit: z.enum(['celsius', 'fahrenheit']),
});

describe('a client of the development engine that wants more than text', () => {
  let engine: EngineProcess;
  beforeAll(async () => void (engine = await startEngine()));
  afterAll(() => engine.stop());

  const ask = (content: string, body: Body) =>
    engine.client.chat.completions.create({ model, messages: user(content), ...body });
  const callsOf = (answer: OpenAI.ChatCompletion) =>
    (answer.choices[0]!.message.tool_calls ?? []).map((call) => {
      if (call.type !== 'function') throw new Error('not a call of a function');
      return call;
    });

  describe('and offers tools', () => {
    const tools = [weather, time];

    it('gets a call whose arguments satisfy the schema, whatever the seed', async () => {
      const seen = new Set<string>();
      for (let seed = 0; seed < 8; seed++) {
        const answer = await ask('use get_weather please', { tools, seed });
        const [call, ...others] = callsOf(answer);
        expect(answer.choices[0]).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } });
        expect(others).toEqual([]);
        expect(call).toMatchObject({ type: 'function', function: { name: 'get_weather' } });
        expect(call!.id).toMatch(/^call_[0-9a-f]{24}$/);
        weatherArguments.parse(JSON.parse(call!.function.arguments));
        seen.add(call!.function.arguments);
      }
      expect(seen.size).toBeGreaterThan(4);
    });

    it('gets text when no tool is named, or none may be called', async () => {
      for (const [content, body] of [
        ['tell me a story', { tools }],
        ['use get_weather', { tools, tool_choice: 'none' }],
        ['use get_weather_now', { tools }],
      ] as [string, Body][]) {
        const answer = await ask(content, body);
        expect(answer.choices[0]!.message.tool_calls).toBeUndefined();
        expect(answer.choices[0]!.message.content).toMatch(/^[A-Z]/);
      }
    });

    it('gets every tool that it names, in its order, or one of them', async () => {
      const names = async (body: Body): Promise<string[]> =>
        callsOf(await ask('get_time and then get_weather', { tools, ...body })).map(
          (call) => call.function.name,
        );
      expect(await names({})).toEqual(['get_time', 'get_weather']);
      expect(await names({ parallel_tool_calls: false })).toEqual(['get_time']);
      expect(await names({ tool_choice: 'required' })).toEqual(['get_time', 'get_weather']);
      const named = { type: 'function' as const, function: { name: 'get_weather' } };
      expect(await names({ tool_choice: named })).toEqual(['get_weather']);
    });

    it('gets the first tool when it requires one and names none', async () => {
      const calls = callsOf(await ask('hello', { tools, tool_choice: 'required' }));
      expect(calls.map((call) => call.function.name)).toEqual(['get_weather']);
    });

    it('gets the same calls streamed, with the same usage, put together by the official client', async () => {
      const body = { tools, seed: 4 };
      const whole = await ask('get_weather, get_time', body);
      const stream = engine.client.chat.completions.stream({
        model,
        messages: user('get_weather, get_time'),
        ...body,
        stream_options: { include_usage: true },
      });
      const deltas: OpenAI.ChatCompletionChunk.Choice.Delta.ToolCall[] = [];
      stream.on('chunk', (chunk) => deltas.push(...(chunk.choices[0]?.delta.tool_calls ?? [])));
      const streamed = await stream.finalChatCompletion();
      const plain = (answer: OpenAI.ChatCompletion) => callsOf(answer).map((call) => call.function.arguments);
      expect(plain(streamed)).toEqual(plain(whole));
      expect(streamed.choices[0]!.finish_reason).toBe('tool_calls');
      expect(streamed.usage).toEqual(whole.usage);
      // The id and name come once, arguments in many pieces under the index of their call.
      const heads = deltas.filter((delta) => delta.id !== undefined);
      expect(heads.map(({ index, function: { name } = {} }) => [index, name])).toEqual([
        [0, 'get_weather'],
        [1, 'get_time'],
      ]);
      expect(deltas.filter(({ index, id }) => index === 0 && id === undefined).length).toBeGreaterThan(5);
    });

    it('may answer the calls, and then hears text', async () => {
      const asked = await ask('get_weather get_time', { tools });
      const messages: OpenAI.ChatCompletionMessageParam[] = [
        ...user('get_weather get_time'),
        asked.choices[0]!.message,
        ...callsOf(asked).map(({ id }) => ({ role: 'tool' as const, tool_call_id: id, content: 'sunny' })),
      ];
      const answer = await engine.client.chat.completions.create({ model, messages, tools });
      expect(answer.choices[0]).toMatchObject({ finish_reason: 'stop', message: { role: 'assistant' } });
      expect(answer.choices[0]!.message.content).toMatch(/^[A-Z]/);
    });

    it('is told about calls that nobody answered, and answers that nobody asked for', async () => {
      const call = { id: 'c1', type: 'function' as const, function: { name: 'get_time', arguments: '{}' } };
      const calling = { role: 'assistant' as const, tool_calls: [call] };
      const reply = { role: 'tool' as const, tool_call_id: 'c2', content: 'x' };
      const send = (messages: OpenAI.ChatCompletionMessageParam[]) =>
        engine.client.chat.completions.create({ model, messages });
      await expect(send([...user('a'), calling])).rejects.toMatchObject({ param: 'messages.1' });
      await expect(send([...user('a'), calling, ...user('b')])).rejects.toMatchObject({
        param: 'messages.2',
      });
      await expect(send([...user('a'), calling, reply])).rejects.toMatchObject({
        status: 400,
        param: 'messages.2.tool_call_id',
      });
      await expect(send([...user('a'), reply])).rejects.toMatchObject({ param: 'messages.1.tool_call_id' });
      await expect(send([{ role: 'assistant' }])).rejects.toMatchObject({ param: 'messages.0.content' });
    });

    it('sees a call that was cut off as one that has not ended', async () => {
      const answer = await ask('get_weather', { tools, max_tokens: 20 });
      expect(answer.choices[0]!.finish_reason).toBe('length');
      expect(() => void JSON.parse(callsOf(answer)[0]!.function.arguments)).toThrow();
    });

    it.each<[string, Body]>([
      ['tool_choice', { tool_choice: 'required' }],
      [
        'tool_choice.function.name',
        { tools: [time], tool_choice: { type: 'function', function: { name: 'x' } } },
      ],
      ['tools.1.function.name', { tools: [time, time] }],
      ['ignore_eos', { tools: [time], tool_choice: 'required', ...{ ignore_eos: true } }],
      ['tools.0.type', { tools: [{ type: 'custom', custom: { name: 'f' } }] }],
    ])('is told that %s is wrong', async (param, body) => {
      await expect(ask('hi', body)).rejects.toMatchObject({ status: 400, param });
    });
  });

  describe('and wants JSON', () => {
    const shape = z.object({
      title: z.string(),
      rating: z.number().min(0).max(5),
      kind: z.enum(['prose', 'verse']),
      author: z.object({ name: z.string(), born: z.number().int().nullable() }),
      chapters: z.array(z.object({ number: z.number().int(), on: z.boolean() })).min(1),
    });

    it('gets what its zod schema says, parsed by the official client', async () => {
      for (let seed = 0; seed < 4; seed++) {
        const answer = await engine.client.chat.completions.parse({
          model,
          seed,
          messages: user('a book'),
          response_format: zodResponseFormat(shape, 'book'),
        });
        expect(shape.parse(answer.choices[0]!.message.parsed)).toBeDefined();
        expect(answer.choices[0]!.finish_reason).toBe('stop');
      }
    });

    it('gets any object when it names no schema, streamed as well', async () => {
      const body: Body = { response_format: { type: 'json_object' }, seed: 5 };
      const text = (await ask('JSON please', body)).choices[0]!.message.content!;
      expect(JSON.parse(text)).toEqual(expect.any(Object));
      const stream = await engine.client.chat.completions.create({
        model,
        messages: user('JSON please'),
        ...body,
        stream: true,
      });
      let streamed = '';
      for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? '';
      expect(streamed).toBe(text);
    });

    it('is told which part of a schema cannot be written', async () => {
      const schema = { type: 'object', properties: { id: { type: 'string', pattern: '^x' } } };
      const refused = ask('hi', {
        response_format: { type: 'json_schema', json_schema: { name: 'x', schema, strict: true } },
      });
      await expect(refused).rejects.toMatchObject({
        status: 400,
        code: 'unsupported_parameter',
        param: 'response_format.json_schema.schema.properties.id.pattern',
      });
    });
  });

  describe('and wants several answers', () => {
    it('gets them by index, each as with its own seed, and pays the prompt once', async () => {
      const one = await ask('a tale', { seed: 7 });
      const two = await ask('a tale', { seed: 8 });
      const both = await ask('a tale', { seed: 7, n: 2 });
      expect(both.choices.map(({ index, message }) => [index, message.content])).toEqual([
        [0, one.choices[0]!.message.content],
        [1, two.choices[0]!.message.content],
      ]);
      expect(both.usage).toMatchObject({
        prompt_tokens: one.usage!.prompt_tokens,
        completion_tokens: one.usage!.completion_tokens + two.usage!.completion_tokens,
      });
      const stream = engine.client.chat.completions.stream({
        model,
        messages: user('a tale'),
        seed: 7,
        n: 2,
        stream_options: { include_usage: true },
      });
      const streamed = await stream.finalChatCompletion();
      expect(streamed.choices.map(({ message }) => message.content)).toEqual(
        both.choices.map(({ message }) => message.content),
      );
      expect(streamed.usage).toEqual(both.usage);
    });

    it('completes a list of prompts, n times each', async () => {
      const body = { model, max_tokens: 6, seed: 3 };
      const alone = async (prompt: string, seed: number): Promise<string> =>
        (await engine.client.completions.create({ ...body, prompt, seed })).choices[0]!.text;
      const list = await engine.client.completions.create({ ...body, prompt: ['The old', 'One'], n: 2 });
      expect(list.choices.map(({ index, text }) => [index, text])).toEqual([
        [0, await alone('The old', 3)],
        [1, await alone('The old', 4)],
        [2, await alone('One', 3)],
        [3, await alone('One', 4)],
      ]);
      expect(list.usage!.completion_tokens).toBe(24);
      const many = Array<string>(64).fill('a');
      const refused = engine.client.completions.create({ ...body, prompt: many, n: 3 });
      await expect(refused).rejects.toMatchObject({ status: 400, param: 'n' });
    });
  });

  describe('and wants to know how sure the model is', () => {
    it('gets the chance of each token and of the likeliest ones, whole and streamed', async () => {
      const body = { logprobs: true, top_logprobs: 3, seed: 2, max_tokens: 30 } as const;
      const answer = await ask('a song', body);
      const choice = answer.choices[0]!;
      const content = choice.logprobs!.content!;
      const written = Buffer.from(content.flatMap(({ bytes }) => bytes!)).toString();
      expect(written.trimStart()).toBe(choice.message.content);
      expect(content).toHaveLength(
        choice.finish_reason === 'length' ? 30 : answer.usage!.completion_tokens - 1,
      );
      for (const { token, logprob, bytes, top_logprobs: top } of content) {
        const partial = /^bytes:\\x([0-9a-f]{2})$/.exec(token)?.[1];
        expect(Buffer.from(bytes!).toString(partial ? 'hex' : 'utf8')).toBe(partial ?? token);
        expect(logprob).toBeLessThanOrEqual(0);
        expect(top.length).toBeLessThanOrEqual(3);
        expect(top.map((each) => each.logprob)).toEqual(
          top.map((each) => each.logprob).sort((a, b) => b - a),
        );
        expect(top.reduce((sum, each) => sum + Math.exp(each.logprob), 0)).toBeLessThanOrEqual(1 + 1e-6);
        const self = top.find((each) => each.token === token);
        if (self) expect(self.logprob).toBe(logprob);
      }
      const stream = await engine.client.chat.completions.create({
        model,
        messages: user('a song'),
        ...body,
        stream: true,
      });
      const streamed: unknown[] = [];
      for await (const chunk of stream) streamed.push(...(chunk.choices[0]?.logprobs?.content ?? []));
      expect(streamed).toEqual(content);
    });

    it('gets the greedy choice as the likeliest one', async () => {
      const answer = await ask('a song', { logprobs: true, top_logprobs: 1, temperature: 0, max_tokens: 10 });
      for (const { token, top_logprobs: top } of answer.choices[0]!.logprobs!.content!) {
        expect(top[0]!.token).toBe(token);
      }
    });

    it('gets no chance of what a stop string cut off', async () => {
      const free = await ask('a song', { seed: 2, logprobs: true });
      const word = free.choices[0]!.message.content!.split(' ')[3]!;
      const cut = await ask('a song', { seed: 2, logprobs: true, stop: ` ${word}` });
      const text = cut.choices[0]!.logprobs!.content!.map(({ token }) => token).join('');
      expect(text.trim()).toBe(cut.choices[0]!.message.content!.trim());
    });

    it('gets the chances of a completion and of its echoed prompt', async () => {
      const body = { model, prompt: 'The quiet heron', max_tokens: 4, logprobs: 2, echo: true, seed: 1 };
      const { choices } = await engine.client.completions.create(body);
      const {
        tokens,
        token_logprobs: chances,
        top_logprobs: top,
        text_offset: offsets,
      } = choices[0]!.logprobs!;
      expect(tokens!.join('')).toBe(choices[0]!.text);
      expect(chances!.every((chance) => chance <= 0)).toBe(true);
      tokens!.forEach((token, at) =>
        expect(choices[0]!.text.slice(offsets![at]).startsWith(token)).toBe(true),
      );
      // Every word of the prompt is one that the model would have written itself.
      const heron = tokens!.indexOf(' heron');
      expect(Math.exp(chances![heron]!)).toBeGreaterThan(0.001);
      expect(Object.keys(top![heron]!)).toHaveLength(2);
    });

    it('is told that the number of alternatives needs the chances', async () => {
      await expect(ask('hi', { top_logprobs: 2 })).rejects.toMatchObject({
        status: 400,
        param: 'top_logprobs',
      });
    });
  });

  describe('and pushes single tokens', () => {
    it('can forbid one and force one', async () => {
      const free = await ask('go', { temperature: 0, max_tokens: 1, logprobs: true, top_logprobs: 2 });
      const first = free.choices[0]!.logprobs!.content![0]!;
      const id = await tokenId(first.token);
      const banned = await ask('go', { temperature: 0, max_tokens: 1, logit_bias: { [id]: -100 } });
      expect(banned.choices[0]!.message.content).not.toBe(first.token.trim());
      const other = await tokenId(' lantern');
      const forced = await ask('go', { temperature: 0, max_tokens: 2, logit_bias: { [other]: 100 } });
      expect(forced.choices[0]!.message.content).toBe('lantern lantern');
    });

    it('is told about a token that does not exist', async () => {
      const refused = ask('go', { logit_bias: { 99999: 1 } });
      await expect(refused).rejects.toMatchObject({ status: 400, param: 'logit_bias.99999' });
    });

    /** The id whose completion's echo is that text. */
    async function tokenId(text: string): Promise<number> {
      const prompt = Array.from({ length: 64 }, (_, at) => at);
      for (let base = 0; base < 640; base += 64) {
        const body = {
          model,
          prompt: prompt.map((at) => [Math.min(554, base + at)]),
          max_tokens: 1,
          echo: true,
        };
        const { choices } = await engine.client.completions.create(body);
        const found = choices.findIndex((choice) => choice.text.startsWith(text));
        if (found >= 0) return base + found;
      }
      throw new Error(`no token reads ${text}`);
    }
  });

  it('gets embeddings of fewer dimensions, again of length one', async () => {
    const body = { model, input: 'a boat', encoding_format: 'float' as const };
    const full = (await engine.client.embeddings.create(body)).data[0]!.embedding;
    const short = (await engine.client.embeddings.create({ ...body, dimensions: 8 })).data[0]!.embedding;
    expect(short).toHaveLength(8);
    expect(Math.hypot(...short)).toBeCloseTo(1, 6);
    expect(short[0]! / short[1]!).toBeCloseTo(full[0]! / full[1]!, 6);
  });
});
