import { createEmulatedNetwork, HELLO, type EmulatedNetwork, type NetworkOptions } from './network/setup';

const TON = 1_000_000_000n;
const DAY = 86_400;
const HOUR = 3_600;
/** Some 15 s of work for a quiet machine. */
const LONG_MS = 300_000;
const JOBS_A_DAY = 2;
/** Four tokens at 1,000 TON per million: a line of 0.05 TON holds about ten jobs. */
const ASK: NetworkOptions['ask'] = { completionPrice: 1_000_000_000_000n, promptPrice: 0n, cachedPrice: 0n };
const COST = 4_000_000n;
/** A worker's key is good for thirteen days, and an ended line's entry stands until the key's last day. */
const REMEMBERED_DAYS = 14;

interface Month {
  network: EmulatedNetwork;
  jobs: number;
  mostEntries: number;
  mostLockedNano: bigint;
}

/** Days in which every worker has a new key each morning, with a few jobs on each of them. */
async function live(days: number, housekeeping: boolean): Promise<Month> {
  const network = await createEmulatedNetwork({
    workers: 2,
    depositNano: 2n * TON - 1n,
    ask: ASK,
    housekeeping,
  });
  const { openai, client, chain, clock } = network;
  const month: Month = { network, jobs: 0, mostEntries: 0, mostLockedNano: 0n };
  for (let day = 0; day < days; day++) {
    network.reboot(day);
    for (let job = 0; job < JOBS_A_DAY; job++) {
      await openai.chat.completions.create({ ...HELLO, max_tokens: 8 });
      month.jobs += 1;
      clock.advance(60);
      await client.tidy();
      const { lines, lockedNano } = (await chain.escrow(chain.address))!;
      month.mostEntries = Math.max(month.mostEntries, lines.size);
      if (lockedNano > month.mostLockedNano) month.mostLockedNano = lockedNano;
      clock.advance(DAY / JOBS_A_DAY - 60);
    }
  }
  return month;
}

describe('thirty days of new worker keys', () => {
  it(
    'leave a client with a housekeeping wallet a small map, and its money',
    async () => {
      const { network, jobs, mostEntries, mostLockedNano } = await live(30, true);
      const { client, chain, clock, faults } = network;
      expect(faults).toEqual([]);
      expect(mostEntries).toBeLessThanOrEqual(2 * REMEMBERED_DAYS);
      expect(mostLockedNano).toBeLessThan((2n * TON * 60n) / 100n);

      // Nobody asks anything any more: after three days all lines are closed, and after the delay their money is back.
      for (let hours = 0; hours < 24 * 6; hours += 6) {
        clock.advance(6 * HOUR);
        await client.tidy();
      }
      const { freeNano, lockedNano, reserveNano } = (await chain.escrow(chain.address))!;
      expect(lockedNano).toBe(0n);
      // Nobody settled, so that nothing but the chain's own fees is missing.
      const { allocations, prunes, spentNano } = (await client.money()).cost.total;
      expect(spentNano).toBe(BigInt(jobs) * COST);
      const missing = 2n * TON - 1n - reserveNano - freeNano;
      expect(missing - allocations.nano).toBeGreaterThanOrEqual(0n);
      expect(missing - allocations.nano).toBeLessThan(2_000_000n);
      process.stdout.write(
        `thirty days, ${jobs} jobs, ${spentNano} nanotons spent: ${allocations.count} allocations ${allocations.nano}, ` +
          `${prunes.count} prunes ${prunes.nano}, most entries ${mostEntries}, most locked ${mostLockedNano}\n`,
      );
      await client.close();
    },
    LONG_MS,
  );

  it(
    'are told to a client without one, with the command that frees how much',
    async () => {
      const { network } = await live(8, false);
      const { client, chain } = network;
      const { prune, lines } = await client.money();
      expect(prune.command).toBe(`npx blueprint run pruneLines escrow=${chain.address.toString()} lines=all`);
      const left = lines.filter(({ release }) => release.stage === 'ended');
      expect(prune.freesNano).toBe(left.reduce((sum, { capNano, paidNano }) => sum + capNano - paidNano, 0n));
      expect(prune.freesNano).toBeGreaterThan(TON / 3n);
      await client.close();
    },
    LONG_MS,
  );
});
