import type { EscrowState } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { pick, rank, type Ranked } from './choose';
import { routeName, type Failures } from './failures';
import type { UsableLine } from './heldLine';
import type { Lines } from './lines';
import { isAffordable, type Candidate, type Market } from './market';
import type { ModelRequest } from './modelRequest';
import type { FundingRules, Policy } from './policy';
import { noVerifiedWorker } from './verify/whyNone';

/** Where a job goes: a worker with a free slot, over a line with room. */
export interface Target {
  candidate: Candidate;
  usable: UsableLine;
  escrow: EscrowState;
  maxFeeNano: bigint;
}

export interface SelectDeps {
  market: Market;
  lines: Lines;
  failures: Failures;
  policy: Policy;
  funding: FundingRules;
  freeSlotsOf(candidate: Candidate): number;
  random01(): number;
}

/** How long a request waits for a busy worker with a line before a new line is opened elsewhere. */
const PATIENCE_MS = 1_000;

/**
 * Finds a target, opening or raising a line when that is what is missing. Null when all that could serve are busy.
 * Throws CocoonError `model_not_found`, `price_above_max`, `no_attested_worker`, `attestation_refused`, `chain_disagrees`,
 * `escrow_exhausted`.
 */
export async function selectTarget(
  request: ModelRequest,
  wanted: {
    tried: ReadonlySet<string>;
    stayWith: string | null;
    waitedMs: number;
    /** What the tickets that this request has cost so far may be billed at most. */
    authorisedNano: bigint;
  },
  deps: SelectDeps,
): Promise<Target | null> {
  const { market, lines, failures } = deps;
  const all = await market.candidates();
  const fitting = affordable(ofModel(request, all, market), request, deps);
  const escrow = await lines.escrow();
  const mostNano = deps.policy.maxFeeNano;
  const left = fitting.filter(
    ({ candidate, maxFeeNano }) =>
      !wanted.tried.has(routeName(candidate)) &&
      (mostNano === null || wanted.authorisedNano + maxFeeNano <= mostNano),
  );
  if (left.length === 0) throw new CocoonError('no_attested_worker', 'Every worker of this model was tried.');

  const awake = left.filter(({ candidate, freeSlots }) => freeSlots > 0 && !failures.isResting(candidate));
  const hasRoom = ({ candidate, maxFeeNano }: Ranked): boolean =>
    (lines.usable(candidate)?.roomNano ?? -1n) >= maxFeeNano;

  const ready = pick(awake.filter(hasRoom), wanted.stayWith, deps.random01);
  if (ready) return targetOf(ready, escrow, lines);
  const worthWaiting = left.some((one) => hasRoom(one));
  if (worthWaiting && wanted.waitedMs < PATIENCE_MS) return null;

  const open = lines.openCount();
  const fundable = steadyFirst(
    awake.filter(({ candidate }) => lines.usable(candidate) ?? open < deps.funding.maxLines),
    lines,
  );
  const first = pick(fundable, wanted.stayWith, deps.random01);
  if (!first) return null;
  try {
    const others = fundable
      .map(({ candidate }) => candidate)
      .filter(({ worker }) => worker.id !== first.candidate.worker.id);
    const spares = lines.spares(others, 1);
    const funded = await lines.fund([
      { candidate: first.candidate, needNano: first.maxFeeNano },
      ...spares.map((candidate) => ({ candidate, needNano: first.maxFeeNano })),
    ]);
    if (!funded) return null;
  } catch (error) {
    if (worthWaiting && error instanceof CocoonError && error.code === 'escrow_exhausted') return null;
    throw error;
  }
  // The chain took its time: what was verified before may be revoked by now.
  const again = await stillOffered(first, market);
  return again && targetOf(again, await lines.escrow(Infinity), lines);
}

/** The same worker, router and ask, as they are verified now. */
async function stillOffered(ranked: Ranked, market: Market): Promise<Ranked | null> {
  const { worker, router, askHash } = ranked.candidate;
  const candidate = (await market.candidates()).find(
    (one) => one.worker.id === worker.id && one.router === router && one.askHash.equals(askHash),
  );
  return candidate ? { ...ranked, candidate } : null;
}

/** A worker that changes its key every other day costs a new line each time: only where there is no other. */
function steadyFirst(ranked: readonly Ranked[], lines: Lines): readonly Ranked[] {
  const steady = ranked.filter(({ candidate }) => lines.usable(candidate) ?? !lines.isRestless(candidate));
  return steady.length > 0 ? steady : ranked;
}

function targetOf({ candidate, maxFeeNano }: Ranked, escrow: EscrowState, lines: Lines): Target | null {
  const usable = lines.usable(candidate);
  return usable && usable.roomNano >= maxFeeNano ? { candidate, usable, escrow, maxFeeNano } : null;
}

function ofModel(request: ModelRequest, all: readonly Candidate[], market: Market): Candidate[] {
  const named = all.filter(({ model }) => model.id === request.model);
  if (named.length === 0) {
    const known = market.knowsModel(request.model) || all.length === 0;
    const refused = market.refused();
    const isOffered = refused.some(({ models }) => models.includes(request.model));
    if (known || isOffered) throw noVerifiedWorker(request.model, refused);
    throw new CocoonError('model_not_found', `There is no model ${request.model}.`, { param: 'model' });
  }
  const able = named.filter(({ model }) => model.capabilities.includes(request.capability));
  if (able.length > 0) return able;
  throw new CocoonError(
    'unsupported_parameter',
    `The model ${request.model} does not serve ${request.path}.`,
    { param: 'model' },
  );
}

function affordable(candidates: readonly Candidate[], request: ModelRequest, deps: SelectDeps): Ranked[] {
  const { policy } = deps;
  const priced = rank(candidates, request, deps.freeSlotsOf).filter(
    ({ candidate, maxFeeNano }) =>
      isAffordable(policy, candidate) && (policy.maxFeeNano === null || maxFeeNano <= policy.maxFeeNano),
  );
  if (priced.length > 0) return priced;
  throw new CocoonError(
    'price_above_max',
    `Every worker of ${request.model} asks more than the policy allows.`,
  );
}
