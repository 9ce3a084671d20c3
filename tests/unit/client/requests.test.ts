import { readJsonRequest } from '../../../src/client/jsonRequest';
import { maxFeeOf, usageBound } from '../../../src/client/modelRequest';
import { pick, rank } from '../../../src/client/choose';
import type { Candidate } from '../../../src/client/market';
import { createEventSplitter } from '../../../src/client/sse';
import type { Ask } from '../../../src/protocol/signed';
import { readSoundRequest } from '../../../src/client/soundRequest';
import type { OfferedModel } from '../../../src/protocol/wire';
import { wavFile } from '../../support/sounds';

const model: OfferedModel = {
  id: 'tiny',
  hash: '30'.repeat(32),
  contextLength: 1_000,
  maxOutputTokens: 100,
  capabilities: ['chat', 'completions', 'embeddings'],
};
const ask = { promptPrice: 1_000_000n, cachedPrice: 0n, completionPrice: 1_000_000n, audioPrice: 0n } as Ask;
const read = (path: string, body: object) =>
  readJsonRequest(path, JSON.stringify({ model: 'tiny', ...body }));

describe('what a request can cost', () => {
  it.each<[string, string, object, number]>([
    ['the maximum that the caller names', '/v1/chat/completions', { max_tokens: 7 }, 7],
    ['the newer name of it first', '/v1/chat/completions', { max_tokens: 7, max_completion_tokens: 5 }, 5],
    ['what the model can do, where none is named', '/v1/chat/completions', {}, 100],
    ['no more than the model can do', '/v1/chat/completions', { max_tokens: 5_000 }, 100],
    ['each of several answers', '/v1/chat/completions', { max_tokens: 7, n: 3 }, 21],
    ['each of several prompts', '/v1/completions', { max_tokens: 7, prompt: ['a', 'b'], n: 2 }, 28],
    ['a prompt of token numbers once', '/v1/completions', { max_tokens: 7, prompt: [1, 2, 3] }, 7],
    ['nothing for an embedding', '/v1/embeddings', { input: 'x', max_tokens: 7 }, 0],
  ])('is bounded by %s', (_, path, body, completionTokens) => {
    expect(usageBound(read(path, body), model).completionTokens).toBe(completionTokens);
  });

  it('counts a token per byte of the prompt, up to the context', () => {
    const short = read('/v1/chat/completions', { messages: [], max_tokens: 1 });
    expect(maxFeeOf(short, model, ask)).toBe(BigInt(short.body.length) + 128n + 1n);
    const long = read('/v1/chat/completions', { messages: [{ content: 'x'.repeat(2_000) }], max_tokens: 1 });
    expect(maxFeeOf(long, model, ask)).toBe(1_001n);
  });

  it.each<[string, string, object, number]>([
    ['texts to embed', '/v1/embeddings', { input: ['x'.repeat(5_000), 'y'.repeat(5_000)] }, 2_000],
    ['one list of token numbers', '/v1/embeddings', { input: Array.from({ length: 999 }, () => 7) }, 1_000],
    ['prompts', '/v1/completions', { prompt: ['x'.repeat(5_000), 'y'], max_tokens: 1 }, 2_000],
  ])('reads as many contexts as there are %s, and adds no template to them', (_, path, body, most) => {
    const request = read(path, body);
    expect(usageBound(request, model).promptTokens).toBe(Math.min(most, request.body.length));
  });

  it('is the length of a sound, and no tokens', async () => {
    const form = new FormData();
    form.append('file', new Blob([new Uint8Array(wavFile({ rate: 8_000, frames: 12_001 }))]), 'x');
    form.append('model', 'ear');
    const sent = new Response(form);
    const type = sent.headers.get('content-type')!;
    const { parsed } = await readSoundRequest(type, Buffer.from(await sent.arrayBuffer()));
    expect(usageBound(parsed, model)).toMatchObject({ audioMs: 1_501, promptTokens: 0, completionTokens: 0 });
    expect(maxFeeOf(parsed, model, { ...ask, audioPrice: 60_000n })).toBe(1_501n);
  });

  it('takes the dearer of fresh and cached tokens', () => {
    const request = read('/v1/embeddings', { input: 'x' });
    expect(maxFeeOf(request, model, { ...ask, cachedPrice: 2_000_000n })).toBe(
      2n * maxFeeOf(request, model, ask),
    );
  });
});

