import { createParser } from 'eventsource-parser';
import {
  BIRD_SCHEMA,
  BIRDS,
  CHAT,
  EAR,
  HELLO,
  LOOK_SCHEMA,
  refused,
  works,
  type Cells,
  type Refusal,
  type Scene,
} from './features';
import { billOf, useUp } from './key';
import { dialled, voice } from './sounds';

interface Choice {
  index: number;
  finish_reason: string;
  text: string;
  logprobs: { content: unknown[] };
  message: { content: string; tool_calls: { id: string; function: { arguments: string } }[] };
  delta: { content?: string; tool_calls?: { function: { arguments?: string } }[] };
}
interface Answer {
  choices: Choice[];
  usage: { completion_tokens: number } | null;
  data: { id: string; embedding: number[] | string }[];
  output: { content: { text: string }[] }[];
  text: string;
  words: unknown[];
  cocoon: { receipt: string; cost_nano: string };
}

const user = (content: unknown) => [{ role: 'user', content }];
const ASK = { model: CHAT, messages: user(HELLO), max_tokens: 8 };
const LOOK = { type: 'function', function: { name: 'look', parameters: LOOK_SCHEMA } };
const USE_LOOK = { ...ASK, max_tokens: 64, messages: user('use look please'), tools: [LOOK] };

/** Rejects with status, code and param when it is refused. */
async function send(scene: Scene, path: string, init: RequestInit = {}, key = scene.keys.funded) {
  const headers = new Headers(init.headers);
  headers.set('authorization', `Bearer ${key}`);
  const answer = await fetch(`${scene.url}${path}`, { ...init, headers });
  if (answer.ok) return answer;
  const { error } = (await answer.json()) as { error: Refusal };
  throw Object.assign(new Error(error.code), { ...error, status: answer.status });
}

function post(scene: Scene, path: string, body: object | FormData, key?: string): Promise<Response> {
  if (body instanceof FormData) return send(scene, path, { method: 'POST', body }, key);
  const headers = { 'content-type': 'application/json' };
  return send(scene, path, { method: 'POST', body: JSON.stringify(body), headers }, key);
}

async function ask(scene: Scene, fields: object = {}, path = '/chat/completions'): Promise<Answer> {
  return (await (await post(scene, path, { ...ASK, ...fields })).json()) as Answer;
}

async function eventsOf(answer: Response): Promise<string[]> {
  const events: string[] = [];
  const parser = createParser({ onEvent: ({ data }) => void events.push(data) });
  parser.feed(await answer.text());
  return events;
}

/** Chunks of a stream, which must end with `[DONE]`. */
async function stream(scene: Scene, fields: object = {}): Promise<Answer[]> {
  const events = await eventsOf(await post(scene, '/chat/completions', { ...ASK, ...fields, stream: true }));
  expect(events.pop()).toBe('[DONE]');
  return events.map((data) => JSON.parse(data) as Answer);
}

const said = ({ choices }: Answer): string => choices[0]!.message.content;
const textOf = (chunks: Answer[]): string =>
  chunks.map(({ choices }) => choices[0]?.delta.content ?? '').join('');

async function hear(scene: Scene, bytes: Buffer, name: string, fields: Record<string, string> = {}) {
  const form = new FormData();
  form.set('file', new Blob([Uint8Array.from(bytes)]), name);
  form.set('model', EAR);
  for (const [field, value] of Object.entries(fields)) form.append(field, value);
  return (await (await post(scene, '/audio/transcriptions', form)).json()) as Answer;
}

/** Requests of any kind, which are refused. */
const chat = (fields: object) => (scene: Scene) => ask(scene, fields);
const response = (fields: object) => (scene: Scene) =>
  post(scene, '/responses', { model: CHAT, input: HELLO, ...fields });
const noPath = (path: string, method = 'POST') =>
  refused(404, 'not_found', null, (scene) => send(scene, path, { method }));
const UNSUPPORTED = [400, 'unsupported_parameter'] as const;

