import { Address } from '@ton/core';
import { createEscrowCache } from '../../../src/chain/escrowCache';
import { CHAIN_LIMITS } from '../../../src/chain/limits';
import type { EscrowState } from '../../../src/chain/types';

const ACCOUNT = Buffer.alloc(32, 1);

/** A chain of one escrow, whose readings a test answers when it likes. */
function chainOf(options: { entries?: number; absent?: boolean } = {}) {
  const at = { now: 1_000, blockTime: 1_000, fails: false, held: false };
  const reads: Address[] = [];
  const answers: (() => void)[] = [];
  const cache = createEscrowCache(
    {
      clock: { now: () => at.now },
      chain: {
        escrow: async (address) => {
          reads.push(address);
          if (at.held) await new Promise<void>((resolve) => answers.push(resolve));
          if (at.fails) throw new Error('no chain');
          if (options.absent) return null;
          return { address, readAtUnix: at.blockTime, seqno: reads.length } as EscrowState;
        },
      },
    },
    options.entries === undefined ? {} : { entries: options.entries },
  );
  const pass = (seconds: number): void => {
    at.now += seconds;
    at.blockTime += seconds;
  };
  return { at, cache, reads, answers, pass };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('escrows as a program keeps them', () => {
  test('jobs that come together share one reading', async () => {
    const { at, cache, reads, answers } = chainOf();
    at.held = true;
    const jobs = Array.from({ length: 20 }, () => cache.read(ACCOUNT));
    answers.forEach((answer) => answer());
    const states = await Promise.all(jobs);
    expect(reads).toHaveLength(1);
    expect(new Set(states).size).toBe(1);
  });

  test('a young reading is served, and replaced in the background from half its age on', async () => {
    const { cache, reads, pass } = chainOf();
    await cache.read(ACCOUNT);
    pass(30);
    expect((await cache.read(ACCOUNT))!.seqno).toBe(1);
    await settled();
    expect(reads).toHaveLength(1);
    pass(1);
    expect((await cache.read(ACCOUNT))!.seqno).toBe(1);
    await settled();
    expect(reads).toHaveLength(2);
    expect((await cache.read(ACCOUNT))!.seqno).toBe(2);
  });

  test('a reading of a minute is not served', async () => {
    const { cache, reads, pass } = chainOf();
    await cache.read(ACCOUNT);
    pass(60);
    expect((await cache.read(ACCOUNT))!.seqno).toBe(2);
    expect(reads).toHaveLength(2);
  });

  test('a job that needs a newer reading gets one', async () => {
    const { at, cache, pass } = chainOf();
    await cache.read(ACCOUNT);
    pass(5);
    expect((await cache.read(ACCOUNT, 1))!.seqno).toBe(2);
    pass(5);
    const address = new Address(0, ACCOUNT);
    expect((await cache.get(address, { minFresh: at.now - 6 }))!.seqno).toBe(2);
    await settled();
    pass(5);
    expect((await cache.get(address, { minFresh: at.now - 1 }))!.seqno).toBeGreaterThan(2);
  });

  test('a chain that stands still gives no ground for a job', async () => {
    const { at, cache } = chainOf();
    at.now += 59;
    expect(await cache.read(ACCOUNT)).not.toBeNull();
    at.now += 1;
    await expect(cache.read(ACCOUNT)).rejects.toMatchObject({ code: 'chain_unavailable' });
  });

  test('a chain that fails costs nothing while a reading is good, and its error reaches whoever needs a new one', async () => {
    const { at, cache, pass } = chainOf();
    await cache.read(ACCOUNT);
    at.fails = true;
    pass(45);
    expect(await cache.read(ACCOUNT)).not.toBeNull();
    await settled();
    pass(15);
    await expect(cache.read(ACCOUNT)).rejects.toThrow('no chain');
    expect(cache.cached(ACCOUNT)).not.toBeNull();
  });

  test('an escrow that is not there is asked for again soon: its client may be opening it', async () => {
    const { cache, reads, pass } = chainOf({ absent: true });
    expect(await cache.read(ACCOUNT)).toBeNull();
    expect(await cache.read(ACCOUNT)).toBeNull();
    expect(reads).toHaveLength(1);
    pass(CHAIN_LIMITS.absentSeconds);
    await cache.read(ACCOUNT);
    expect(reads).toHaveLength(2);
  });

  test('the number of escrows kept is bounded, and the one used last stays', async () => {
    const { cache, reads } = chainOf({ entries: 2 });
    const [a, b, c] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2), Buffer.alloc(32, 3)] as const;
    await cache.read(a);
    await cache.read(b);
    await cache.read(a);
    await cache.read(c);
    expect(cache.size()).toBe(2);
    expect(cache.cached(a)).not.toBeNull();
    expect(cache.cached(b)).toBeNull();
    cache.forget(a);
    expect(cache.cached(a)).toBeNull();
    expect(reads).toHaveLength(3);
  });
});
