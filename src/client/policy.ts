import { parsePolicy, type Policy as QuotePolicy, type TcbStatus } from '../attestation';
import { nano, type Nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import type { Prices } from '../protocol/price';

/** What this client is willing to do. Everything here is the owner's choice; nothing of it comes from the network. */
export interface Policy {
  /** Nanotons per million tokens; null for any. */
  maxPromptPrice: Nano | null;
  maxCompletionPrice: Nano | null;
  /** The most that one request may cost, with all tickets that it takes. */
  maxFeeNano: Nano | null;
  /** Account hashes of Worker contracts in hex; null for any. */
  allowWorkers: readonly string[] | null;
  denyWorkers: readonly string[];
  /** Whether workers of a registry that takes the simulated root's word are good enough. They keep nothing secret. */
  allowSimulated: boolean;
  /** The largest share of a router. */
  maxRouterFeeBps: number;
  /** TCB statuses that are good enough besides UpToDate; Revoked never is. */
  tolerateStatuses: readonly TcbStatus[];
  /** Advisories (`INTEL-SA-00960`) that may apply to a machine, or `*` for all. */
  tolerateAdvisories: readonly string[] | '*';
  /** TCB info and QE identity must be of this recovery or a later one. */
  minTcbEvaluationDataNumber: number;
  /** Measured images, 32 bytes in hex: none but these, whatever the registry lists. Null for all that it lists. */
  imageIds: readonly string[] | null;
  /** Hashes of the weights that may go by a name, 32 bytes in hex; names that are not here go by the registry's list. */
  models: Readonly<Record<string, readonly string[]>>;
  /** How long ago a worker's quote was admitted, at most. */
  maxAgeSeconds: number;
  /** The least that a statement must claim of its host. */
  minHostTier: number;
}

export const DEFAULT_POLICY: Policy = {
  maxPromptPrice: null,
  maxCompletionPrice: null,
  maxFeeNano: null,
  allowWorkers: null,
  denyWorkers: [],
  allowSimulated: false,
  maxRouterFeeBps: 1_000,
  tolerateStatuses: [],
  tolerateAdvisories: [],
  minTcbEvaluationDataNumber: 0,
  imageIds: null,
  models: {},
  maxAgeSeconds: LIMITS.statementMaxSeconds,
  minHostTier: 0,
};

/** What of it the verifier of quotes is told. Throws CocoonError `invalid_request` for what is no policy. */
export function quotePolicy(policy: Policy): QuotePolicy {
  const { tolerateStatuses, tolerateAdvisories, minTcbEvaluationDataNumber, imageIds } = policy;
  try {
    return parsePolicy({ tolerateStatuses, tolerateAdvisories, minTcbEvaluationDataNumber, imageIds });
  } catch (cause) {
    throw new CocoonError('invalid_request', cause instanceof Error ? cause.message : 'No policy.', {
      cause,
    });
  }
}

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

/** Whether these weights may go by that name. */
export function isModelAllowed(policy: Policy, { id, hash }: { id: string; hash: string }): boolean {
  return !Object.hasOwn(policy.models, id) || policy.models[id]!.includes(hash);
}
