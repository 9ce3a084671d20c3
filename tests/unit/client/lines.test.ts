import { nano } from '../../../src/protocol/amounts';
import { jobRecordImage, parseJobRecord } from '../../../src/protocol/jobRecord';
import { createNetwork, HELLO, type NetworkOptions } from './network/setup';
import { talkativeEngine } from './network/engine';
import { createFakeWorker, type Tricks } from './network/worker';

const TON = 1_000_000_000n;

/** Each job of this size reserves about 0.02 TON, so that a first line of 0.05 holds two. */
const DEAR: NetworkOptions['ask'] = { completionPrice: 1_000_000_000_000n, promptPrice: 0n, cachedPrice: 0n };
const BIG = { ...HELLO, max_tokens: 20 };
/** Four tokens at 1,000 TON per million. */
const COST = 4_000_000n;

describe('a client opens', () => {
  it('two lines of 0.05 TON below 2 TON of deposit, in one message', async () => {
    const { openai, client, chain } = createNetwork({ workers: 6, depositNano: 2n * TON - 1n });
    await openai.chat.completions.create(HELLO);
    expect(chain.allocations).toHaveLength(1);
    expect((await client.lines()).map(({ capNano }) => capNano)).toEqual([50_000_000n, 50_000_000n]);
    await client.close();
  });

  it('four from 2 TON on', async () => {
    const { openai, client } = createNetwork({ workers: 6, depositNano: 2n * TON });
    await openai.chat.completions.create(HELLO);
    expect(await client.lines()).toHaveLength(4);
    await client.close();
  });

  it('none longer than the worker key allows, and not past fourteen days', async () => {
    const { openai, client, workers, clock } = createNetwork();
    workers[0]!.state.keys[0]!.lastSettleBy = Math.floor(clock.now()) + 3 * 86_400;
    await openai.chat.completions.create(HELLO);
    const last = workers[0]!.state.keys[0]!.lastSettleBy;
    const { settleByUnix } = (await client.lines())[0]!;
    expect(settleByUnix).toBeLessThanOrEqual(last);
    expect(settleByUnix).toBeGreaterThan(last - 6 * 3_600);
    await client.close();
  });

  it('one of the minimum that the ask demands', async () => {
    const { openai, client } = createNetwork({ ask: { minCap: 80_000_000n } });
    await openai.chat.completions.create(HELLO);
    expect((await client.lines())[0]!.capNano).toBe(80_000_000n);
    await client.close();
  });

  it('a line that pays the router its share, and none when the worker lists less', async () => {
    const { openai, client, router, chain, clock } = createNetwork();
    await openai.chat.completions.create(HELLO);
    expect(chain.allocations[0]!.entries[0]).toMatchObject({ feeBps: 100, feeTo: Buffer.alloc(20, 0xfe) });
    router.book = { router: { feeBps: 301, feeTo: 'fe'.repeat(20) } };
    clock.advance(3);
    expect(await refusal(openai)).toMatchObject({ code: 'no_attested_worker' });
    router.book = { router: { feeBps: 300, feeTo: 'fe'.repeat(20) } };
    clock.advance(3);
    await expect(openai.chat.completions.create(HELLO)).resolves.toBeDefined();
    await client.close();
  });
});

describe('room and deposit', () => {
  it('lines never hold more than 60% of the deposit', async () => {
    const { openai, client } = createNetwork({ workers: 3, depositNano: 150_000_000n });
    await openai.chat.completions.create(HELLO);
    const caps = (await client.lines()).map(({ capNano }) => capNano);
    expect(caps).toEqual([50_000_000n, 40_000_000n]);
    await client.close();
  });

  it('a request that would need more is refused with 402, which the SDK does not repeat', async () => {
    const { openai, client, chain } = createNetwork({ depositNano: 30_000_000n, ask: DEAR });
    const error = await refusal(openai, BIG);
    expect(error).toMatchObject({ status: 402, code: 'escrow_exhausted', type: 'insufficient_quota' });
    expect((error as { headers: Headers }).headers.get('x-should-retry')).toBe('false');
    expect(chain.allocations).toHaveLength(0);
    chain.topUp(TON);
    await expect(openai.chat.completions.create(BIG)).resolves.toBeDefined();
    await client.close();
  });

  it.each([
    [20_000_000n + 13_000_000n - 1n, 402],
    [20_000_000n + 13_000_000n, 200],
  ])('a signer with a budget of %i gets %i', async (signerBudgetNano, status) => {
    const { openai, client } = createNetwork({ ask: DEAR, signerBudgetNano });
    const error = await refusal(openai, BIG);
    expect((error as { status?: number } | null)?.status ?? 200).toBe(status);
    await client.close();
  });

  it('a deposit is spent down to what no longer fits one job', async () => {
    const { openai, client } = createNetwork({ depositNano: 120_000_000n, ask: DEAR });
    let jobs = 0;
    while ((await refusal(openai, BIG)) === null) jobs += 1;
    const { depositNano, freeNano } = await client.balance();
    expect(jobs).toBeGreaterThan(10);
    expect(depositNano).toBe(120_000_000n - BigInt(jobs) * COST);
    expect(freeNano).toBeGreaterThan(0n);
    await client.close();
  });
});

