import OpenAI from 'openai';
import { claimEarnings } from '../../src/chain/accounts';
import { DEMO_TERMS } from '../../src/demo/maintainer';
import { nano } from '../../src/protocol/amounts';
import { JobOutcome, parseJobRecord } from '../../src/protocol/jobRecord';
import { decodeSigned, receiptLayout, type Receipt } from '../../src/protocol/signed';
import type { E2eClient } from './support/clients';
import { MODEL } from './support/ground';
import { createNetwork, NETWORK_START_MS, type Network } from './support/network';
import type { E2eRouter } from './support/routers';
import { until } from './support/until';

/** What answers carry beside OpenAI's own fields. */
interface Cocoon {
  receipt: string;
  cost_nano: string;
  worker: string;
}

const PROMPT_NANO = 20_000;
const CACHED_NANO = 5_000;
const COMPLETION_NANO = 80_000;
const HELLO = {
  model: MODEL,
  messages: [{ role: 'user' as const, content: 'Hello there.' }],
  max_tokens: 16,
};

let network: Network;
let ann: E2eClient;
const bobs: E2eClient[] = [];

beforeAll(async () => {
  network = await createNetwork({ routers: 2, workers: 2, delayMsPerToken: 15 });
  ann = await network.openClient('ann');
}, NETWORK_START_MS);
afterAll(() => network.close());

