import type { Entry, State } from './state';

/**
 * The money rules, one decision each, written from the design and not from the contract. A planted fault replaces one of
 * them (faults.ts).
 */
export interface Rules {
  /** What the client may take or lock. */
  free(state: State): number;
  /** Whether an allocation is taken at all; `by` is a signer's number, or the client. */
  accepts(state: State, by: Allocator, sum: number, free: number): boolean;
  /** What a signer may still lock after it locked `raised`. */
  budgetAfter(budget: number, raised: number): number;
  opens(entry: Entry | null, now: number, settleBy: number): boolean;
  raises(entry: Entry, now: number, settleBy: number): boolean;
  /** The end that a close sets. */
  closesAt(entry: Entry, now: number, delay: number): number;
  lastTick(entry: Entry, settleBy: number): number;
  /** What a receipt is paid. */
  due(entry: Entry, total: number, available: number): number;
  /** The cap after a final receipt for `total`; `paid` is counted already. */
  finalCap(entry: Entry, total: number): number;
  /** `paid` after a payout came back. */
  restored(entry: Entry, amount: number): number;
  /** What is left of an entry: itself while the line runs, a tombstone, nothing. */
  pruned(entry: Entry, now: number, last: number, settleBy: number): Entry | null;
  withdraws(amount: number, free: number): boolean;
}

export type Allocator = 'client' | 0 | 1;

export const RULES: Rules = {
  free: (state) => state.held - state.locked,
  accepts: (state, by, sum, free) =>
    sum <= free && (by === 'client' || (by === state.signer && sum <= state.budget)),
  budgetAfter: (budget, raised) => budget - raised,
  opens: (entry, now, settleBy) => !entry && now < settleBy,
  raises: (entry, now, settleBy) => entry.closeAt === 0 && now <= settleBy,
  closesAt: (entry, now, delay) => (entry.closeAt === 0 ? now + delay : entry.closeAt),
  lastTick: (entry, settleBy) => (entry.closeAt === 0 ? settleBy : Math.min(entry.closeAt, settleBy)),
  due: (entry, total, available) => Math.max(0, Math.min(Math.min(total, entry.cap) - entry.paid, available)),
  finalCap: (entry, total) => Math.max(entry.paid, Math.min(total, entry.cap)),
  restored: (entry, amount) => entry.paid - amount,
  pruned(entry, now, last, settleBy) {
    if (now <= last) return entry;
    return now > settleBy ? null : { ...entry, cap: entry.paid };
  },
  withdraws: (amount, free) => amount <= free,
};