const ANSWERS: Cells = {
  models: works(async (scene) => {
    const { data } = (await (await send(scene, '/models')).json()) as Answer;
    expect(data.map(({ id }) => id)).toEqual([EAR, CHAT]);
  }),
  slash: works(async (scene) => {
    const one = await send(scene, `/models/${encodeURIComponent(CHAT)}`);
    expect(await one.json()).toMatchObject({ id: CHAT });
  }),
  chat: works(async (scene) => {
    const { choices, usage } = await ask(scene);
    expect(choices[0]!.finish_reason).toBe('length');
    expect(usage!.completion_tokens).toBe(8);
  }),
  stream: works(async (scene) => expect(textOf(await stream(scene))).toBe(said(await ask(scene)))),
  streamUsage: works(async (scene) => {
    const last = (await stream(scene, { stream_options: { include_usage: true } })).at(-1)!;
    expect(last).toMatchObject({ choices: [], usage: { completion_tokens: 8 } });
    expect(last.cocoon.receipt).toMatch(/^[0-9a-f]{32}$/);
  }),
  tools: works(async (scene) => {
    const { message } = (await ask(scene, USE_LOOK)).choices[0]!;
    const [call] = message.tool_calls;
    expect(JSON.parse(call!.function.arguments)).toEqual({ at: expect.any(String) as string });
    const result = { role: 'tool', tool_call_id: call!.id, content: 'a heron' };
    const messages = [...USE_LOOK.messages, message, result];
    expect(said(await ask(scene, { ...USE_LOOK, messages }))).not.toBe('');
  }),
  streamedTools: works(async (scene) => {
    const pieces = (await stream(scene, USE_LOOK)).map(
      ({ choices }) => choices[0]?.delta.tool_calls?.[0]?.function.arguments ?? '',
    );
    expect(JSON.parse(pieces.join(''))).toEqual({ at: expect.any(String) as string });
  }),
  schema: works(async (scene) => {
    const json_schema = { name: 'bird', strict: true, schema: BIRD_SCHEMA };
    const response_format = { type: 'json_schema', json_schema };
    const { bird } = JSON.parse(said(await ask(scene, { max_tokens: 32, response_format }))) as {
      bird: string;
    };
    expect(BIRDS).toContain(bird);
  }),
  jsonObject: works(async (scene) => {
    const fields = { max_tokens: 200, response_format: { type: 'json_object' } };
    expect(JSON.parse(said(await ask(scene, fields)))).toBeInstanceOf(Object);
  }),
  choices: works(async (scene) => expect((await ask(scene, { n: 3 })).choices).toHaveLength(3)),
  logprobs: works(async (scene) => {
    const { choices } = await ask(scene, { max_tokens: 3, logprobs: true });
    expect(choices[0]!.logprobs.content).toHaveLength(3);
  }),
  seed: works(async (scene) => {
    const say = async () => said(await ask(scene, { seed: 7, temperature: 1 }));
    expect(await say()).toBe(await say());
  }),
  stop: works(async (scene) => {
    const whole = said(await ask(scene));
    const stop = whole.split(' ')[2]!;
    expect(said(await ask(scene, { stop }))).toBe(whole.split(stop)[0]);
  }),
  completions: works(async (scene) => {
    const { choices } = await ask(scene, { messages: undefined, prompt: 'The' }, '/completions');
    expect(choices[0]!.text).not.toBe('');
  }),
  embeddings: works(async (scene) => {
    const fields = { input: 'a heron', encoding_format: 'base64' };
    const { data } = (await (await post(scene, '/embeddings', { model: CHAT, ...fields })).json()) as Answer;
    expect(Buffer.from(data[0]!.embedding as string, 'base64')).toHaveLength(64 * 4);
  }),
  floats: works(async (scene) => {
    const answer = await post(scene, '/embeddings', { model: CHAT, input: 'a heron' });
    expect(((await answer.json()) as Answer).data[0]!.embedding).toHaveLength(64);
  }),
  voice: works(async (scene) => {
    expect((await hear(scene, voice('HELLO'), 'voice.ogg')).text).toBe('HELLO');
  }),
  wav: works(async (scene) => {
    const detail = { response_format: 'verbose_json', 'timestamp_granularities[]': 'word' };
    expect((await hear(scene, dialled('42'), 'call.wav', detail)).words).not.toHaveLength(0);
  }),
  responses: works(async (scene) => {
    const answer = (await (await response({ max_output_tokens: 8 })(scene)).json()) as Answer;
    expect(answer.output[0]!.content[0]!.text).not.toBe('');
  }),
  streamedResponses: works(async (scene) => {
    const events = await eventsOf(await response({ max_output_tokens: 8, stream: true })(scene));
    const types = events.map((data) => (JSON.parse(data) as { type: string }).type);
    expect(types[0]).toBe('response.created');
    expect(types.at(-1)).toBe('response.incomplete');
  }),
  price: works(async (scene) => {
    const before = await billOf(scene);
    const { cocoon } = await ask(scene);
    expect((await billOf(scene)).spent - before.spent).toBe(BigInt(cocoon.cost_nano));
  }),
  idempotency: works(async (scene) => {
    const before = await billOf(scene);
    const headers = { 'idempotency-key': 'plain', 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify(ASK) };
    const answers = await Promise.all([1, 2].map(() => send(scene, '/chat/completions', init)));
    const [one, other] = (await Promise.all(answers.map((answer) => answer.json()))) as Answer[];
    expect(other).toEqual(one);
    expect((await billOf(scene)).spent - before.spent).toBe(BigInt(one!.cocoon.cost_nano));
  }),
};

