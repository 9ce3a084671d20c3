import { createNetwork, HELLO } from './network/setup';
import { talkativeEngine, json } from './network/engine';
import { ROUTER_URL } from './network/router';

const ANSWER = { choices: [{ message: { content: 'Hello world' } }] };

describe('before the first byte', () => {
  it('a busy worker means a new ticket to the next', async () => {
    const { openai, router, client } = createNetwork({ workers: 2 });
    router.refusals = ['worker_busy'];
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    const keys = router.received.map((job) => job.subarray(59, 91).toString('hex'));
    expect(keys).toHaveLength(2);
    expect(keys[0]).not.toBe(keys[1]);
    await client.close();
  });

  it.each(['worker_failed', 'no_attested_worker', 'line_unknown', 'channel_open_failed'] as const)(
    'a worker that answers %s means the next',
    async (code) => {
      const { openai, router, client, faults } = createNetwork({ workers: 2 });
      router.refusals = [code];
      expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
      expect(faults.map(({ error }) => error.code)).toEqual([code]);
      await client.close();
    },
  );

  it('an engine that is full or fell over means the next, and its bill of nothing is kept', async () => {
    let first = true;
    const { openai, client, router } = createNetwork({
      workers: 2,
      engine(request) {
        if (!first) return talkativeEngine(request);
        first = false;
        return json({ error: { message: 'full' } }, {}, 503);
      },
    });
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    expect(router.received).toHaveLength(2);
    expect(client.receipts().map(({ costNano }) => costNano)).toEqual(expect.arrayContaining([0n, 17n]));
    await client.close();
  });

  it('a stream that is cut means the next', async () => {
    const { openai, workers, client } = createNetwork({ workers: 2 });
    let cuts = 0;
    for (const worker of workers) {
      worker.tricks = { frames: (frames) => (cuts++ === 0 ? frames.slice(0, 2) : frames) };
    }
    const chunks = [];
    for await (const chunk of await openai.chat.completions.create({ ...HELLO, stream: true }))
      chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello world');
    expect(cuts).toBe(2);
    await client.close();
  });

  it('a router that fails means the same worker through another', async () => {
    const routers = [ROUTER_URL, 'http://other.test'];
    const { openai, router, client } = createNetwork({ config: { routers } });
    router.refusals = ['router_unreachable'];
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    expect([...router.hosts].sort()).toEqual(['other.test', 'router.test']);
    await client.close();
  });

  it('a line that the worker does not see yet is tried once more', async () => {
    const { openai, router, client, faults } = createNetwork();
    router.refusals = ['line_unknown'];
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    router.refusals = ['line_unknown', 'line_unknown'];
    await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({
      status: 402,
      code: 'line_unknown',
    });
    expect(faults.map(({ error }) => error.code)).toEqual(Array(3).fill('line_unknown'));
    await client.close();
  });

  it('no more than four tickets are spent on one request', async () => {
    const { openai, router, client } = createNetwork({ workers: 6, depositNano: 5_000_000_000n });
    router.refusals = Array.from({ length: 10 }, () => 'worker_failed' as const);
    await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({
      status: 502,
      code: 'worker_failed',
    });
    expect(router.received).toHaveLength(4);
    await client.close();
  });

  it.each(['body_too_large', 'invalid_request', 'escrow_exhausted', 'receipt_overcharged'] as const)(
    'a router that says %s, of which it cannot know, means the next',
    async (code) => {
      const { openai, router, client, faults } = createNetwork({ workers: 2 });
      router.refusals = [code];
      expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
      expect(faults.map(({ error }) => error.code)).toEqual(['router_unreachable']);
      await client.close();
    },
  );
});

it('a refusal of the engine is passed on with its status', async () => {
  const refusal = { error: { message: 'no such thing', type: 'invalid_request_error', code: 'bad_tool' } };
  const { openai, client, router } = createNetwork({ workers: 2, engine: () => json(refusal, {}, 400) });
  await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({
    status: 400,
    code: 'bad_tool',
  });
  expect(router.received).toHaveLength(1);
  await client.close();
});

it('a conversation stays with its worker', async () => {
  const { openai, client, workers } = createNetwork({ workers: 4, depositNano: 5_000_000_000n });
  for (let i = 0; i < 6; i++) await openai.chat.completions.create(HELLO);
  expect(workers.map(({ seen }) => seen.length).sort()).toEqual([0, 0, 0, 6]);
  await client.close();
});

describe('when every worker is busy', () => {
  it('the client waits for a slot', async () => {
    const { openai, client, router, timers } = createNetwork();
    router.entry = { freeSlots: 0 };
    const wait = timers.set;
    let pauses = 0;
    timers.set = (callback, delayMs) => {
      if (delayMs === 200 && ++pauses === 3) router.entry = {};
      return wait(callback, delayMs);
    };
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    expect(pauses).toBeGreaterThanOrEqual(3);
    await client.close();
  });

  it('the client gives up with 503 and retry-after', async () => {
    const { openai, client, router } = createNetwork();
    router.entry = { freeSlots: 0 };
    const error = await openai.chat.completions.create(HELLO).catch((e: unknown) => e);
    expect(error).toMatchObject({ status: 503, code: 'no_attested_worker' });
    expect((error as { headers: Headers }).headers.get('retry-after')).toBe('2');
    expect(router.received).toHaveLength(0);
    await client.close();
  });
});