describe.each(['sdk', 'gateway'] as const)("the official package over the client's %s", (way) => {
  const openai = (): OpenAI => ann[way];

  test('answers a chat with usage, and what it cost', async () => {
    const answer = await openai().chat.completions.create(HELLO);
    expect(answer.choices[0]!.message.content).toMatch(/\w+ \w+ \w+/);
    expect(answer.usage!.completion_tokens).toBe(16);
    const { receipt, cost_nano: cost } = cocoonOf(answer);
    const { prompt_tokens: prompt, completion_tokens: completion } = answer.usage!;
    const cached = answer.usage!.prompt_tokens_details?.cached_tokens ?? 0;
    expect(Number(cost)).toBe(
      (prompt - cached) * PROMPT_NANO + cached * CACHED_NANO + completion * COMPLETION_NANO,
    );
    expect(ann.client.receipt(receipt)!.costNano).toBe(BigInt(cost));
  });

  test('streams the same answer, its usage, and what it cost in the last chunk', async () => {
    const whole = await openai().chat.completions.create(HELLO);
    const request = { ...HELLO, stream: true, stream_options: { include_usage: true } } as const;
    const chunks = await all(await openai().chat.completions.create(request));
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? '').join('')).toBe(
      whole.choices[0]!.message.content,
    );
    const last = chunks.at(-1)!;
    expect(last.choices).toEqual([]);
    expect(last.usage).toEqual(whole.usage);
    expect(chunks.at(-2)!.choices[0]!.finish_reason).toBe('length');
    expect(ann.client.receipt(cocoonOf(last).receipt)!.costNano).toBe(BigInt(cocoonOf(last).cost_nano));
  });

  test('streams to a caller who wants no usage without a chunk that he does not expect', async () => {
    const chunks = await all(await openai().chat.completions.create({ ...HELLO, stream: true }));
    expect(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage)).toBe(true);
  });

  test('completes a text', async () => {
    const answer = await openai().completions.create({ model: MODEL, prompt: 'The', max_tokens: 8 });
    expect(answer.choices[0]!.text).toMatch(/\w+ \w+/);
    expect(answer.usage!.completion_tokens).toBe(8);
  });

  test('embeds texts', async () => {
    const answer = await openai().embeddings.create({ model: MODEL, input: ['a heron', 'a tower'] });
    const [first, second] = answer.data.map(({ embedding }) => embedding);
    expect(first!.length).toBeGreaterThan(8);
    expect(second).toHaveLength(first!.length);
    expect(second).not.toEqual(first);
  });

  test('lists models, and tells of one', async () => {
    expect((await openai().models.list()).data.map(({ id }) => id)).toEqual([MODEL]);
    expect(await openai().models.retrieve(MODEL)).toMatchObject({ id: MODEL, object: 'model' });
  });

  test('is told 404 for a model that nobody has, and nothing is paid', async () => {
    const before = ann.client.receipts(1_000).length;
    const asked = openai().chat.completions.create({ ...HELLO, model: 'gpt-nobody' });
    await expect(asked).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    await expect(openai().models.retrieve('gpt-nobody')).rejects.toBeInstanceOf(OpenAI.NotFoundError);
    expect(ann.client.receipts(1_000)).toHaveLength(before);
  });

  test('has 16 requests at once answered, each with a receipt of its own', async () => {
    const answers = await Promise.all(
      Array.from({ length: 16 }, (_, i) =>
        openai().chat.completions.create({ ...HELLO, messages: [{ role: 'user', content: `Number ${i}.` }] }),
      ),
    );
    const ids = new Set(answers.map((answer) => cocoonOf(answer).receipt));
    expect(ids.size).toBe(16);
    for (const id of ids) expect(ann.client.receipt(id)!.receipt).not.toBeNull();
  });

  test('pays once for an Idempotency-Key that comes twice, one after the other or both at once', async () => {
    // A ticket that a busy worker turned down cost nothing.
    const paid = (): number =>
      ann.client.receipts(1_000).filter(({ model, costNano }) => model === MODEL && costNano).length;
    const ask = (key: string) =>
      openai().chat.completions.create(HELLO, { headers: { 'idempotency-key': `${way} ${key}` } });
    const before = paid();
    const first = await ask('a');
    expect(await ask('a')).toEqual(first);
    expect(paid()).toBe(before + 1);
    const [one, two] = await Promise.all([ask('b'), ask('b')]);
    expect(two).toEqual(one);
    expect(paid()).toBe(before + 2);
    // Another key is another job.
    expect(cocoonOf(await ask('c')).receipt).not.toBe(cocoonOf(one).receipt);
    expect(paid()).toBe(before + 3);
  });

  test('leaves a stream: the slot is free, and only what was delivered is billed', async () => {
    const bob = await network.openClient(`${way} bob`);
    bobs.push(bob);
    const request = { ...HELLO, max_tokens: 600, stream: true } as const;
    const { data: stream, response } = await bob[way].chat.completions.create(request).withResponse();
    const id = response.headers.get('x-cocoon-receipt-id')!;
    let seen = 0;
    for await (const chunk of stream) if (chunk.choices[0]?.delta.content && ++seen === 3) break;

    const { worker } = network.workers.find(({ address }) => address.hash.equals(workerOf(response)))!;
    await until(() => worker().status().running === 0);
    expect(worker().status().free).toBe(worker().status().slots);
    const left = bob.client.receipt(id)!;
    expect(left.costNano).toBeNull();
    expect((await bob.client.balance()).reservedNano).toBe(left.maxFeeNano);

    // The next job of that line is followed by an audit, which finds the bill.
    let others = 0;
    await until(async () => {
      // Each a conversation of its own, so that they do not all stay with one other worker.
      await bob[way].chat.completions.create({ ...HELLO, max_tokens: 1, user: `somebody ${others++}` });
      return bob.client.receipt(id)!.costNano !== null;
    });
    const record = parseJobRecord(Buffer.from(bob.client.receipt(id)!.record!, 'base64'));
    expect(record.outcome).toBe(JobOutcome.Partial);
    expect(record.completionTokens).toBeGreaterThanOrEqual(seen);
    expect(record.completionTokens).toBeLessThan(400);
    const { promptTokens: prompt, cachedTokens: cached, completionTokens: completion } = record;
    expect(Number(record.fee)).toBe(
      (prompt - cached) * PROMPT_NANO + cached * CACHED_NANO + completion * COMPLETION_NANO,
    );
    await until(async () => (await bob.client.balance()).reservedNano === 0n);
  });
});

