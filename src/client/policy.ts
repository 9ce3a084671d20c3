import { nano, type Nano } from '../protocol/amounts';
import { LIMITS } from '../protocol/limits';
import type { Prices } from '../protocol/price';

/** What this client is willing to do. Everything here is the owner's choice; nothing of it comes from the network. */
export interface Policy {
  /** Nanotons per million tokens; null for any. */
  maxPromptPrice: Nano | null;
  maxCompletionPrice: Nano | null;
  /** The most that one request may cost. */
  maxFeeNano: Nano | null;
  /** Account hashes of Worker contracts in hex; null for any. */
  allowWorkers: readonly string[] | null;
  denyWorkers: readonly string[];
  /** Whether workers of a registry that takes the simulated root's word are good enough. They keep nothing secret. */
  allowSimulated: boolean;
  /** The largest share of a router. */
  maxRouterFeeBps: number;
}

export const DEFAULT_POLICY: Policy = {
  maxPromptPrice: null,
  maxCompletionPrice: null,
  maxFeeNano: null,
  allowWorkers: null,
  denyWorkers: [],
  allowSimulated: false,
  maxRouterFeeBps: 1_000,
};

/** How money is spread over lines. */
export interface FundingRules {
  /** Lines kept open below `manyLinesFromNano` of deposit, and from there on. */
  fewLines: number;
  manyLines: number;
  manyLinesFromNano: Nano;
  /** The most lines under load. */
  maxLines: number;
  firstCapNano: Nano;
  raiseMinNano: Nano;
  raiseMaxNano: Nano;
  /** All that lines may hold unspent, in percent of the deposit. */
  roomPercent: number;
  raisesPerDay: number;
  /** What lines may cost, in hundredths of a percent of what is spent; above it raises grow. */
  costMaxBps: number;
  /** Lines that the escrow may remember, ended ones included, before another is opened. */
  maxEntries: number;
  /** Left free for the gas of an allocation and the rent of its entries. */
  allocateBaseNano: Nano;
  allocatePerLineNano: Nano;
}

export const DEFAULT_FUNDING: FundingRules = {
  fewLines: 2,
  manyLines: 4,
  manyLinesFromNano: nano(2_000_000_000n),
  maxLines: 16,
  firstCapNano: LIMITS.firstCapNano,
  raiseMinNano: LIMITS.raiseMinNano,
  raiseMaxNano: LIMITS.raiseMaxNano,
  roomPercent: 60,
  raisesPerDay: 8,
  costMaxBps: 100,
  maxEntries: 512,
  allocateBaseNano: nano(10_000_000n),
  allocatePerLineNano: nano(3_000_000n),
};

export function isPriceAllowed(policy: Policy, prices: Prices): boolean {
  return (
    (policy.maxPromptPrice === null || prices.promptPrice <= policy.maxPromptPrice) &&
    (policy.maxCompletionPrice === null || prices.completionPrice <= policy.maxCompletionPrice)
  );
}

export function isWorkerAllowed(policy: Policy, worker: string): boolean {
  return (
    (policy.allowWorkers === null || policy.allowWorkers.includes(worker)) &&
    !policy.denyWorkers.includes(worker)
  );
}