const REFUSALS: Cells = {
  webSearch: refused(...UNSUPPORTED, 'web_search_options', chat({ web_search_options: {} })),
  prediction: refused(...UNSUPPORTED, 'prediction', chat({ prediction: { type: 'content', content: '' } })),
  flex: refused(...UNSUPPORTED, 'service_tier', chat({ service_tier: 'flex' })),
  stored: refused(...UNSUPPORTED, 'store', chat({ store: true })),
  manyChoices: refused(400, 'invalid_request', 'n', chat({ n: 9 })),
  badValue: refused(400, 'invalid_request', 'temperature', chat({ temperature: 9 })),
  background: refused(...UNSUPPORTED, 'background', response({ background: true })),
  storedResponses: refused(...UNSUPPORTED, 'store', response({ store: true })),
  previous: refused(...UNSUPPORTED, 'previous_response_id', response({ previous_response_id: 'resp_1' })),
  conversation: refused(...UNSUPPORTED, 'conversation', response({ conversation: 'conv_1' })),
  subtitles: refused(...UNSUPPORTED, 'response_format', (scene) =>
    hear(scene, dialled('1'), 'call.wav', { response_format: 'vtt' }),
  ),
  streamedTranscript: refused(...UNSUPPORTED, 'stream', (scene) =>
    hear(scene, dialled('1'), 'call.wav', { stream: 'true' }),
  ),
  otherSounds: refused(...UNSUPPORTED, 'file', (scene) => hear(scene, Buffer.from('fLaC'), 'song.flac')),
  translations: noPath('/audio/translations'),
  earChats: refused(...UNSUPPORTED, 'model', chat({ model: EAR })),
  speech: noPath('/audio/speech'),
  images: noPath('/images/generations'),
  moderations: noPath('/moderations'),
  uploads: noPath('/files'),
  batches: noPath('/batches', 'GET'),
  vectorStores: noPath('/vector_stores', 'GET'),
  unknownModel: refused(404, 'model_not_found', 'model', chat({ model: 'none' })),
  wrongKey: refused(401, 'invalid_api_key', null, (scene) => send(scene, '/models', {}, 'stranger')),
  emptyKey: refused(402, 'key_limit_reached', null, (scene) =>
    post(scene, '/chat/completions', ASK, scene.keys.empty),
  ),
  rate: refused(429, 'rate_limit_exceeded', null, async (scene) => {
    await useUp(scene);
    await send(scene, '/models', {}, scene.keys.limited);
  }),
};

/** No package at all. */
export const PLAIN: Cells = { ...ANSWERS, ...REFUSALS };
