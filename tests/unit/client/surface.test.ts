import OpenAI, { toFile } from 'openai';
import type { RequestPlaintext } from '../../../src/channel';
import type { Caller } from '../../../src/client/caller';
import { readTranscription } from '../../../src/protocol/audio/transcription';
import { CocoonError } from '../../../src/protocol/errors';
import type { WorkerOffer } from '../../../src/protocol/wire';
import { oggFile, wavFile } from '../../support/sounds';
import { json, talkativeEngine } from './network/engine';
import { createNetwork, HELLO, openaiFor, type Network } from './network/setup';
import { MODEL_HASH, type EngineAnswer } from './network/worker';

const URL = 'https://cocoon.invalid/v1';
/** 987 ms at 60,000 nanotons a minute: 987 nanotons. */
const VOICE = wavFile({ rate: 8_000, frames: 7_893 });
const AUDIO_PRICE = { audioPrice: 60_000n };

describe('sounds through the client', () => {
  let next: EngineAnswer;
  let network: Network;
  let openai: OpenAI;
  beforeAll(() => {
    network = createNetwork({ engine: () => next, ask: AUDIO_PRICE });
    ({ openai } = network);
  });
  afterAll(() => network.client.close());
  const voice = (bytes = VOICE) => toFile(bytes, 'voice.wav');

  it('are transcribed, byte for byte at the worker, and cost their milliseconds', async () => {
    next = json({ text: 'hello', usage: { type: 'duration', seconds: 1 } }, { audioMs: 987 });
    const { data, response } = await openai.audio.transcriptions
      .create({ file: await voice(), model: 'tiny', language: 'en' })
      .withResponse();
    expect(data).toMatchObject({
      text: 'hello',
      usage: { type: 'duration', seconds: 1 },
      cocoon: { cost_nano: '987' },
    });
    expect(response.headers.get('x-cocoon-cost-nano')).toBe('987');
    const sealed = network.workers[0]!.seen.findLast(({ head }) =>
      head.path.startsWith('/v1/'),
    ) as RequestPlaintext;
    const form = await readTranscription(sealed.head.headers['content-type']!, sealed.body);
    expect(form.file.equals(VOICE)).toBe(true);
    expect(form.options).toEqual({ language: 'en' });
    expect(network.client.receipts()[0]).toMatchObject({ costNano: 987n, maxFeeNano: 987n });
  });

  it('come back as text or in detail, as they were asked for', async () => {
    next = {
      status: 200,
      contentType: 'text/plain; charset=utf-8',
      pieces: ['héllo'],
      usage: { audioMs: 987 },
    };
    const text = await openai.audio.transcriptions.create({
      file: await voice(),
      model: 'tiny',
      response_format: 'text',
    });
    expect(text).toBe('héllo');
    next = json({ text: 'hello', segments: [{ id: 0 }] }, { audioMs: 987 });
    const detail = await openai.audio.transcriptions.create({
      file: await voice(),
      model: 'tiny',
      response_format: 'verbose_json',
    });
    expect(detail.segments).toHaveLength(1);
  });

  it('that cannot be billed truly are refused before anything is sent', async () => {
    const sent = network.router.received.length;
    const ask = async (bytes: Buffer) =>
      openai.audio.transcriptions.create({ file: await voice(bytes), model: 'tiny' });
    const bad = { status: 400, param: 'file' };
    await expect(ask(Buffer.from('ID3 an mp3'))).rejects.toMatchObject({
      ...bad,
      code: 'unsupported_parameter',
    });
    await expect(ask(wavFile({ dataBytes: 99_999 }))).rejects.toMatchObject({
      ...bad,
      code: 'invalid_request',
    });
    await expect(ask(oggFile().subarray(0, -1))).rejects.toMatchObject({ ...bad, code: 'invalid_request' });
    expect(network.router.received).toHaveLength(sent);
  });

  it('are never paid by the millisecond more than they last', async () => {
    next = json({ text: 'x' }, { audioMs: 987 });
    const { workers } = network;
    workers[0]!.tricks.usage = (usage) => ({ ...usage, audioMs: 988 });
    const asking = openai.audio.transcriptions.create({ file: await voice(), model: 'tiny' });
    await expect(asking).rejects.toMatchObject({ code: 'receipt_overcharged' });
    workers[0]!.tricks = {};
  });
});

