import OpenAI, { toFile } from 'openai';
import { dtmfSamples, encodeOggOpus, encodeWav, morseSamples } from '../../src/engine/signals';
import { soundOf } from '../../src/protocol/audio/sound';
import { JobOutcome, parseJobRecord } from '../../src/protocol/jobRecord';
import type { E2eClient } from './support/clients';
import { EAR, MODEL } from './support/ground';
import { createNetwork, NETWORK_START_MS, type Network } from './support/network';
import { until } from './support/until';

const HELLO = {
  model: MODEL,
  messages: [{ role: 'user' as const, content: 'Hello there.' }],
  max_tokens: 16,
};
const RATE = 16_000;
/** Nanotons per token. */
const PRICE = { prompt: 20_000n, completion: 80_000n };
const LOOK: OpenAI.ChatCompletionFunctionTool & { type: 'function' } = {
  type: 'function',
  function: {
    name: 'look',
    parameters: { type: 'object', properties: { at: { type: 'string', maxLength: 8 } }, required: ['at'] },
  },
};
interface Paid {
  usage: OpenAI.CompletionUsage;
  cocoon: { receipt: string };
}
const user = (content: string) => [{ role: 'user' as const, content }];

let network: Network;
let ann: E2eClient;

beforeAll(async () => {
  network = await createNetwork({ workers: 1, hears: true, delayMsPerToken: 5 });
  ann = await network.openClient('ann');
}, NETWORK_START_MS);
afterAll(() => network.close());

function voice(text: string): Buffer {
  return encodeOggOpus([morseSamples(text, { sampleRate: RATE })], { sampleRate: RATE });
}

