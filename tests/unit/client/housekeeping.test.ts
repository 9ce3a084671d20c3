import { worthPruning } from '../../../src/client/housekeeping';
import { nano } from '../../../src/protocol/amounts';
import { createNetwork, HELLO, openaiFor, type Network } from './network/setup';
import { createFakeWorker } from './network/worker';
import { talkativeEngine } from './network/engine';

const DAY = 86_400;
const TON = 1_000_000_000n;

/** Ids of all lines that were closed, in order. */
function closes({ chain }: Network): string[] {
  return chain.allocations.flatMap(({ entries }) =>
    entries.flatMap((entry) => (entry.kind === 'close' ? [entry.lineId.toString('hex')] : [])),
  );
}

/** A client with a line to its only worker. */
async function withLine(options: Parameters<typeof createNetwork>[0] = {}) {
  const network = createNetwork(options);
  await network.openai.chat.completions.create(HELLO);
  const [line] = await network.client.lines();
  return { ...network, network, id: line!.id };
}

/** Looks every ten minutes, as a gateway does. */
async function watch({ client, clock }: Network, seconds: number): Promise<void> {
  for (let left = seconds; left > 0; left -= 600) {
    clock.advance(Math.min(600, left));
    await client.tidy();
  }
}

describe('a line is closed by itself', () => {
  it('when its worker has been out of the order book for a day of looking, not sooner', async () => {
    const { network, client, router, clock, id } = await withLine();
    router.entry = { draining: true };
    // The first look at another book only notes that it is gone.
    clock.advance(3);
    await client.tidy();
    await watch(network, DAY - 600);
    expect(closes(network)).toEqual([]);
    await watch(network, 600);
    expect(closes(network)).toEqual([id]);
    expect((await client.lines())[0]).toMatchObject({ why: 'gone', release: { stage: 'closing' } });
    await client.close();
  });

  it('not when it comes back in between, and not for time in which nobody looked', async () => {
    const { network, client, router, clock } = await withLine();
    router.entry = { draining: true };
    await watch(network, DAY / 2);
    router.entry = {};
    await watch(network, 600);
    router.entry = { draining: true };
    await client.tidy();
    clock.advance(DAY);
    await client.tidy();
    await watch(network, DAY / 2);
    expect(closes(network)).toEqual([]);
    await client.close();
  });

  it('when its worker billed wrongly', async () => {
    const { network, client, openai, workers, id } = await withLine();
    workers[0]!.tricks = { fee: (fee) => nano(fee + 1n) };
    await expect(openai.chat.completions.create(HELLO)).rejects.toThrow();
    await client.tidy();
    expect(closes(network)).toEqual([id]);
    expect((await client.lines())[0]!.why).toBe('dishonest');
    await client.close();
  });

  it('when nothing was bought for three days', async () => {
    const { network, client, clock, id } = await withLine();
    clock.advance(3 * DAY);
    await client.tidy();
    expect(closes(network)).toEqual([]);
    clock.advance(1);
    await client.tidy();
    expect(closes(network)).toEqual([id]);
    await client.close();
  });

  it('not while its own end is nearer than a close would be', async () => {
    const { network, client, router, chain, clock, id } = await withLine();
    router.entry = { draining: true };
    await client.tidy();
    chain.setLine(id, { settleBy: clock.now() + DAY + 129_600 });
    await watch(network, DAY);
    expect(closes(network)).toEqual([]);
    await client.close();
  });

  it.each(['freeNano', 'signerBudgetNano'] as const)(
    'not while %s might not cover the message',
    async (field) => {
      const { network, client, chain, clock, faults, id } = await withLine();
      chain.set({ [field]: nano(5_999_999n) });
      clock.advance(3 * DAY + 1);
      await client.tidy();
      expect({ closed: closes(network), faults }).toEqual({ closed: [], faults: [] });
      chain.set({ [field]: nano(6_000_000n) });
      clock.advance(6);
      await client.tidy();
      expect(closes(network)).toEqual([id]);
      await client.close();
    },
  );

  it('not for less than the message costs', async () => {
    const { network, client, router, chain, id } = await withLine();
    chain.setLine(id, { paidNano: nano(50_000_000n - 3n * 2_100_000n + 1n) });
    router.entry = { draining: true };
    await client.tidy();
    await watch(network, DAY + 600);
    expect(closes(network)).toEqual([]);
    chain.setLine(id, { paidNano: nano(50_000_000n - 3n * 2_100_000n) });
    await watch(network, 600);
    expect(closes(network)).toEqual([id]);
    await client.close();
  });
});