describe('what the client answers beside models', () => {
  const post = (
    fetch: typeof globalThis.fetch,
    path: string,
    body: unknown,
    headers: Record<string, string> = {},
  ) =>
    fetch(`${URL}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  interface Told {
    error: { message: string; type: string; param: string | null; code: string };
  }
  let network: Network;
  beforeAll(() => {
    network = createNetwork({ depositNano: 3_000_000_000n });
  });
  afterAll(() => network.client.close());

  it('has a request id on every response, and errors in one shape that names the field', async () => {
    const { fetch } = network.client;
    const good = [await fetch(`${URL}/models`), await post(fetch, 'chat/completions', HELLO)];
    for (const { headers } of good) expect(headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
    const cases: [Promise<Response>, number, string, string | null][] = [
      [fetch(`${URL}/models/large`), 404, 'model_not_found', 'model'],
      [fetch(`${URL}/models/%E0`), 400, 'invalid_request', null],
      [fetch(`${URL}/files`), 404, 'not_found', null],
      [fetch(`${URL}/chat/completions`), 405, 'method_not_allowed', null],
      [post(fetch, 'chat/completions', '{'), 400, 'invalid_request', null],
      [post(fetch, 'chat/completions', { ...HELLO, n: 0 }), 400, 'invalid_request', 'n'],
      [post(fetch, 'chat/completions', { ...HELLO, model: 'large' }), 404, 'model_not_found', 'model'],
      [
        post(fetch, 'chat/completions', HELLO, { 'content-type': 'text/plain' }),
        415,
        'unsupported_media_type',
        null,
      ],
      [post(fetch, 'audio/transcriptions', HELLO), 415, 'unsupported_media_type', null],
    ];
    for (const [asking, status, code, param] of cases) {
      const response = await asking;
      expect(response.status).toBe(status);
      expect(response.headers.get('x-request-id')).toMatch(/^[0-9a-f]{32}$/);
      expect(response.headers.get('x-should-retry')).toBe('false');
      const { error } = (await response.json()) as Told;
      expect(error).toMatchObject({ code, param });
      expect(Object.keys(error).sort()).toEqual(['code', 'message', 'param', 'type']);
    }
  });

  it.each(['acme/tiny-1', 'acme%2Ftiny-1'])(
    'tells of a model whose name has a slash, as %s',
    async (name) => {
      const { client, router, workers, chain } = createNetwork();
      chain.rules.models.set(MODEL_HASH.toString('hex'), 'acme/tiny-1');
      const [worker] = workers;
      const models = [{ ...describedModel(worker!.offer().text), id: 'acme/tiny-1' }];
      router.entry = { offer: worker!.offer({ models }) };
      expect(await (await client.fetch(`${URL}/models/${name}`)).json()).toMatchObject({ id: 'acme/tiny-1' });
      await client.close();
    },
  );

  it('tells when to come again where a repetition helps', async () => {
    network.router.refusals = Array.from({ length: 40 }, () => 'worker_busy');
    const response = await post(network.client.fetch, 'chat/completions', HELLO);
    network.router.refusals = [];
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).toBe('2');
    expect(response.headers.get('retry-after-ms')).toBe('2000');
    expect(response.headers.get('x-should-retry')).toBeNull();
  });

  it('embeds in base64 when the official package asks so by itself, and in floats otherwise', async () => {
    const vector = [0.5, -0.5];
    const engine = (request: RequestPlaintext): EngineAnswer => {
      const { encoding_format: format } = JSON.parse(request.body.toString()) as { encoding_format?: string };
      const bytes = Buffer.from(new Float32Array(vector).buffer);
      const embedding = format === 'base64' ? bytes.toString('base64') : vector;
      const usage = { prompt_tokens: 1, total_tokens: 1 };
      return json({ object: 'list', data: [{ index: 0, embedding }], usage }, { promptTokens: 1 });
    };
    const { openai, client } = createNetwork({ engine });
    const ask = (format?: 'float') =>
      openai.embeddings.create({ model: 'tiny', input: 'x', ...(format && { encoding_format: format }) });
    expect((await ask()).data[0]!.embedding).toEqual(vector);
    expect((await ask('float')).data[0]!.embedding).toEqual(vector);
    const plain = await post(client.fetch, 'embeddings', { model: 'tiny', input: 'x' });
    expect(((await plain.json()) as { data: unknown[] }).data).toMatchObject([{ embedding: vector }]);
    await client.close();
  });

  it('hands on characters whole that come in pieces', async () => {
    const text = 'é — 🦩 — ж';
    const event = Buffer.from(
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', choices: [{ index: 0, delta: { content: text } }] })}\n\n`,
    );
    const bytes = Array.from(event, (_, i) => event.subarray(i, i + 1));
    const { openai, client } = createNetwork({
      engine: () => ({
        status: 200,
        contentType: 'text/event-stream',
        pieces: [...bytes, 'data: [DONE]\n\n'],
        usage: {},
      }),
    });
    let read = '';
    for await (const chunk of await openai.chat.completions.create({ ...HELLO, stream: true })) {
      read += chunk.choices[0]?.delta.content ?? '';
    }
    expect(read).toBe(text);
    await client.close();
  });

  it('gives loops over chunks nothing but chunks: no usage aloud, no words of the engine, no names', async () => {
    const chunk = (fields: object): string =>
      `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', ...fields })}\n\n`;
    const usage = { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 };
    const pieces = [
      'event: ping\ndata: {"type":"ping"}\n\n',
      ': keep-alive\n\n',
      chunk({ choices: [{ index: 0, delta: { content: 'x' } }], usage }),
      chunk({ choices: [], usage }),
      'data: [DONE]\n\n',
    ];
    const { client } = createNetwork({
      engine: () => ({
        status: 200,
        contentType: 'text/event-stream',
        pieces,
        usage: { promptTokens: 1, completionTokens: 1 },
      }),
    });
    const response = await post(client.fetch, 'chat/completions', { ...HELLO, stream: true });
    expect(await response.text()).toMatch(
      /^data: \{"id":"c","object":"chat.completion.chunk","choices":\[\{"index":0,"delta":\{"content":"x"\}\}\]\}\n\n: cocoon \{[^\n]+\}\n\ndata: \[DONE\]\n\n$/,
    );
    await client.close();
  });
});