describe.each(['sdk', 'gateway'] as const)("OpenAI's surface over the client's %s", (way) => {
  const openai = (): OpenAI => ann[way];
  const paid = (): number => ann.client.receipts(1_000).filter(({ model }) => model !== '').length;

  test('a voice message becomes its text, and costs its milliseconds', async () => {
    const bytes = voice('HELLO WORLD');
    const { data, response } = await openai()
      .audio.transcriptions.create({ file: await toFile(bytes, 'voice.ogg'), model: EAR })
      .withResponse();
    expect(data.text.toUpperCase()).toBe('HELLO WORLD');
    const { milliseconds } = soundOf(bytes);
    const receipt = ann.client.receipt(response.headers.get('x-cocoon-receipt-id')!)!;
    expect(receipt).toMatchObject({ model: EAR, costNano: BigInt(milliseconds) });
    expect(parseJobRecord(Buffer.from(receipt.record!, 'base64'))).toMatchObject({
      ...{ audioMs: milliseconds, promptTokens: 0, completionTokens: 0 },
    });
  });

  test('a longer sound has another text and costs more, as WAV as well', async () => {
    const hear = async (digits: string) => {
      const file = encodeWav([dtmfSamples(digits, { sampleRate: 8_000 })], 8_000);
      const { data, response } = await openai()
        .audio.transcriptions.create({ file: await toFile(file, 'call.wav'), model: EAR })
        .withResponse();
      return {
        text: data.text.replaceAll(' ', ''),
        cost: BigInt(response.headers.get('x-cocoon-cost-nano')!),
      };
    };
    const [short, long] = [await hear('42'), await hear('0123456789')];
    expect(short.text).toBe('42');
    expect(long.text).toBe('0123456789');
    expect(long.cost).toBeGreaterThan(short.cost);
  });

  test('a transcript comes in detail or as bare text', async () => {
    const file = () => toFile(voice('SOS'), 'voice.ogg');
    const detail = await openai().audio.transcriptions.create({
      ...{ file: await file(), model: EAR, response_format: 'verbose_json' as const },
      timestamp_granularities: ['word'],
    });
    expect(detail.words).toHaveLength(1);
    const text = await openai().audio.transcriptions.create({
      file: await file(),
      model: EAR,
      response_format: 'text',
    });
    expect(text.trim().toUpperCase()).toBe('SOS');
  });

  test('a sound that is cut, and one of another kind, cost nothing', async () => {
    const before = paid();
    const hear = async (bytes: Buffer) =>
      openai().audio.transcriptions.create({ file: await toFile(bytes, 'voice.ogg'), model: EAR });
    await expect(hear(voice('SOS').subarray(0, -40))).rejects.toMatchObject({ status: 400, param: 'file' });
    await expect(hear(Buffer.from('ID3 music'))).rejects.toMatchObject({
      code: 'unsupported_parameter',
      param: 'file',
    });
    expect(paid()).toBe(before);
  });

  test('a response is a chat under other names', async () => {
    const chat = await openai().chat.completions.create({ ...HELLO, max_completion_tokens: 16 });
    const response = await openai().responses.create({
      model: MODEL,
      input: 'Hello there.',
      max_output_tokens: 16,
    });
    expect(response.output_text).toBe(chat.choices[0]!.message.content);
    expect(response).toMatchObject({
      status: 'incomplete',
      incomplete_details: { reason: 'max_output_tokens' },
    });
    expect(response.usage).toMatchObject({ input_tokens: chat.usage!.prompt_tokens, output_tokens: 16 });
  });

  test("a streamed response is put together by the package's own helper", async () => {
    const stream = openai().responses.stream({ model: MODEL, input: 'Hello there.', max_output_tokens: 8 });
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => void (text += delta));
    expect((await stream.finalResponse()).output_text).toBe(text);
    expect(text).not.toBe('');
  });

  test('embeddings come as the package asks for them by itself, and as floats', async () => {
    const ask = { model: MODEL, input: 'a heron' };
    const base64 = await openai().embeddings.create(ask);
    const floats = await openai().embeddings.create({ ...ask, encoding_format: 'float' });
    const [one, other] = [base64, floats].map(({ data }) => data[0]!.embedding);
    expect(one).toHaveLength(other!.length);
    one!.forEach((value, i) => expect(value).toBeCloseTo(other![i]!, 5));
  });

  test('a streamed chat under one Idempotency-Key is paid once, twice at once and once more', async () => {
    const before = paid();
    const read = async (): Promise<string> => {
      const headers = { 'idempotency-key': `${way} stream` };
      let text = '';
      for await (const chunk of await openai().chat.completions.create(
        { ...HELLO, stream: true },
        { headers },
      )) {
        text += chunk.choices[0]?.delta.content ?? '';
      }
      return text;
    };
    const [one, two] = await Promise.all([read(), read()]);
    expect(two).toBe(one);
    expect(await read()).toBe(one);
    expect(paid()).toBe(before + 1);
  });

  test('what the model cannot do is refused by name, and costs nothing', async () => {
    const refusal = (fields: object) =>
      openai()
        .chat.completions.create({ ...HELLO, ...fields })
        .then(
          () => null,
          ({ status, code, param }: InstanceType<typeof OpenAI.APIError>) => [status, code, param],
        );
    const cost = async (): Promise<bigint> =>
      ann.client.receipts(1_000).reduce((sum, { costNano }) => sum + (costNano ?? 0n), 0n);
    const before = await cost();
    expect(await refusal({ web_search_options: {} })).toEqual([
      400,
      'unsupported_parameter',
      'web_search_options',
    ]);
    expect(await refusal({ n: 9 })).toEqual([400, 'invalid_request', 'n']);
    expect(await refusal({ store: true })).toEqual([400, 'unsupported_parameter', 'store']);
    expect(await refusal({ temperature: 7 })).toMatchObject([400, expect.any(String), 'temperature']);
    expect(await cost()).toBe(before);
  });

  test('a function is called with arguments as a string, whole and in pieces, as a chat and as a response', async () => {
    const request = { ...HELLO, messages: user('use look please'), tools: [LOOK], max_tokens: 64 };
    const whole = await openai().chat.completions.create(request);
    const [call] = whole.choices[0]!.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(call!.function.name).toBe('look');
    expect(JSON.parse(call!.function.arguments)).toEqual({ at: expect.any(String) as string });
    expect(whole.choices[0]!.finish_reason).toBe('tool_calls');

    let pieces = '';
    for await (const chunk of await openai().chat.completions.create({ ...request, stream: true })) {
      pieces += chunk.choices[0]?.delta.tool_calls?.[0]?.function?.arguments ?? '';
    }
    expect(pieces).toBe(call!.function.arguments);

    const { type, function: made } = LOOK;
    const tools: OpenAI.Responses.FunctionTool[] = [
      { type, name: made.name, parameters: made.parameters ?? null, strict: null },
    ];
    const first = await openai().responses.create({ model: MODEL, input: 'use look please', tools });
    const [item] = first.output.filter((one) => one.type === 'function_call');
    expect(item).toMatchObject({ name: 'look', arguments: call!.function.arguments });
    const second = await openai().responses.create({
      ...{ model: MODEL, tools, max_output_tokens: 8 },
      input: [
        { role: 'user', content: 'use look please' },
        ...(first.output as OpenAI.Responses.ResponseInputItem[]),
        { type: 'function_call_output', call_id: item!.call_id, output: 'a heron' },
      ],
    });
    expect(second.output_text).not.toBe('');
  });

  test('an answer follows a schema, in a chat and in a response', async () => {
    const schema = {
      ...{ type: 'object', required: ['bird'], additionalProperties: false },
      properties: { bird: { enum: ['heron', 'stork'] } },
    };
    const json_schema = { name: 'bird', schema, strict: true };
    const response_format = { type: 'json_schema' as const, json_schema };
    const chat = await openai().chat.completions.create({
      ...HELLO,
      max_tokens: 32,
      response_format,
    });
    const response = await openai().responses.create({
      ...{ model: MODEL, input: 'Hello there.', max_output_tokens: 32 },
      text: { format: { type: 'json_schema', ...json_schema } },
    });
    expect(JSON.parse(chat.choices[0]!.message.content!)).toEqual({
      bird: expect.stringMatching(/heron|stork/) as string,
    });
    expect(response.output_text).toBe(chat.choices[0]!.message.content);
  });

  test('models tell what they take, and what a token or a second costs', async () => {
    const models = (await openai().models.list()).data as unknown as Record<string, unknown>[];
    expect(models).toMatchObject([
      { id: EAR, input_modalities: ['audio'], pricing: { audio: '0.000001' } },
      { id: MODEL, input_modalities: ['text'], context_length: 1_024, pricing: { completion: '0.00008' } },
    ]);
    expect(models[1]!['supported_parameters']).toContain('tools');
  });
});