it('a close travels with the refill of another line', async () => {
  const { network, client, openai, chain, workers, clock, id } = await withLine();
  chain.setLine(id, { paidNano: nano(48_000_000n) });
  workers[0] = createFakeWorker(clock, { index: 1, engine: talkativeEngine, boot: 1 });
  chain.workerStates.set(workers[0].address.hash.toString('hex'), workers[0].state);
  workers.push(createFakeWorker(clock, { index: 2, engine: talkativeEngine }));
  clock.advance(60);
  await openai.chat.completions.create(HELLO);
  chain.workerStates.set(workers[1]!.address.hash.toString('hex'), workers[1]!.state);
  clock.advance(60);
  await openai.chat.completions.create(HELLO);
  await client.close();
  const withClose = chain.allocations.find(({ entries }) => entries.some(({ kind }) => kind === 'close'));
  expect(withClose!.entries.map(({ kind }) => kind)).toEqual(['open', 'close']);
  expect(closes(network)).toEqual([id]);
});

describe('a new line', () => {
  it('is not opened beyond the entries that the escrow may hold, and the error says how to make room', async () => {
    const { client, openai, chain } = createNetwork({ config: { funding: { maxEntries: 2 } } });
    const entry = { capNano: nano(0), paidNano: nano(0), settleBy: 1, closeAt: 0 };
    chain.setLine('aa'.repeat(20), entry);
    await openai.chat.completions.create(HELLO);
    await client.close();
    const full = createNetwork({ config: { funding: { maxEntries: 2 } } });
    for (const byte of ['aa', 'bb']) full.chain.setLine(byte.repeat(20), entry);
    const error = await full.openai.chat.completions.create(HELLO).catch((e: unknown) => e);
    expect(error).toMatchObject({ status: 402, code: 'escrow_exhausted' });
    expect(String(error)).toContain('npx blueprint run pruneLines escrow=');
    await full.client.close();
  });

  it('goes to a worker that changes its key often only when there is no other', async () => {
    const network = createNetwork({ workers: 2 });
    const { client, openai, workers, chain, clock } = network;
    for (let boot = 1; boot <= 4; boot++) {
      await openai.chat.completions.create(HELLO);
      workers[0] = createFakeWorker(clock, { index: 1, engine: talkativeEngine, boot });
      chain.workerStates.set(workers[0].address.hash.toString('hex'), workers[0].state);
      clock.advance(120);
    }
    await openai.chat.completions.create(HELLO);
    await client.tidy();
    const toFirst = (await client.lines()).filter(({ worker }) => worker === '41'.repeat(32));
    expect(toFirst).toHaveLength(3);
    workers.pop();
    clock.advance(120);
    await openai.chat.completions.create(HELLO);
    expect((await client.lines()).filter(({ worker }) => worker === '41'.repeat(32))).toHaveLength(4);
    await client.close();
  });

  it('can be opened by a client that has had more lines than it may have open', async () => {
    const network = createNetwork({ depositNano: 4n * TON, config: { funding: { maxLines: 2 } } });
    const { client, openai, chain, clock } = network;
    for (let round = 0; round < 4; round++) {
      await openai.chat.completions.create(HELLO);
      for (const { id } of await client.lines()) chain.setLine(id, { settleBy: clock.now() });
      clock.advance(120);
    }
    await expect(openaiFor(client).chat.completions.create(HELLO)).resolves.toBeDefined();
    await client.close();
  });
});

describe('what is worth a prune', () => {
  const at = 1_000_000;
  const ended = (leftNano: bigint, settleBy = at + DAY) =>
    ({ capNano: nano(leftNano), paidNano: nano(0), settleBy, closeAt: at }) as const;
  const escrowOf = (lines: ReturnType<typeof ended>[]) => ({
    lines: new Map(lines.map((line, i) => [i.toString(16).padStart(40, '0'), line])),
    reserveNano: nano(0),
  });

  it.each([
    ['three times its cost', [ended(4_800_000n)], 61, 1],
    ['a nanoton less', [ended(4_799_999n)], 61, 0],
    ['a line that the chain may still pay on', [ended(TON)], 60, 0],
    ['ten entries without money', Array.from({ length: 10 }, () => ended(0n, at)), 61, 10],
    ['nine of them', Array.from({ length: 9 }, () => ended(0n, at)), 61, 0],
    ['more than one message takes', Array.from({ length: 30 }, () => ended(TON)), 61, 20],
  ])('%s', (_, lines, seconds, count) => {
    expect(worthPruning(escrowOf(lines), at + seconds)).toHaveLength(count);
  });
});
