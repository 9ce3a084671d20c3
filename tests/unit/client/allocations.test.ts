import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import type { HeldLine } from '../../../src/client/heldLine';
import { raiseSizeNano } from '../../../src/client/funding';
import { DEFAULT_FUNDING } from '../../../src/client/policy';
import { openStore } from '../../../src/client/store';
import { FIRST_BOOKS } from './network/firstBooks';
import { createEmulatedNetwork, HELLO, openaiFor, type EmulatedNetwork } from './network/setup';

const TON = 1_000_000_000n;

/** What the genuine escrow has locked, and how many lines it knows. */
async function locked({ chain }: EmulatedNetwork): Promise<{ lines: number; lockedNano: bigint }> {
  const { lines, lockedNano } = (await chain.escrow(chain.address))!;
  return { lines: lines.size, lockedNano };
}

const ONE_LINE = { lines: 1, lockedNano: 50_000_000n };

describe('an allocation', () => {
  it('that is lost costs nothing, and the next request opens the line', async () => {
    const network = await createEmulatedNetwork();
    const { client, openai, chain } = network;
    chain.onExternal = () => Promise.resolve();
    await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({ code: 'chain_unavailable' });
    chain.onExternal = (process) => process();
    await openai.chat.completions.create(HELLO);
    expect(await locked(network)).toEqual(ONE_LINE);
    await client.close();
  });

  it('that arrives while a later one is on its way is the only one that counts', async () => {
    const network = await createEmulatedNetwork();
    const { client, openai, chain } = network;
    let late: (() => Promise<void>) | null = null;
    chain.onExternal = (process) => Promise.resolve(void (late = process));
    await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({ code: 'chain_unavailable' });
    chain.onExternal = async (process) => {
      await late!();
      await process();
    };
    await openai.chat.completions.create(HELLO);
    expect(await locked(network)).toEqual(ONE_LINE);
    await client.close();
  });

  it('that expires is refused by the chain, and its line is forgotten: it takes nobody his place', async () => {
    const network = await createEmulatedNetwork({ config: { funding: { maxLines: 1 } } });
    const { client, openai, chain, clock } = network;
    let late: (() => Promise<void>) | null = null;
    chain.onExternal = (process) => Promise.resolve(void (late = process));
    await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({ code: 'chain_unavailable' });
    clock.advance(181);
    await expect(late!()).rejects.toThrow();
    chain.onExternal = (process) => process();
    await openai.chat.completions.create(HELLO);
    expect(await locked(network)).toEqual(ONE_LINE);
    await client.close();
  });

  it('that was sent and whose answer was lost is not sent again', async () => {
    const network = await createEmulatedNetwork();
    const { client, openai, chain } = network;
    chain.onExternal = async (process) => {
      await process();
      throw new Error('the connection broke');
    };
    await openai.chat.completions.create(HELLO);
    expect(await locked(network)).toEqual(ONE_LINE);
    await client.close();
  });

  it('of two processes with one signer is planned anew by the one that was slower', async () => {
    const network = await createEmulatedNetwork();
    const { chain, client } = network;
    const other = network.restart();
    await Promise.all([client.ready(), other.ready()]);
    // Both have read the same sequence number before either is processed.
    const waiting: (() => void)[] = [];
    chain.onExternal = async (process) => {
      await new Promise<void>((resolve) => {
        waiting.push(resolve);
        if (waiting.length === 2) waiting.forEach((go) => go());
        if (waiting.length > 2) resolve();
      });
      await process();
    };
    await Promise.all([client, other].map((one) => openaiFor(one).chat.completions.create(HELLO)));
    expect(await locked(network)).toEqual({ lines: 2, lockedNano: 100_000_000n });
    expect((await client.lines()).filter(({ open }) => open)).toHaveLength(1);
    expect((await other.lines()).filter(({ open }) => open)).toHaveLength(1);
    await Promise.all([client.close(), other.close()]);
  });
});

it("a client's costs are what the escrow's balance lost, and its own books' if it starts again", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cocoon-costs-'));
  try {
    const network = await createEmulatedNetwork({ config: { dataDir } });
    const { client, openai, chain } = network;
    const before = (await chain.escrow(chain.address))!;
    await openai.chat.completions.create(HELLO);
    await client.close();
    const after = (await chain.escrow(chain.address))!;
    const lost = before.balanceNano - after.balanceNano;
    // The budget is charged a bound of the carriage: never less than the truth, and little more.
    const charged = before.signerBudgetNano - after.signerBudgetNano - 50_000_000n;
    expect(charged).toBeGreaterThanOrEqual(lost);
    expect(charged).toBeLessThan(lost + 150_000n);

    const again = network.restart();
    await again.tidy();
    const { total } = (await again.money()).cost;
    expect(total.allocations).toEqual({ count: 1, nano: lost });
    expect(total).toMatchObject({ spentNano: 17n, shareBps: Number((lost * 10_000n) / 17n) });
    await again.close();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});

describe('a raise', () => {
  const nowUnix = 1_900_000_000;
  const line = (raises: bigint[], newest = 0n): HeldLine =>
    ({
      ...{ openedAtUnix: nowUnix - 86_400, knownNano: newest, newest: null },
      raises: raises.map((raiseNano) => ({ atUnix: nowUnix, raiseNano })),
    }) as unknown as HeldLine;
  const size = (of: HeldLine, costBps: number, fairNano = 100n * TON): bigint =>
    raiseSizeNano(DEFAULT_FUNDING, of, { costBps, nowUnix, fairNano });

  it.each<[string, bigint, bigint]>([
    ['is two days of use', size(line([], TON), 0), 2n * TON],
    ['is at least 0.1 TON', size(line([]), 0), TON / 10n],
    ['is at most 5 TON', size(line([], 10n * TON), 0), 5n * TON],
    ['stays as it is at a cost of 1%', size(line([TON / 2n]), 100), TON / 2n],
    ['doubles above', size(line([TON / 2n]), 101), TON],
    ['doubles from the least', size(line([]), 101), TON / 5n],
    ['does not grow beyond 5 TON', size(line([4n * TON]), 101), 5n * TON],
    [
      "does not grow beyond a line's fair share",
      size(line([TON / 2n]), 101, (3n * TON) / 4n),
      (3n * TON) / 4n,
    ],
    ['is two days of use whatever the fair share', size(line([], TON), 101, 0n), 2n * TON],
  ])('%s', (_, found, expected) => {
    expect(found).toBe(expected);
  });
});

it('books of the first version are read, and get what they lack', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'cocoon-books-'));
  try {
    const db = new DatabaseSync(join(dataDir, 'client.sqlite'));
    db.exec(FIRST_BOOKS);
    db.close();
    const store = openStore(dataDir);
    const [line] = store.lines(Buffer.alloc(32, 1));
    expect(line).toMatchObject({ ended: 'closed', raises: [{ atUnix: 6, raiseNano: 0n }], usedAtUnix: 5 });
    store.addCost({ account: 'a', lt: 1n, kind: 'prune', atUnix: 7, feeNano: 3n });
    store.addCost({ account: 'a', lt: 1n, kind: 'prune', atUnix: 7, feeNano: 3n });
    expect(store.costsSince(7).prunes).toEqual({ count: 1, nano: 3n });
    expect(store.costsSince(8).prunes).toEqual({ count: 0, nano: 0n });
    store.close();
  } finally {
    rmSync(dataDir, { recursive: true });
  }
});