describe('after all these jobs', () => {
  test('the newest receipt that the client holds of each line is the one that its router keeps', async () => {
    const escrow = ann.escrow.hash.toString('hex');
    const newest = await newestReceipts(ann);
    expect(newest.size).toBeGreaterThanOrEqual(2);
    for (const [lineId, { bytes, router }] of newest)
      expect(await router.receipt(lineId, escrow)).toBe(bytes);
  });

  test('a worker that is restarted in the middle of a line goes on from its totals', async () => {
    const before = await newestReceipts(ann);
    for (const worker of network.workers) await worker.restart('close');
    // Whichever worker it is: the one whose line grew.
    const { receipt: id, cost_nano: cost } = cocoonOf(await ann.sdk.chat.completions.create(HELLO));
    const { lineId } = ann.client.receipt(id)!;
    const [then, now] = [before.get(lineId)!.value, (await newestReceipts(ann)).get(lineId)!.value];
    expect([now.total, now.jobs]).toEqual([then.total + BigInt(cost), then.jobs + 1n]);
  });

  test('workers that drain settle all they earned; the provider claims it less the fees', async () => {
    const newest = await newestReceipts(ann);
    for (const worker of network.workers) await worker.restart('drain');
    const escrow = (await network.chain.escrow(ann.escrow))!;
    for (const [lineId, { value }] of newest) expect(escrow.lines.get(lineId)!.paidNano).toBe(value.total);

    let paid = 0n;
    for (const customer of [ann, ...bobs]) {
      const lines = (await network.chain.escrow(customer.escrow))!.lines.values();
      for (const { paidNano } of lines) paid += paidNano;
    }
    let earned = 0n;
    for (const { address, provider } of network.workers) {
      const { earningsNano, claimableNano, feeRecipients } = (await network.chain.worker(address))!;
      earned += earningsNano + feeRecipients.reduce((sum, { owedNano }) => sum + owedNano, 0n);
      if (earningsNano === 0n) continue;
      const fee = (earningsNano * BigInt(DEMO_TERMS.protocolFeeBps)) / 10_000n;
      const { spentNano, feesNano } = await claimEarnings(provider.wallet, address);
      // Some of those fees are the treasury's own, for taking its share.
      expect(nano(-1n * spentNano)).toBeGreaterThanOrEqual(claimableNano - fee - feesNano);
      expect(nano(-1n * spentNano)).toBeLessThan(claimableNano - fee);
      expect(await network.chain.worker(address)).toMatchObject({ earningsNano: 0n, claimableNano: 0n });
    }
    expect(earned).toBe(paid);
  });

  test('a second router serves the same client when the first is gone', async () => {
    await network.routers[0]!.close();
    for (let i = 0; i < 3; i++) {
      const answer = await ann.sdk.chat.completions.create(HELLO);
      const { lineId } = ann.client.receipt(cocoonOf(answer).receipt)!;
      const line = (await ann.client.lines()).find(({ id }) => id === lineId)!;
      expect(line.router).toBe(network.routers[1]!.url);
    }
  });
});

function cocoonOf(answer: object): Cocoon {
  return (answer as { cocoon: Cocoon }).cocoon;
}

function workerOf(response: Response): Buffer {
  return Buffer.from(response.headers.get('x-cocoon-worker')!, 'hex');
}

async function all<T>(stream: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of stream) items.push(item);
  return items;
}

interface Held {
  value: Receipt;
  /** Base64, as the router gives it. */
  bytes: string;
  router: E2eRouter;
}

/** By line id: the receipt of the customer's books that counts most jobs. */
async function newestReceipts(customer: E2eClient): Promise<Map<string, Held>> {
  const routers = new Map((await customer.client.lines()).map(({ id, router }) => [id, router]));
  const newest = new Map<string, Held>();
  for (const { lineId, receipt } of customer.client.receipts(1_000)) {
    if (receipt === null) continue;
    const { value } = decodeSigned(receiptLayout, Buffer.from(receipt, 'base64'));
    if (value.jobs <= (newest.get(lineId)?.value.jobs ?? 0n)) continue;
    const router = network.routers.find(({ url }) => url === routers.get(lineId))!;
    newest.set(lineId, { value, bytes: receipt, router });
  }
  return newest;
}
