import { encodeFrame, FrameKind } from '../../../src/protocol/wire';
import { createNetwork, HELLO } from './network/setup';
import type { Tricks } from './network/worker';

/** Frames of an honest JSON reply: head, response head, body, keep-alive, settlement, receipt. */
const HEAD = 0;
const FIRST = 1;
const LAST = 2;
const SETTLEMENT = 4;
const RECEIPT = 5;

const without = (index: number) => (frames: Buffer[]) => frames.filter((_, i) => i !== index);
const flip = (index: number, at: number) => (frames: Buffer[]) =>
  frames.map((frame, i) => {
    if (i !== index) return frame;
    const altered = Buffer.from(frame);
    altered[at < 0 ? altered.length + at : at]! ^= 1;
    return altered;
  });

/** What a router can do to a reply. None of it reaches the caller as an answer. */
const ALTERATIONS: [string, string, Tricks['frames']][] = [
  ['drops the head', 'reply_unauthentic', without(HEAD)],
  ['changes the nonce', 'reply_unauthentic', flip(HEAD, -1)],
  ['drops the first chunk', 'reply_unauthentic', without(FIRST)],
  ['drops the final chunk', 'reply_unauthentic', without(LAST)],
  ['doubles a chunk', 'reply_unauthentic', (f) => [f[0]!, f[1]!, f[1]!, ...f.slice(2)]],
  ['swaps two chunks', 'reply_unauthentic', (f) => [f[0]!, f[2]!, f[1]!, ...f.slice(3)]],
  ['changes a byte of the text', 'reply_unauthentic', flip(LAST, 40)],
  ['renames the final chunk', 'reply_unauthentic', flip(LAST, 5)],
  ['drops the settlement', 'reply_unauthentic', without(SETTLEMENT)],
  ['changes a byte of the settlement', 'reply_unauthentic', flip(SETTLEMENT, 40)],
  ['drops the receipt', 'stream_truncated', without(RECEIPT)],
  ['sends the receipt before the end', 'stream_truncated', (f) => [f[0]!, f[1]!, f[5]!]],
  ['changes a byte of the receipt', 'receipt_bad_signature', flip(RECEIPT, -1)],
  ['ends in the middle of a frame', 'stream_truncated', (f) => [...f.slice(0, 2), f[2]!.subarray(0, 20)]],
  ['ends at once', 'stream_truncated', () => []],
  ['sends a frame of an unknown kind', 'stream_truncated', (f) => [f[0]!, Buffer.from([0, 0, 0, 1, 9])]],
  ['sends a frame that is too long', 'stream_truncated', (f) => [f[0]!, Buffer.from([0xff, 0, 0, 1, 2])]],
  ['sends two heads', 'reply_unauthentic', (f) => [f[0]!, ...f]],
  ['sends an error frame', 'engine_timeout', (f) => [f[0]!, errorFrame('engine_timeout')]],
  ['sends an error frame that it cannot know', 'worker_failed', (f) => [f[0]!, errorFrame('escape')]],
];

function errorFrame(code: string): Buffer {
  return encodeFrame(FrameKind.Error, Buffer.from(JSON.stringify({ error: { message: 'no', code } })));
}

describe('a router that', () => {
  it.each(ALTERATIONS)('%s is found out: %s', async (_, code, frames) => {
    const { openai, workers, client, router } = createNetwork();
    workers[0]!.tricks = { frames: frames! };
    const error = await openai.chat.completions.create(HELLO).catch((e: unknown) => e);
    expect(error).toMatchObject({ code });
    expect(client.receipts()).toMatchObject([{ costNano: null }]);
    expect(router.received).toHaveLength(1);
    await client.close();
  });

  it('passes a reply on unchanged is believed', async () => {
    const { openai, workers, client } = createNetwork();
    workers[0]!.tricks = { frames: (frames) => [...frames] };
    expect((await openai.chat.completions.create(HELLO)).choices[0]?.message.content).toBe('Hello world');
    await client.close();
  });

  it('cuts a stream after some text leaves an error and no [DONE]', async () => {
    const { workers, client } = createNetwork();
    workers[0]!.tricks = { frames: (frames) => frames.slice(0, 4) };
    const response = await client.fetch('https://cocoon.invalid/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...HELLO, stream: true }),
    });
    const text = await response.text();
    expect(text).toContain('"lo"');
    expect(text).toMatch(/data: \{"error":\{.*"code":"stream_truncated"\}\}\n\n$/);
    expect(text).not.toContain('[DONE]');
    await client.close();
  });

  it('is silent for too long is given up', async () => {
    const { openai, router, client, timers } = createNetwork();
    let waiting: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => (waiting = resolve));
    router.beforeJob = () => {
      waiting();
      return new Promise(() => undefined);
    };
    const answer = openai.chat.completions.create(HELLO).catch((e: unknown) => e);
    await reached;
    timers.expire();
    expect(await answer).toMatchObject({ code: 'router_unreachable' });
    await client.close();
  });
});

describe('the client', () => {
  it('hands out no [DONE] when the engine sent none', async () => {
    const engine = () => ({
      status: 200,
      contentType: 'text/event-stream',
      pieces: ['data: {"id":"c","choices":[{"delta":{"content":"x"}}]}\n\n'],
      usage: {},
    });
    const { client } = createNetwork({ engine });
    const response = await client.fetch('https://cocoon.invalid/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...HELLO, stream: true }),
    });
    const text = await response.text();
    expect(text).toContain('"code":"worker_failed"');
    expect(text).not.toContain('[DONE]');
    await client.close();
  });

  it('stops the job upstream when its caller aborts', async () => {
    const { openai, client, router, workers } = createNetwork();
    const stop = new AbortController();
    const stream = await openai.chat.completions.create({ ...HELLO, stream: true }, { signal: stop.signal });
    let seen = 0;
    for await (const chunk of stream) {
      seen += chunk.choices.length;
      stop.abort();
    }
    expect(seen).toBe(1);
    expect(router.aborted).toBeGreaterThan(0);
    expect(workers[0]!.seen).toHaveLength(1);
    expect(client.receipts()).toMatchObject([{ costNano: null }]);
    await client.close();
  });

  it('answers a repeated Idempotency-Key without a second job', async () => {
    const { openai, client, workers } = createNetwork();
    const options = { headers: { 'idempotency-key': 'k1' } };
    const first = await openai.chat.completions.create(HELLO, options);
    expect(await openai.chat.completions.create(HELLO, options)).toEqual(first);
    expect(workers[0]!.seen).toHaveLength(1);
    const other = openai.chat.completions.create({ ...HELLO, max_tokens: 3 }, options);
    await expect(other).rejects.toMatchObject({ status: 409, code: 'idempotency_conflict' });
    await client.close();
  });
});