describe('what a ticket allows', () => {
  const tools = [LOOK];
  const schema = {
    type: 'object',
    required: ['bird'],
    properties: { bird: { type: 'string', maxLength: 9 } },
  };
  const format = { type: 'json_schema', json_schema: { name: 'x', schema } };
  const paidFor = (answer: Promise<unknown>) => answer as Promise<Paid>;
  type Ask = (more: object) => Promise<Paid>;
  const chat: Ask = (more) =>
    paidFor(
      ann.sdk.chat.completions.create({
        ...HELLO,
        ...more,
      } as OpenAI.ChatCompletionCreateParamsNonStreaming),
    );
  const text: Ask = (more) =>
    paidFor(
      ann.sdk.completions.create({
        model: MODEL,
        prompt: 'The',
        ...more,
      } as OpenAI.CompletionCreateParamsNonStreaming),
    );

  /** What a token per byte and a chat's template would cost on top of the counts that were used. */
  const MOST_PROMPT_TOKENS = 1_024;

  test.each<[string, Ask, object, number]>([
    ['a chat', chat, { max_tokens: 7 }, 7],
    [
      'four answers with their likelihoods',
      chat,
      { max_tokens: 5, n: 4, logprobs: true, top_logprobs: 5 },
      20,
    ],
    ['a call of a tool', chat, { messages: user('use look'), tools, max_tokens: 40 }, 40],
    ['two calls that are demanded', chat, { tools, tool_choice: 'required', n: 2, max_tokens: 40 }, 80],
    ['an answer after a schema', chat, { response_format: format, max_tokens: 30 }, 30],
    [
      'a long conversation',
      chat,
      { messages: Array.from({ length: 20 }, () => user('Well?')[0]), max_tokens: 3 },
      3,
    ],
    ['text beyond ASCII', chat, { messages: user('Тише, мыши — 猫在屋顶上 🐈'), max_tokens: 9 }, 9],
    ['a text', text, { max_tokens: 6 }, 6],
    ['several prompts with several answers', text, { prompt: ['A', 'The', 'One'], n: 2, max_tokens: 4 }, 24],
    ['an echo with likelihoods', text, { prompt: 'The heron', echo: true, logprobs: 3, max_tokens: 4 }, 4],
    ['a prompt of token numbers', text, { prompt: [5, 6, 7, 8], max_tokens: 4 }, 4],
  ])('covers the bill of %s in full, and no token more than was asked for', async (_, ask, more, tokens) => {
    const { usage, cocoon } = await ask(more);
    const receipt = ann.client.receipt(cocoon.receipt)!;
    const record = parseJobRecord(Buffer.from(receipt.record!, 'base64'));
    // Nothing was cut for the ticket's sake: the record has the engine's own counts.
    expect(record.promptTokens).toBe(usage.prompt_tokens);
    expect(record.completionTokens).toBe(usage.completion_tokens);
    expect(record.completionTokens).toBeLessThanOrEqual(tokens);
    const forPrompts = receipt.maxFeeNano - BigInt(tokens) * PRICE.completion;
    expect(forPrompts).toBeGreaterThanOrEqual(BigInt(record.promptTokens) * PRICE.prompt);
    expect(forPrompts).toBeLessThanOrEqual(BigInt(MOST_PROMPT_TOKENS * 3) * PRICE.prompt);
  });

  test('covers embeddings by their bytes', async () => {
    const ask = { model: MODEL, input: ['a heron', 'a tower', 'Тише'] };
    const { cocoon } = await paidFor(ann.sdk.embeddings.create(ask));
    const receipt = ann.client.receipt(cocoon.receipt)!;
    const { promptTokens, completionTokens } = parseJobRecord(Buffer.from(receipt.record!, 'base64'));
    expect(completionTokens).toBe(0);
    expect(receipt.costNano).toBe(BigInt(promptTokens) * PRICE.prompt);
    expect(receipt.maxFeeNano).toBeLessThan(150n * PRICE.prompt);
  });
});

test('whoever leaves a sound before its transcript pays nothing and frees the ear', async () => {
  const bob = await network.openClient('bob');
  // Its words are spoken slowly by the engine, so that there is time to leave.
  const file = await toFile(voice('E '.repeat(120).trim()), 'long.ogg');
  const leave = new AbortController();
  const { worker } = network.workers[0]!;
  const hearing = bob.sdk.audio.transcriptions.create({ file, model: EAR }, { signal: leave.signal });
  await until(() => worker().status().running === 1);
  leave.abort();
  await expect(hearing).rejects.toBeInstanceOf(OpenAI.APIUserAbortError);
  await until(() => worker().status().running === 0);
  const left = bob.client.receipts(1)[0]!;
  await until(async () => {
    const short = await toFile(voice('E'), 'short.ogg');
    await bob.sdk.audio.transcriptions.create({ file: short, model: EAR });
    return bob.client.receipt(left.id)!.costNano !== null;
  });
  const found = bob.client.receipt(left.id)!;
  expect(found.costNano).toBe(0n);
  expect(parseJobRecord(Buffer.from(found.record!, 'base64')).outcome).toBe(JobOutcome.Partial);
});
