import { LIMITS } from '../protocol/limits';
import { lineId, type Line } from '../protocol/line';
import type { Receipt, Signed } from '../protocol/signed';
import type { EscrowState } from './types';

/** A line with the newest receipt that somebody holds for it. */
export interface SettleItem {
  line: Line;
  receipt: Signed<Receipt>;
}

export interface HeldReceipt extends SettleItem {
  /** Account hash of the escrow. */
  escrow: Buffer;
}

export interface SettlementPolicy {
  /** Settle when the fees are at most this share of what is due; 1% by default. */
  feesBelowBps?: number;
  /** A line that ends within this time is settled whatever its share of fees. */
  urgentBeforeSeconds?: number;
  /** Settle everything that brings more than it costs: on shutdown. */
  all?: boolean;
}

export interface PlannedSettlement {
  state: EscrowState;
  items: HeldReceipt[];
  dueNano: bigint;
  feeNano: bigint;
}

/** What so many lines of an escrow cost to settle. */
export type SettleFee = (state: EscrowState, lines: number) => bigint;

const URGENT_BEFORE_SECONDS = 26 * 3_600;

interface Due {
  held: HeldReceipt;
  dueNano: bigint;
  urgent: boolean;
}

/**
 * Which receipts to redeem now, in batches of one escrow each, the large and the urgent first. Pure: `states` holds the
 * escrows as read, by account hash in hex, and a receipt that its state does not fit is left alone.
 */
export function planSettlement(
  held: readonly HeldReceipt[],
  states: ReadonlyMap<string, EscrowState>,
  nowUnix: number,
  feeNano: SettleFee,
  policy: SettlementPolicy = {},
): PlannedSettlement[] {
  const plans: PlannedSettlement[] = [];
  for (const [escrow, receipts] of byEscrow(held)) {
    const state = states.get(escrow);
    if (!state) continue;
    const due = newestOfEachLine(receipts)
      .flatMap((receipt) => dueOf(receipt, state, nowUnix, policy))
      .sort((a, b) => Number(b.urgent) - Number(a.urgent) || (b.dueNano > a.dueNano ? 1 : -1));
    for (let at = 0; at < due.length; at += LIMITS.settleBatchLines) {
      const batch = profitable(due.slice(at, at + LIMITS.settleBatchLines), state, feeNano);
      const plan = planOf(batch, state, feeNano);
      if (isWorthIt(batch, plan, policy)) plans.push(plan);
    }
  }
  return plans;
}

/** What an escrow would pay on a receipt now; 0 when it would skip it. */
export function payableNano(item: SettleItem, state: EscrowState, nowUnix: number): bigint {
  const { domain, total } = item.receipt.value;
  const entry = state.lines.get(lineId(item.line).toString('hex'));
  if (!entry || !domain.equals(state.domain) || nowUnix > lastSecond(entry)) return 0n;
  const earned = total < entry.capNano ? total : entry.capNano;
  return earned > entry.paidNano ? earned - entry.paidNano : 0n;
}

/** An escrow pays on a line up to and including this second. */
export function lastSecond({ settleBy, closeAt }: { settleBy: number; closeAt: number }): number {
  return closeAt === 0 ? settleBy : Math.min(settleBy, closeAt);
}

function dueOf(held: HeldReceipt, state: EscrowState, now: number, policy: SettlementPolicy): Due[] {
  const dueNano = payableNano(held, state, now);
  if (dueNano === 0n) return [];
  const entry = state.lines.get(lineId(held.line).toString('hex'))!;
  const left = lastSecond(entry) - now;
  const urgent = entry.closeAt !== 0 || left < (policy.urgentBeforeSeconds ?? URGENT_BEFORE_SECONDS);
  return [{ held, dueNano, urgent }];
}

/** Leaves out lines, the smallest first, that bring less than they add to the fee. */
function profitable(batch: Due[], state: EscrowState, feeNano: SettleFee): Due[] {
  const kept = [...batch].sort((a, b) => (b.dueNano > a.dueNano ? 1 : -1));
  while (kept.length > 1) {
    const added = feeNano(state, kept.length) - feeNano(state, kept.length - 1);
    if (kept.at(-1)!.dueNano > added) break;
    kept.pop();
  }
  return kept;
}

function planOf(batch: readonly Due[], state: EscrowState, feeNano: SettleFee): PlannedSettlement {
  return {
    state,
    items: batch.map(({ held }) => held),
    dueNano: batch.reduce((sum, { dueNano }) => sum + dueNano, 0n),
    feeNano: feeNano(state, batch.length),
  };
}

/** Never at a loss; else when the fees are small beside the sum, or when waiting would lose it. */
function isWorthIt(batch: readonly Due[], plan: PlannedSettlement, policy: SettlementPolicy): boolean {
  if (plan.dueNano <= plan.feeNano) return false;
  if (policy.all || batch.some(({ urgent }) => urgent)) return true;
  const bps = BigInt(policy.feesBelowBps ?? LIMITS.settleWhenFeesBelowBps);
  return plan.feeNano * 10_000n <= plan.dueNano * bps;
}

function byEscrow(held: readonly HeldReceipt[]): Map<string, HeldReceipt[]> {
  const groups = new Map<string, HeldReceipt[]>();
  for (const receipt of held) {
    const key = receipt.escrow.toString('hex');
    const group = groups.get(key);
    if (group) group.push(receipt);
    else groups.set(key, [receipt]);
  }
  return groups;
}

/** Totals only grow, so the highest one is the newest. */
function newestOfEachLine(receipts: readonly HeldReceipt[]): HeldReceipt[] {
  const newest = new Map<string, HeldReceipt>();
  for (const held of receipts) {
    const id = lineId(held.line).toString('hex') + held.receipt.value.domain.toString('hex');
    const known = newest.get(id);
    if (!known || held.receipt.value.total > known.receipt.value.total) newest.set(id, held);
  }
  return [...newest.values()];
}
