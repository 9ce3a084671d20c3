import { entryOf, freedNano, lastSecond, payableNano, type HeldReceipt } from '../chain/dues';
import type { EscrowState } from '../chain/types';
import { LIMITS } from '../protocol/limits';
import { byEscrow, newestOfEachLine } from './lines';
import type { SettlementPolicy } from './policy';

export interface PlannedSettlement {
  state: EscrowState;
  items: HeldReceipt[];
  dueNano: bigint;
  feeNano: bigint;
  /** Last second of the line that ends first. */
  endsAtUnix: number;
  /** Waiting would lose some of it, or everything was asked for. */
  urgent: boolean;
}

/** What so many lines of an escrow cost to settle at most. */
export type SettleFee = (state: EscrowState, lines: number) => bigint;

export interface PlanOptions {
  nowUnix: number;
  feeNano: SettleFee;
  policy: SettlementPolicy;
  /** Settle everything that brings more than it costs: on shutdown. */
  all?: boolean;
  /** Seconds since this escrow, by account hash in hex, was settled here or first seen; 0 by default. */
  waitedSeconds?: (escrow: string) => number;
}

interface Due {
  held: HeldReceipt;
  dueNano: bigint;
  /** It may not wait until fees are low. */
  must: boolean;
  endsAtUnix: number;
}

const DAY = 86_400;

/**
 * Which receipts to redeem now, in batches of one escrow each: what ends first, then what is worth most. Pure: `states`
 * holds the escrows as read, by account hash in hex, and a receipt that its state does not fit is left alone.
 */
export function planSettlement(
  held: readonly HeldReceipt[],
  states: ReadonlyMap<string, EscrowState | null>,
  options: PlanOptions,
): PlannedSettlement[] {
  const plans: PlannedSettlement[] = [];
  for (const [escrow, receipts] of byEscrow(held)) {
    const state = states.get(escrow);
    if (state) plans.push(...planEscrow(newestOfEachLine(receipts), state, options));
  }
  return plans.sort(
    (a, b) => Number(b.urgent) - Number(a.urgent) || (a.urgent ? a.endsAtUnix - b.endsAtUnix : bySize(a, b)),
  );
}

function planEscrow(receipts: HeldReceipt[], state: EscrowState, options: PlanOptions): PlannedSettlement[] {
  const { policy, waitedSeconds } = options;
  const waited = waitedSeconds?.(state.address.hash.toString('hex')) ?? 0;
  const bps = waited >= DAY ? Math.max(policy.feesBelowBps, policy.dailyFeesBelowBps) : policy.feesBelowBps;
  const fee = (lines: number): bigint => options.feeNano(state, lines);
  const due = receipts
    .flatMap((receipt) => dueOf(receipt, state, options))
    .sort((a, b) => Number(b.must) - Number(a.must) || bySize(a, b));

  const plans: PlannedSettlement[] = [];
  for (let at = 0; at < due.length; at += LIMITS.settleBatchLines) {
    const batch = cheap(profitable(due.slice(at, at + LIMITS.settleBatchLines), fee), fee, bps);
    const urgent = batch.some(({ must }) => must);
    const sum = sumOf(batch);
    if (sum <= fee(batch.length) || !(urgent || isBelow(fee(batch.length), sum, bps))) continue;
    plans.push({
      ...{ state, urgent, dueNano: sum, feeNano: fee(batch.length) },
      items: batch.map(({ held }) => held),
      endsAtUnix: Math.min(...batch.map(({ endsAtUnix }) => endsAtUnix)),
    });
  }
  addFinals(plans, receipts, options, bps);
  return plans;
}

function dueOf(held: HeldReceipt, state: EscrowState, { nowUnix, policy, all }: PlanOptions): Due[] {
  const dueNano = payableNano(held, state, nowUnix);
  if (dueNano === 0n) return [];
  const entry = entryOf(held, state)!;
  const endsAtUnix = lastSecond(entry);
  return [{ held, dueNano, endsAtUnix, must: all === true || isUrgent(entry, nowUnix, policy) }];
}

/** A line that is being closed, or ends soon: waiting would lose what it owes. */
export function isUrgent(
  entry: { settleBy: number; closeAt: number },
  nowUnix: number,
  { urgentBeforeSeconds }: Pick<SettlementPolicy, 'urgentBeforeSeconds'>,
): boolean {
  return entry.closeAt !== 0 || lastSecond(entry) - nowUnix < urgentBeforeSeconds;
}

/** Leaves out lines, the smallest first, that bring less than they add to the fee. */
function profitable(batch: readonly Due[], fee: (lines: number) => bigint): Due[] {
  const kept = [...batch].sort(bySize);
  while (kept.length > 1 && kept.at(-1)!.dueNano <= added(kept.length, fee)) kept.pop();
  return kept;
}

/** Leaves out lines, the smallest first, that could wait and lift the fees above their share. */
function cheap(batch: readonly Due[], fee: (lines: number) => bigint, bps: number): Due[] {
  let kept = [...batch];
  for (const one of [...batch].reverse()) {
    if (kept.length === 1 || isBelow(fee(kept.length), sumOf(kept), bps)) break;
    const isDear = !isBelow(added(kept.length, fee), one.dueNano, bps);
    if (!one.must && isDear) kept = kept.filter((other) => other !== one);
  }
  return kept;
}

/**
 * A final receipt on which nothing is due frees money for the client and brings the sender nothing: it goes along where a
 * batch has room and stays cheap, and never by itself.
 */
function addFinals(
  plans: PlannedSettlement[],
  receipts: readonly HeldReceipt[],
  { feeNano, nowUnix }: PlanOptions,
  bps: number,
): void {
  const last = plans.at(-1);
  if (!last) return;
  const { state } = last;
  for (const held of receipts) {
    const fee = feeNano(state, last.items.length + 1);
    if (last.items.length >= LIMITS.settleBatchLines || !isBelow(fee, last.dueNano, bps)) return;
    if (payableNano(held, state, nowUnix) > 0n || freedNano(held, state, nowUnix) === 0n) continue;
    last.items.push(held);
    last.feeNano = fee;
  }
}

function added(lines: number, fee: (lines: number) => bigint): bigint {
  return fee(lines) - fee(lines - 1);
}

function isBelow(feeNano: bigint, dueNano: bigint, bps: number): boolean {
  return feeNano * 10_000n <= dueNano * BigInt(bps);
}

function sumOf(batch: readonly Due[]): bigint {
  return batch.reduce((sum, { dueNano }) => sum + dueNano, 0n);
}

function bySize(a: { dueNano: bigint }, b: { dueNano: bigint }): number {
  return a.dueNano === b.dueNano ? 0 : b.dueNano > a.dueNano ? 1 : -1;
}