describe('an Idempotency-Key', () => {
  const ann = caller('ann');
  const bob = caller('bob');
  let network: Network;
  beforeEach(() => {
    network = createNetwork({ depositNano: 3_000_000_000n });
  });
  afterEach(() => network.client.close());
  const paid = (): number => network.client.receipts(1_000).length;
  const headers = { 'idempotency-key': 'k' };
  const ask = (fetch: typeof globalThis.fetch, path: string, body: object) =>
    fetch(`${URL}/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    });

  it.each([
    ['a chat', 'chat/completions', HELLO],
    ['a streamed chat', 'chat/completions', { ...HELLO, stream: true }],
    ['a response', 'responses', { model: 'tiny', input: 'Hi' }],
    ['a streamed response', 'responses', { model: 'tiny', input: 'Hi', stream: true }],
  ])('pays once for %s: at once and later, with the same bytes', async (_, path, body) => {
    const both = await Promise.all(
      [1, 2].map(async () => (await ask(network.client.fetch, path, body)).text()),
    );
    const later = await ask(network.client.fetch, path, body);
    expect(later.headers.get('idempotent-replayed')).toBe('true');
    expect(new Set([...both, await later.text()]).size).toBe(1);
    expect(paid()).toBe(1);
  });

  it('pays once for a sound, whose form has another boundary each time', async () => {
    await network.client.close();
    network = createNetwork({ engine: () => json({ text: 'x' }, { audioMs: 987 }), ask: AUDIO_PRICE });
    const openai = openaiFor(network.client);
    const hear = async () =>
      openai.audio.transcriptions.create({ file: await toFile(VOICE, 'a.wav'), model: 'tiny' }, { headers });
    expect(await hear()).toEqual(await hear());
    expect(paid()).toBe(1);
  });

  it('with another body, or on another path, is a conflict that no package repeats', async () => {
    await ask(network.client.fetch, 'chat/completions', HELLO);
    const others = [
      ask(network.client.fetch, 'chat/completions', { ...HELLO, seed: 1 }),
      ask(network.client.fetch, 'responses', HELLO),
      ask(network.client.fetch, 'completions', HELLO),
    ];
    const [other, , third] = await Promise.all(others);
    for (const conflict of [other!, third!]) {
      expect(conflict.status).toBe(409);
      expect(conflict.headers.get('x-should-retry')).toBe('false');
    }
    expect(paid()).toBe(1);
  });

  it("is one caller's own: another one gets an answer of his own", async () => {
    const [annFetch, bobFetch] = [network.client.fetchAs(ann), network.client.fetchAs(bob)];
    const id = async (fetch: typeof globalThis.fetch) =>
      (await ask(fetch, 'chat/completions', HELLO)).headers.get('x-cocoon-receipt-id');
    const first = await id(annFetch);
    expect(await id(annFetch)).toBe(first);
    expect(await id(bobFetch)).not.toBe(first);
    expect(await id(network.client.fetch)).not.toBe(first);
    expect(paid()).toBe(3);
  });

  it('of a request that failed may be sent again, which pays once', async () => {
    network.router.refusals = ['worker_failed'];
    expect((await ask(network.client.fetch, 'chat/completions', HELLO)).status).toBe(502);
    network.clock.advance(31);
    expect((await ask(network.client.fetch, 'chat/completions', HELLO)).status).toBe(200);
    expect((await ask(network.client.fetch, 'chat/completions', HELLO)).status).toBe(200);
    expect(network.client.receipts(1_000).filter(({ costNano }) => costNano !== null)).toHaveLength(1);
  });
});

it('a caller that may not use a model is told that there is none, on every path', async () => {
  const { client } = createNetwork({ engine: talkativeEngine });
  const fetch = client.fetchAs({ ...caller('ann'), mayUse: () => false });
  const answers = await Promise.all([
    fetch(`${URL}/models/tiny`),
    ...[['chat/completions', HELLO] as const, ['responses', { model: 'tiny', input: 'Hi' }] as const].map(
      ([path, body]) =>
        fetch(`${URL}/${path}`, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify(body),
        }),
    ),
  ]);
  expect(answers.map(({ status }) => status)).toEqual([404, 404, 404]);
  await client.close();
});

function describedModel(offerText: string): WorkerOffer['models'][number] {
  return (JSON.parse(offerText) as WorkerOffer).models[0]!;
}

function caller(id: string): Caller {
  return {
    id,
    mayUse: () => true,
    reserve: () => undefined,
    settled: () => undefined,
    released: () => undefined,
    owns: () => {
      throw new CocoonError('internal', 'nobody asks');
    },
  };
}
