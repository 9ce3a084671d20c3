import type { Address } from '@ton/core';
import type { Chain, Clock } from '../chain/types';
import { CLIENT_LIMITS } from './limits';
import type { CostSum, Store } from './store';

export interface Costs {
  /**
   * Books all allocations that the chain shows, also those of a process that died before it saw them taken. Throws what
   * the chain throws; what is missing is booked the next time.
   */
  book(): Promise<void>;
  pruned(account: Address, report: { lt: bigint; atUnix: number; spentNano: bigint }): void;
  /** The days that caps are tuned to, or everything since the beginning of the books for null. */
  sum(seconds: number | null): CostSum;
  /** Cost in hundredths of a percent of what was spent lately; 0 before anything was spent. */
  shareBps(): number;
}

/** What it costs to have lines: by balance, as the chain's own transactions tell it. */
export function createCosts(
  config: { escrow: Address },
  deps: { chain: Pick<Chain, 'transactions'>; store: Store; clock: Clock },
): Costs {
  const { chain, store, clock } = deps;
  const account = config.escrow.toRawString();
  let bookedLt = 0n;

  const newTransactions = async () => {
    const { costPage, costPageMost } = CLIENT_LIMITS;
    const newest = await chain.transactions(config.escrow, costPage);
    const isGap = newest.length === costPage && newest.at(-1)!.lt > bookedLt;
    return isGap ? chain.transactions(config.escrow, costPageMost) : newest;
  };

  const sum: Costs['sum'] = (seconds) => store.costsSince(seconds === null ? 0 : clock.now() - seconds);

  return {
    async book() {
      const found = await newTransactions();
      for (const { from, lt, atUnix, feesNano } of found) {
        // Only the signer's messages come from outside: whatever else arrives is paid for by whoever sent it.
        if (from === null) store.addCost({ account, lt, kind: 'allocate', atUnix, feeNano: feesNano });
      }
      bookedLt = found[0]?.lt ?? bookedLt;
    },
    pruned: (wallet, { lt, atUnix, spentNano }) =>
      store.addCost({ account: wallet.toRawString(), lt, kind: 'prune', atUnix, feeNano: spentNano }),
    sum,
    shareBps: () => shareBps(sum(CLIENT_LIMITS.costWindowSeconds)),
  };
}

/** Costs in hundredths of a percent of what was spent; 0 where nothing was. */
export function shareBps({ spentNano, allocations, prunes }: CostSum): number {
  if (spentNano === 0n) return 0;
  return Number(((allocations.nano + prunes.nano) * 10_000n) / spentNano);
}
