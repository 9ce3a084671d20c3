import { createNetwork, HELLO } from './network/setup';

/** (8 fresh x 1,000,000 + 2 cached x 500,000 + 4 x 2,000,000) / 10^6 */
const COST = '17';

describe('a client with one honest worker', () => {
  it('answers the openai package as JSON, with what it cost', async () => {
    const { openai, client } = createNetwork();
    const { data, response } = await openai.chat.completions.create(HELLO).withResponse();
    expect(data.choices[0]?.message.content).toBe('Hello world');
    expect(data.usage?.completion_tokens).toBe(4);
    expect(response.headers.get('x-cocoon-cost-nano')).toBe(COST);
    const id = response.headers.get('x-cocoon-receipt-id')!;
    expect((data as unknown as { cocoon: unknown }).cocoon).toEqual({
      receipt: id,
      cost_nano: COST,
      worker: response.headers.get('x-cocoon-worker'),
    });
    expect(client.receipt(id)).toMatchObject({ id, costNano: BigInt(COST), model: 'tiny' });
    await client.close();
  });

  it('streams, and strips the usage that the caller did not ask for', async () => {
    const { openai, workers, client } = createNetwork();
    const chunks = [];
    for await (const chunk of await openai.chat.completions.create({ ...HELLO, stream: true }))
      chunks.push(chunk);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe('Hello world');
    expect(chunks.every((chunk) => chunk.choices.length > 0)).toBe(true);
    const sealed = JSON.parse(workers[0]!.seen[0]!.body.toString()) as { stream_options: unknown };
    expect(sealed.stream_options).toEqual({ include_usage: true });
    await client.close();
  });

  it('streams the usage that the caller asked for, with the receipt on it', async () => {
    const { openai, client } = createNetwork();
    const chunks = [];
    const stream = await openai.chat.completions.create({
      ...HELLO,
      stream: true,
      stream_options: { include_usage: true },
    });
    for await (const chunk of stream) chunks.push(chunk);
    const last = chunks.at(-1) as unknown as {
      choices: unknown[];
      usage: object;
      cocoon: { cost_nano: string };
    };
    expect(last.choices).toEqual([]);
    expect(last.usage).toMatchObject({ prompt_tokens: 10, completion_tokens: 4 });
    expect(last.cocoon.cost_nano).toBe(COST);
    await client.close();
  });

  it('hands out [DONE] only after the bill is in its books', async () => {
    const { client } = createNetwork();
    const response = await client.fetch('https://cocoon.invalid/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...HELLO, stream: true }),
    });
    const text = await response.text();
    expect(text).toMatch(/: cocoon \{"receipt":"[0-9a-f]{32}","cost_nano":"17".*\n\ndata: \[DONE\]\n\n$/);
    expect(client.receipts()[0]?.costNano).toBe(17n);
    await client.close();
  });

  it('serves completions and embeddings', async () => {
    const { openai, client } = createNetwork();
    const completion = await openai.completions.create({ model: 'tiny', prompt: 'Hi', max_tokens: 16 });
    expect(completion.choices[0]?.text).toBe('Hello world');
    const embedding = await openai.embeddings.create({
      model: 'tiny',
      input: 'Hi',
      encoding_format: 'float',
    });
    expect(embedding.data[0]?.embedding).toEqual([0.5, -0.5]);
    await client.close();
  });

  it('lists models with their price', async () => {
    const { openai, client } = createNetwork({ workers: 2 });
    const models = await openai.models.list();
    expect(models.data).toMatchObject([
      {
        id: 'tiny',
        context_length: 2048,
        pricing: { completion: '0.000000002', prompt: '0.000000001', input_cache_read: '0.0000000005' },
        cocoon: { workers: 2, ask: { completion_nano: '2000000' } },
      },
    ]);
    expect((await openai.models.retrieve('tiny')).id).toBe('tiny');
    await expect(openai.models.retrieve('huge')).rejects.toMatchObject({
      status: 404,
      code: 'model_not_found',
    });
    await client.close();
  });

  it('sends the router nothing that can be read', async () => {
    const { openai, router, client } = createNetwork();
    await openai.chat.completions.create({
      ...HELLO,
      messages: [{ role: 'user', content: 'planted secret' }],
    });
    const all = Buffer.concat(router.received);
    expect(all.length).toBeGreaterThan(1_000);
    for (const word of ['planted', 'secret', 'messages', 'tiny']) expect(all.includes(word)).toBe(false);
    await client.close();
  });

  it('runs many jobs at once and accounts for each', async () => {
    const { openai, client, workers } = createNetwork({ workers: 2, depositNano: 3_000_000_000n });
    await Promise.all(Array.from({ length: 20 }, () => openai.chat.completions.create(HELLO)));
    const receipts = client.receipts();
    expect(receipts).toHaveLength(20);
    expect(receipts.every(({ costNano }) => costNano === 17n)).toBe(true);
    const earned = workers.flatMap(({ totals }) => [...totals.values()]).reduce((a, b) => a + b, 0n);
    expect(earned).toBe(20n * 17n);
    await client.close();
  });
});
