import OpenAI, { toFile } from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';
import { until } from '../support/until';
import { BIRDS, CHAT, EAR, HELLO, LOOK_SCHEMA, refused, works, type Cells, type Scene } from './features';
import { billOf, useUp } from './key';
import { dialled, voice } from './sounds';

type Chat = OpenAI.ChatCompletionCreateParamsNonStreaming;
const user = (content: string) => [{ role: 'user' as const, content }];
const ASK = { model: CHAT, messages: user(HELLO), max_tokens: 8 };
const LOOK = { type: 'function' as const, function: { name: 'look', parameters: LOOK_SCHEMA } };
const USE_LOOK = { ...ASK, max_tokens: 64, messages: user('use look please'), tools: [LOOK] };

function openai({ url, keys }: Scene, key: keyof Scene['keys'] = 'funded', maxRetries = 0): OpenAI {
  return new OpenAI({ baseURL: url, apiKey: keys[key], maxRetries });
}

/** A chat with something that is not there. */
function chat(fields: object): (scene: Scene) => Promise<unknown> {
  return (scene) => openai(scene).chat.completions.create({ ...ASK, ...fields } as Chat);
}

function parts(...content: OpenAI.ChatCompletionContentPart[]): (scene: Scene) => Promise<unknown> {
  return chat({ messages: [{ role: 'user', content }] });
}

function response(fields: object): (scene: Scene) => Promise<unknown> {
  return (scene) =>
    openai(scene).responses.create({
      ...{ model: CHAT, input: HELLO },
      ...fields,
    } as OpenAI.Responses.ResponseCreateParamsNonStreaming);
}

async function textOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<string> {
  let text = '';
  for await (const { choices } of stream) text += choices[0]?.delta.content ?? '';
  return text;
}

async function hear(scene: Scene, bytes: Buffer, name: string, fields: object = {}) {
  const ask = { file: await toFile(bytes, name), model: EAR, ...fields };
  return openai(scene).audio.transcriptions.create(
    ask as OpenAI.Audio.TranscriptionCreateParamsNonStreaming<'json'>,
  );
}

/** Counts what the package sends. */
function counted(scene: Scene, key: keyof Scene['keys']): { sdk: OpenAI; statuses: number[] } {
  const statuses: number[] = [];
  const watched: typeof fetch = async (...request) => {
    const answer = await fetch(...request);
    statuses.push(answer.status);
    return answer;
  };
  return { sdk: openai(scene, key, 6).withOptions({ fetch: watched }), statuses };
}

