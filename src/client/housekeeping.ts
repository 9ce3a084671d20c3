import type { Address } from '@ton/core';
import type { Timers } from '../channel';
import { prunableLines } from '../chain/lineEnd';
import type { Clock, EscrowState } from '../chain/types';
import { LIMITS } from '../protocol/limits';
import type { Costs } from './costs';
import { lineTarget, readDeposit } from './funding';
import { closableLines, unspentNano } from './heldLine';
import { CLIENT_LIMITS } from './limits';
import type { Lines } from './lines';
import type { Candidate, Market } from './market';
import type { FundingRules, Policy } from './policy';
import { createAbsences, uselessLines } from './useless';

export interface Housekeeping {
  /** Ends lines that nothing more should be bought through. Their closes travel with the next allocation. */
  judge(candidates: readonly Candidate[] | null): Promise<void>;
  /** Closes and prunes what is worth a message of its own, and books what the chain took. */
  tidy(): Promise<void>;
  /** Both, with a look at the market. Never throws: what could not be done is done the next time. */
  round(): Promise<void>;
  /** Makes rounds from time to time until `stop`. */
  start(): void;
  /** Resolves when the round in progress has ended. */
  stop(): Promise<void>;
}

/** A wallet, as far as this room needs one: prunes lines of the client's escrow and says what that cost. */
export interface Pruner {
  address: Address;
  prune(lineIds: readonly Buffer[]): Promise<{ lt: bigint; atUnix: number; spentNano: bigint }>;
}

export interface HousekeepingDeps {
  market: Pick<Market, 'candidates'>;
  lines: Lines;
  costs: Costs;
  clock: Clock;
  timers: Timers;
  isAvoided(workerId: string): boolean;
  /** Pays for prunes; without one, the status says which command frees how much. */
  pruner: Pruner | null;
  /** Told of what failed. */
  onFault(error: unknown): void;
}

/** Brings money back that lines hold for nothing: closes what nobody wants, prunes what has ended. */
export function createHousekeeping(
  config: { policy: Policy; funding: FundingRules },
  deps: HousekeepingDeps,
): Housekeeping {
  const { lines, costs, clock, timers, pruner } = deps;
  const absences = createAbsences();
  let timer: unknown = null;
  let running: Promise<void> | null = null;
  let tidying: Promise<void> | null = null;
  let isStopped = false;

  const judge: Housekeeping['judge'] = async (candidates) => {
    const escrow = await lines.escrow();
    const nowUnix = clock.now();
    const held = lines.held();
    const target = lineTarget(config.funding, readDeposit(escrow, held, nowUnix));
    const outlook = { escrow, held, candidates, target, nowUnix, policy: config.policy };
    const useless = uselessLines({ ...outlook, isAvoided: deps.isAvoided }, absences);
    for (const [line, why] of useless) lines.end(line, why);
  };

  const closeWhatIsWorthIt = async (): Promise<void> => {
    const escrow = await lines.escrow();
    const most = Math.min(affordableCloses(escrow, config.funding), CLIENT_LIMITS.allocateEntries);
    const closable = closableLines(escrow, lines.held(), clock.now()).slice(0, most);
    const unspent = closable.reduce((sum, line) => sum + unspentNano(escrow.lines.get(line.id)!, line), 0n);
    if (unspent < closeCostNano(closable.length) * CLIENT_LIMITS.worthTimes) return;
    if (closable.length > 0)
      await lines.closeLines(
        closable.map(({ id }) => id),
        'closed',
      );
  };

  const pruneWhatIsWorthIt = async (): Promise<void> => {
    if (!pruner) return;
    const ids = worthPruning(await lines.escrow(), clock.now());
    if (ids.length === 0) return;
    const report = await pruner.prune(ids.map((id) => Buffer.from(id, 'hex')));
    costs.pruned(pruner.address, report);
    await lines.escrow(0);
  };

  const tidyOnce = async (): Promise<void> => {
    for (const task of [closeWhatIsWorthIt, pruneWhatIsWorthIt, costs.book]) {
      await task().catch(deps.onFault);
    }
  };
  /** One at a time: two would pay for the same thing twice. */
  const tidy = (): Promise<void> => (tidying ??= tidyOnce().finally(() => (tidying = null)));

  const round = (): Promise<void> =>
    (running ??= deps.market
      .candidates()
      .catch(() => null)
      .then(judge)
      .then(tidy)
      .catch(deps.onFault)
      .finally(() => (running = null)));

  const wait = (): void => {
    timer = timers.set(() => void round().then(() => isStopped || wait()), CLIENT_LIMITS.housekeepingMs);
    // A program that has nothing else to do may end.
    (timer as { unref?(): void }).unref?.();
  };

  return {
    judge,
    tidy,
    round,
    start: wait,
    async stop() {
      isStopped = true;
      timers.clear(timer);
      await running;
    },
  };
}

/** So many closes surely fit into what is free and what the signer may spend: the chain refuses what may not fit. */
function affordableCloses(
  { freeNano, signerBudgetNano }: Pick<EscrowState, 'freeNano' | 'signerBudgetNano'>,
  { allocatePerLineNano }: FundingRules,
): number {
  const money = freeNano < signerBudgetNano ? freeNano : signerBudgetNano;
  return Math.max(0, Number(money / allocatePerLineNano) - 1);
}

/** What a message that does nothing but close so many lines costs, roughly and rather more. */
function closeCostNano(count: number): bigint {
  return CLIENT_LIMITS.closeAloneNano + CLIENT_LIMITS.closeEntryNano * BigInt(count);
}

/**
 * The ended lines to prune now: none until what they free is worth a message, or until entries that only take up room
 * are many. The chain's clock decides whether a line has ended, and it may be behind ours.
 */
export function worthPruning(escrow: Pick<EscrowState, 'lines' | 'reserveNano'>, nowUnix: number): string[] {
  const { ids, leftNano, deleted } = prunableLines(escrow, nowUnix - LIMITS.clockSkewSeconds);
  const some = ids.slice(0, CLIENT_LIMITS.pruneLines);
  const cost = CLIENT_LIMITS.pruneBaseNano + CLIENT_LIMITS.pruneLineNano * BigInt(some.length);
  const isWorthIt = leftNano >= cost * CLIENT_LIMITS.worthTimes || deleted >= CLIENT_LIMITS.pruneTombstones;
  return isWorthIt ? some : [];
}