describe('a request', () => {
  it('keeps fields that this client does not know', () => {
    const { body } = read('/v1/chat/completions', { tools: [{ type: 'function' }], vendor_option: 1 });
    expect(JSON.parse(body.toString())).toEqual({
      model: 'tiny',
      tools: [{ type: 'function' }],
      vendor_option: 1,
    });
  });

  it.each([
    ['not JSON', '{', null],
    ['a model of no name', '{"model":""}', 'model'],
    ['answers by halves', '{"model":"tiny","n":0.5}', 'n'],
    ['a stream by word', '{"model":"tiny","stream":"yes"}', 'stream'],
    ['messages that are none', '{"model":"tiny","messages":"Hi"}', 'messages'],
  ])('with %s is refused, naming the field', (_, text, param) => {
    const reading = (): unknown => readJsonRequest('/v1/chat/completions', text);
    expect(reading).toThrow(expect.objectContaining({ code: 'invalid_request', param }) as Error);
  });

  it('belongs to the conversation that it begins like', () => {
    const turn = (...contents: string[]) =>
      read('/v1/chat/completions', { messages: contents.map((content) => ({ role: 'user', content })) })
        .conversation;
    expect(turn('be brief', 'hi', 'more')).toBe(turn('be brief', 'hi'));
    expect(turn('be brief', 'hi')).not.toBe(turn('be brief', 'hello'));
  });
});

describe('the choice of a worker', () => {
  const candidate = (id: string, price: bigint, more: Partial<Candidate> = {}): Candidate =>
    ({
      model,
      ask: { ...ask, completionPrice: price },
      worker: { id, slots: 4 },
      successRate: 1,
      medianLatencyMs: 0,
      ...more,
    }) as Candidate;
  const request = read('/v1/chat/completions', { max_tokens: 100, messages: [] });
  const order = (...candidates: Candidate[]) =>
    rank(candidates, request, () => 4).map(({ candidate: { worker } }) => worker.id);

  it('prefers the cheaper, then the one that fails less, then the faster', () => {
    expect(order(candidate('dear', 9_000_000n), candidate('cheap', 1_000_000n))).toEqual(['cheap', 'dear']);
    const shaky = candidate('shaky', 1_000_000n, { successRate: 0.5 });
    const slow = candidate('slow', 1_000_000n, { medianLatencyMs: 1_000 });
    expect(order(shaky, slow, candidate('good', 1_000_000n))).toEqual(['good', 'slow', 'shaky']);
  });

  it('is random among the best few, and never a much dearer one', () => {
    const ranked = rank(
      [...'abcde'].map((id) => candidate(id, 1_000_000n)).concat(candidate('dear', 3_000_000n)),
      request,
      () => 4,
    );
    const chosen = new Set(
      Array.from({ length: 100 }, (_, i) => pick(ranked, null, () => i / 100)!.candidate.worker.id),
    );
    expect([...chosen].sort()).toEqual(['a', 'b', 'c']);
    expect(pick(ranked, 'e', () => 0)!.candidate.worker.id).toBe('e');
    expect(pick(ranked, 'dear', () => 0)!.candidate.worker.id).toBe('a');
    expect(pick([], 'a', () => 0)).toBeNull();
  });
});

it('events are read however they are cut, whatever their line ends', () => {
  const text = 'data: {"a":"é"}\n\n: comment\n\ndata: one\r\ndata: two\r\n\r\nevent: x\ndata:three\n\n';
  const bytes = Buffer.from(text);
  for (let cut = 0; cut <= bytes.length; cut++) {
    const splitter = createEventSplitter();
    const events = [...splitter.push(bytes.subarray(0, cut)), ...splitter.push(bytes.subarray(cut))];
    expect(events).toEqual(['{"a":"é"}', 'one\ntwo', 'three']);
    expect(splitter.rest()).toBe('');
  }
});