const ANSWERS: Cells = {
  models: works(async (scene) => {
    const { data } = await openai(scene).models.list();
    expect(data.map(({ id }) => id)).toEqual([EAR, CHAT]);
    expect(data[1]).toMatchObject({ context_length: 4_096, pricing: { currency: 'TON' } });
  }),
  slash: works(async (scene) => {
    expect(await openai(scene).models.retrieve(CHAT)).toMatchObject({ id: CHAT, object: 'model' });
  }),
  chat: works(async (scene) => {
    const { choices, usage } = await openai(scene).chat.completions.create(ASK);
    expect(choices[0]).toMatchObject({ finish_reason: 'length', message: { role: 'assistant' } });
    expect(usage).toMatchObject({ completion_tokens: 8 });
    const { max_tokens: _, ...unlimited } = ASK;
    const whole = await openai(scene).chat.completions.create(unlimited);
    expect(whole.choices[0]).toMatchObject({ finish_reason: 'stop' });
  }),
  stream: works(async (scene) => {
    const { chat } = openai(scene);
    const whole = await chat.completions.create(ASK);
    const text = await textOf(await chat.completions.create({ ...ASK, stream: true }));
    expect(text).toBe(whole.choices[0]!.message.content);
  }),
  streamUsage: works(async (scene) => {
    const runner = openai(scene).chat.completions.stream({
      ...ASK,
      stream_options: { include_usage: true },
    });
    expect(await runner.totalUsage()).toMatchObject({ completion_tokens: 8 });
  }),
  tools: works(async (scene) => {
    const { chat } = openai(scene);
    const [asked] = (await chat.completions.create(USE_LOOK)).choices;
    const [call] = asked!.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(JSON.parse(call!.function.arguments)).toEqual({ at: expect.any(String) as string });
    const result = { role: 'tool' as const, tool_call_id: call!.id, content: 'a heron' };
    const messages = [...USE_LOOK.messages, asked!.message, result];
    const [told] = (await chat.completions.create({ ...USE_LOOK, messages })).choices;
    expect(told!.message.content).not.toBe('');
  }),
  streamedTools: works(async (scene) => {
    const answer = await openai(scene).chat.completions.stream(USE_LOOK).finalChatCompletion();
    const [call] = answer.choices[0]!.message.tool_calls as OpenAI.ChatCompletionMessageFunctionToolCall[];
    expect(JSON.parse(call!.function.arguments)).toEqual({ at: expect.any(String) as string });
  }),
  schema: works(async (scene) => {
    const response_format = zodResponseFormat(z.object({ bird: z.enum(BIRDS) }), 'bird');
    const answer = await openai(scene).chat.completions.parse({ ...ASK, max_tokens: 32, response_format });
    expect(BIRDS).toContain(answer.choices[0]!.message.parsed!.bird);
  }),
  jsonObject: works(async (scene) => {
    const response_format = { type: 'json_object' as const };
    const answer = await openai(scene).chat.completions.create({ ...ASK, max_tokens: 200, response_format });
    expect(JSON.parse(answer.choices[0]!.message.content!)).toBeInstanceOf(Object);
  }),
  choices: works(async (scene) => {
    const { choices } = await openai(scene).chat.completions.create({ ...ASK, n: 3, temperature: 1 });
    expect(choices.map(({ index }) => index)).toEqual([0, 1, 2]);
  }),
  logprobs: works(async (scene) => {
    const ask = { ...ASK, max_tokens: 3, logprobs: true, top_logprobs: 2 };
    const { choices } = await openai(scene).chat.completions.create(ask);
    const content = choices[0]!.logprobs!.content!;
    expect(content).toHaveLength(3);
    for (const { top_logprobs } of content) expect(top_logprobs).toHaveLength(2);
  }),
  seed: works(async (scene) => {
    const say = async (seed: number) => {
      const ask = { ...ASK, seed, temperature: 1, max_tokens: 12 };
      return (await openai(scene).chat.completions.create(ask)).choices[0]!.message.content;
    };
    const [one, same, other] = [await say(7), await say(7), await say(8)];
    expect(same).toBe(one);
    expect(other).not.toBe(one);
  }),
  stop: works(async (scene) => {
    const { chat } = openai(scene);
    const whole = (await chat.completions.create(ASK)).choices[0]!.message.content!;
    const stop = whole.split(' ')[2]!;
    const [cut] = (await chat.completions.create({ ...ASK, stop: [stop] })).choices;
    expect(cut).toMatchObject({ finish_reason: 'stop', message: { content: whole.split(stop)[0] } });
  }),
  completions: works(async (scene) => {
    const ask = { model: CHAT, prompt: 'The', max_tokens: 4 };
    expect((await openai(scene).completions.create(ask)).choices[0]!.text).not.toBe('');
  }),
  embeddings: works(async (scene) => {
    const { data } = await openai(scene).embeddings.create({ model: CHAT, input: ['a heron', 'a tower'] });
    expect(data.map(({ embedding }) => embedding.length)).toEqual([64, 64]);
  }),
  floats: works(async (scene) => {
    const ask = { model: CHAT, input: 'a heron' };
    const [base64, floats] = await Promise.all([
      openai(scene).embeddings.create(ask),
      openai(scene).embeddings.create({ ...ask, encoding_format: 'float' }),
    ]);
    const wanted = floats.data[0]!.embedding;
    base64.data[0]!.embedding.forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 5));
  }),
  voice: works(async (scene) => {
    expect((await hear(scene, voice('HELLO'), 'voice.ogg')).text).toBe('HELLO');
  }),
  wav: works(async (scene) => {
    const detail = { response_format: 'verbose_json', timestamp_granularities: ['word'] };
    expect(await hear(scene, dialled('42'), 'call.wav', detail)).toMatchObject({
      words: [expect.objectContaining({ start: expect.any(Number) as number })],
    });
  }),
  responses: works(async (scene) => {
    const ask = { model: CHAT, input: HELLO, max_output_tokens: 8 };
    expect((await openai(scene).responses.create(ask)).output_text).not.toBe('');
  }),
  streamedResponses: works(async (scene) => {
    const ask = { model: CHAT, input: HELLO, max_output_tokens: 8 };
    const stream = openai(scene).responses.stream(ask);
    let text = '';
    stream.on('response.output_text.delta', ({ delta }) => void (text += delta));
    expect((await stream.finalResponse()).output_text).toBe(text);
  }),
  price: works(async (scene) => {
    const before = await billOf(scene);
    const { response, request_id } = await openai(scene).chat.completions.create(ASK).withResponse();
    const cost = BigInt(response.headers.get('x-cocoon-cost-nano')!);
    expect((await billOf(scene)).spent - before.spent).toBe(cost);
    expect(response.headers.get('x-cocoon-receipt-id')).toMatch(/^[0-9a-f]{32}$/);
    expect(request_id).toMatch(/^[0-9a-f]{32}$/);
  }),
  abort: works(async (scene) => {
    const before = await billOf(scene, 'second');
    const long = { ...ASK, max_tokens: 400, stream: true as const };
    const { data, response } = await openai(scene, 'second').chat.completions.create(long).withResponse();
    expect(response.ok).toBe(true);
    for await (const { choices } of data) if (choices[0]?.delta.content) break;
    // What had come is known with the next audit; until then its maximum stays reserved.
    await until(async () => {
      await openai(scene, 'second').chat.completions.create({ ...ASK, max_tokens: 1 });
      return (await billOf(scene, 'second')).reserved === 0n;
    });
    const whole = 400n * 800n;
    expect((await billOf(scene, 'second')).spent - before.spent).toBeLessThan(whole);
  }),
  rateRetry: works(async (scene) => {
    await useUp(scene);
    const { sdk, statuses } = counted(scene, 'limited');
    await sdk.models.list();
    expect(statuses).toEqual([429, 200]);
  }),
  idempotency: works(async (scene) => {
    const before = await billOf(scene);
    const headers = { 'idempotency-key': 'once' };
    const say = () => openai(scene).chat.completions.create(ASK, { headers }).withResponse();
    const [one, other] = await Promise.all([say(), say()]);
    expect(other.data).toEqual(one.data);
    const cost = BigInt(one.response.headers.get('x-cocoon-cost-nano')!);
    expect((await billOf(scene)).spent - before.spent).toBe(cost);
  }),
  errors: works(async (scene) => {
    const of = async (asked: Promise<unknown>) => asked.then(String, (error: object) => error.constructor);
    expect(await of(chat({ temperature: 9 })(scene))).toBe(OpenAI.BadRequestError);
    expect(await of(chat({ model: 'none' })(scene))).toBe(OpenAI.NotFoundError);
    const stranger = openai({ ...scene, keys: { ...scene.keys, funded: 'stranger' } });
    expect(await of(stranger.models.list())).toBe(OpenAI.AuthenticationError);
  }),
};