describe('a used line', () => {
  it('is raised only after an audit, by two days of use', async () => {
    const { openai, client, workers, chain } = createNetwork({ ask: DEAR, depositNano: 3n * TON });
    for (let i = 0; i < 9; i++) await openai.chat.completions.create(BIG);
    await client.close();
    const raises = chain.allocations.flatMap(({ entries }) => entries.filter(({ kind }) => kind === 'raise'));
    expect(raises.length).toBeGreaterThan(0);
    expect(workers[0]!.seen.some(({ head }) => head.path === '/cocoon/v1/audit')).toBe(true);
  });

  it.each<[string, string, Tricks['audit']]>([
    ['hides a job', 'audit_mismatch', (items) => items.slice(1)],
    ['counts a job twice', 'receipt_overcharged', (items) => [...items, items[0]!]],
    [
      'makes up a ticket',
      'audit_mismatch',
      (items) => items.map((item) => ({ ...item, ticket: forged(item.ticket, -1) })),
    ],
    [
      'changes a record',
      'audit_mismatch',
      (items) => items.map((item) => ({ ...item, record: forged(item.record, 100) })),
    ],
    [
      'swaps tickets',
      'audit_mismatch',
      (items) => items.map((item, i) => ({ ...item, ticket: items[(i + 1) % items.length]!.ticket })),
    ],
    [
      'bills more than a ticket allows',
      'receipt_overcharged',
      (items) => items.map((item) => ({ ...item, record: dearer(item.record) })),
    ],
    ['hands over scraps', 'audit_mismatch', (items) => items.map((item) => ({ ...item, ticket: 'AAAA' }))],
  ])('is not raised when its worker %s: %s', async (_, code, audit) => {
    const { openai, client, workers, chain, faults } = createNetwork({
      ask: DEAR,
      depositNano: 3n * TON,
      config: { funding: { firstCapNano: nano(100_000_000n) } },
    });
    workers[0]!.tricks = { audit: audit! };
    while ((await refusal(openai, BIG)) === null);
    await client.close();
    expect(faults).toMatchObject([{ error: { code } }]);
    expect(chain.allocations).toHaveLength(1);
  });

  it('gets the record of a job whose reply was cut', async () => {
    const { openai, client, workers, clock } = createNetwork({ depositNano: 3n * TON });
    await openai.chat.completions.create(HELLO);
    workers[0]!.tricks = { frames: (frames) => frames.slice(0, 3) };
    await refusal(openai);
    expect((await client.lines())[0]!.reservedNano).toBeGreaterThan(0n);
    workers[0]!.tricks = {};
    clock.advance(60);
    await openai.chat.completions.create(HELLO);
    await settled(client);
    expect((await client.lines())[0]).toMatchObject({ reservedNano: 0n, spentNano: 51n });
    expect(client.receipts().every(({ costNano }) => costNano !== null)).toBe(true);
    await client.close();
  });

  it('that was billed more for a cut job than its record says is found out by the audit', async () => {
    const { openai, client, workers, clock, faults } = createNetwork({ depositNano: 3n * TON });
    await openai.chat.completions.create(HELLO);
    workers[0]!.tricks = { frames: (frames) => frames.slice(0, 3) };
    await refusal(openai);
    workers[0]!.tricks = { receipt: (receipt) => ({ ...receipt, total: receipt.total + 5n }) };
    clock.advance(60);
    await openai.chat.completions.create(HELLO);
    await client.close();
    expect(faults.map(({ error }) => error.code)).toEqual(['stream_truncated', 'receipt_overcharged']);
  });

  it('that is being closed gets no more tickets, and another is opened', async () => {
    const { openai, client, chain, workers, clock } = createNetwork();
    await openai.chat.completions.create(HELLO);
    const [line] = await client.lines();
    chain.setLine(line!.id, { closeAt: 1 });
    clock.advance(6);
    await expect(openai.chat.completions.create(HELLO)).resolves.toBeDefined();
    expect(workers[0]!.totals.size).toBe(2);
    expect(new Set((await client.lines()).map(({ id }) => id)).size).toBe(2);
    await client.close();
  });

  it('is closed by the signer, and another is opened', async () => {
    const { openai, client, chain } = createNetwork();
    await openai.chat.completions.create(HELLO);
    const [line] = await client.lines();
    await client.closeLines([line!.id]);
    expect(chain.allocations.at(-1)!.entries).toEqual([
      { kind: 'close', lineId: Buffer.from(line!.id, 'hex') },
    ]);
    await openai.chat.completions.create(HELLO);
    const lines = await client.lines();
    expect(lines.filter(({ open }) => open).map(({ id }) => id)).not.toContain(line!.id);
    await client.close();
  });
});

it('a line to a key that its worker has replaced is closed', async () => {
  const { openai, client, workers, chain, clock } = createNetwork();
  await openai.chat.completions.create(HELLO);
  const [old] = await client.lines();
  workers[0] = createFakeWorker(clock, { index: 1, engine: talkativeEngine, boot: 1 });
  chain.workerStates.set(workers[0].address.hash.toString('hex'), workers[0].state);
  clock.advance(60);
  await openai.chat.completions.create(HELLO);
  await client.close();
  const closed = chain.allocations.flatMap(({ entries }) => entries.filter(({ kind }) => kind === 'close'));
  expect(closed).toEqual([{ kind: 'close', lineId: Buffer.from(old!.id, 'hex') }]);
});

/** The record with another fee, far above what any ticket of these tests allows. */
function dearer(record: string): string {
  const image = jobRecordImage({ ...parseJobRecord(Buffer.from(record, 'base64')), fee: nano(2n ** 60n) });
  return image.toString('base64');
}

function forged(text: string, at: number): string {
  const bytes = Buffer.from(text, 'base64');
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  return bytes.toString('base64');
}

async function refusal(openai: ReturnType<typeof createNetwork>['openai'], body = HELLO): Promise<unknown> {
  return openai.chat.completions.create(body).then(
    () => null,
    (error: unknown) => error,
  );
}

/** Background work takes some turns of the event loop. */
async function settled(client: ReturnType<typeof createNetwork>['client']): Promise<void> {
  for (let turn = 0; turn < 200; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (client.receipts().every(({ costNano }) => costNano !== null)) return;
  }
}