const UNSUPPORTED = 'unsupported_parameter';
const PICTURE = 'data:image/png;base64,iVBORw0KGgo=';
const noPath = (run: (sdk: OpenAI) => Promise<unknown>) =>
  refused(404, 'not_found', null, (scene) => run(openai(scene)));

const REFUSALS: Cells = {
  pictures: refused(
    400,
    UNSUPPORTED,
    'messages.0.content.0.image_url',
    parts({ type: 'image_url', image_url: { url: PICTURE } }),
  ),
  pictureLinks: refused(
    400,
    UNSUPPORTED,
    'messages.0.content.0.image_url',
    parts({ type: 'image_url', image_url: { url: 'https://example.com/heron.png' } }),
  ),
  soundParts: refused(
    400,
    UNSUPPORTED,
    'messages.0.content.0.input_audio',
    parts({ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }),
  ),
  files: refused(
    400,
    UNSUPPORTED,
    'messages.0.content.0.type',
    parts({ type: 'file', file: { file_id: 'file-1' } }),
  ),
  spoken: refused(
    400,
    UNSUPPORTED,
    'modalities',
    chat({ modalities: ['text', 'audio'], audio: { voice: 'alloy', format: 'wav' } }),
  ),
  webSearch: refused(400, UNSUPPORTED, 'web_search_options', chat({ web_search_options: {} })),
  customTools: refused(
    400,
    'invalid_request',
    'tools.0.type',
    chat({ tools: [{ type: 'custom', custom: { name: 'draw' } }] }),
  ),
  prediction: refused(
    400,
    UNSUPPORTED,
    'prediction',
    chat({ prediction: { type: 'content', content: HELLO } }),
  ),
  flex: refused(400, UNSUPPORTED, 'service_tier', chat({ service_tier: 'flex' })),
  stored: refused(400, UNSUPPORTED, 'store', chat({ store: true })),
  manyChoices: refused(400, 'invalid_request', 'n', chat({ n: 9 })),
  badValue: refused(400, 'invalid_request', 'temperature', chat({ temperature: 9 })),
  background: refused(400, UNSUPPORTED, 'background', response({ background: true })),
  storedResponses: refused(400, UNSUPPORTED, 'store', response({ store: true })),
  previous: refused(400, UNSUPPORTED, 'previous_response_id', response({ previous_response_id: 'resp_1' })),
  conversation: refused(400, UNSUPPORTED, 'conversation', response({ conversation: 'conv_1' })),
  builtInTools: refused(400, UNSUPPORTED, 'tools.0.type', response({ tools: [{ type: 'web_search' }] })),
  subtitles: refused(400, UNSUPPORTED, 'response_format', (scene) =>
    hear(scene, dialled('1'), 'call.wav', { response_format: 'srt' }),
  ),
  streamedTranscript: refused(400, UNSUPPORTED, 'stream', (scene) =>
    hear(scene, dialled('1'), 'call.wav', { stream: true }),
  ),
  otherSounds: refused(400, UNSUPPORTED, 'file', (scene) => hear(scene, Buffer.from('ID3'), 'song.mp3')),
  translations: noPath(async (sdk) =>
    sdk.audio.translations.create({ file: await toFile(dialled('1'), 'call.wav'), model: EAR }),
  ),
  earChats: refused(400, UNSUPPORTED, 'model', chat({ model: EAR })),
  speech: noPath((sdk) => sdk.audio.speech.create({ model: EAR, input: HELLO, voice: 'alloy' })),
  images: noPath((sdk) => sdk.images.generate({ model: CHAT, prompt: 'a heron' })),
  moderations: noPath((sdk) => sdk.moderations.create({ input: HELLO })),
  uploads: noPath(async (sdk) =>
    sdk.files.create({ file: await toFile(Buffer.from('{}'), 'a.jsonl'), purpose: 'batch' }),
  ),
  batches: noPath((sdk) => sdk.batches.list()),
  vectorStores: noPath((sdk) => sdk.vectorStores.list()),
  unknownModel: refused(404, 'model_not_found', 'model', chat({ model: 'none' })),
  wrongKey: refused(401, 'invalid_api_key', null, ({ url }) =>
    new OpenAI({ baseURL: url, apiKey: 'stranger', maxRetries: 0 }).models.list(),
  ),
  emptyKey: refused(402, 'key_limit_reached', null, (scene) =>
    openai(scene, 'empty').chat.completions.create(ASK),
  ),
  rate: refused(429, 'rate_limit_exceeded', null, async (scene) => {
    await useUp(scene);
    await openai(scene, 'limited').models.list();
  }),
};

/** The official package. */
export const OPENAI: Cells = { ...ANSWERS, ...REFUSALS };
