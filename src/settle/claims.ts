import { Address } from '@ton/core';
import { entryOf, lastSecond, payableNano, unpaidNano, type HeldReceipt } from '../chain/dues';
import type { EscrowState } from '../chain/types';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { lineId } from '../protocol/line';
import { RECEIPT_FINAL } from '../protocol/signed';
import { byEscrow, keyOf, newestOfEachLine } from './lines';
import { isUrgent, type PlannedSettlement, type SettleFee } from './plan';
import type { SettlementPolicy } from './policy';

/**
 * `planned`: goes with the next settle; `waiting`: until fees are low beside it, or its end is near; `dust`: brings less than
 * it adds to a batch's fee; `sent`: a message is on its way; `held back`: its payout came back, or its escrow cannot be
 * settled now; `paid`: nothing is due; `lost`: ended unpaid; `unknown`: the escrow was not read, or has no such line (yet).
 */
export type ClaimState = 'planned' | 'waiting' | 'dust' | 'sent' | 'held back' | 'paid' | 'lost' | 'unknown';

/** What was earned on one line, and until when it must be settled. Amounts in nanotons, times in Unix seconds. */
export interface Claim {
  key: string;
  escrow: Address;
  worker: Address;
  lineId: Buffer;
  state: ClaimState;
  final: boolean;
  totalNano: bigint;
  capNano: bigint;
  paidNano: bigint;
  /**
   * What settling brings now; what is lost when nothing happens until `lastSecond`. Of an escrow that could not be read all
   * that was earned on the line may be due.
   */
  dueNano: bigint;
  settleBy: number;
  /** 0 while its client has not closed it. */
  closeAt: number;
  /** The escrow pays up to and including this second. */
  lastSecond: number;
  urgent: boolean;
  /** What settling this line costs at most: by itself, and as one more of a batch. */
  costAloneNano: bigint;
  costInBatchNano: bigint;
  /** What happens next, in words. */
  next: string;
}

export interface ClaimFacts {
  /** Null: no escrow of this registry is there; absent: it could not be read. */
  states: ReadonlyMap<string, EscrowState | null>;
  plans: readonly PlannedSettlement[];
  nowUnix: number;
  feeNano: SettleFee;
  policy: SettlementPolicy;
  /** Escrows, by account hash in hex, with a message whose end is not known; and lines or escrows that wait after a failure. */
  sent: ReadonlySet<string>;
  isHeldBack(escrow: string, line: string): boolean;
}

/** Every line that something was earned on, what ends first first. */
export function claimsOf(held: readonly HeldReceipt[], facts: ClaimFacts): Claim[] {
  const planned = new Set(facts.plans.flatMap(({ items }) => items.map(keyOf)));
  const claims: Claim[] = [];
  for (const [escrow, receipts] of byEscrow(held)) {
    for (const one of newestOfEachLine(receipts)) claims.push(claimOf(one, escrow, planned, facts));
  }
  return claims.sort((a, b) => a.lastSecond - b.lastSecond || (b.dueNano > a.dueNano ? 1 : -1));
}

function claimOf(held: HeldReceipt, escrow: string, planned: ReadonlySet<string>, facts: ClaimFacts): Claim {
  const { line, receipt } = held;
  const { nowUnix, feeNano, policy } = facts;
  const state = facts.states.get(escrow);
  const entry = state ? entryOf(held, state) : undefined;
  const ends = entry ?? { settleBy: line.settleBy, closeAt: 0 };
  const ended = nowUnix > lastSecond(ends);
  const costAlone = state ? feeNano(state, 1) : 0n;
  const claim = {
    key: keyOf(held),
    escrow: new Address(0, held.escrow),
    worker: new Address(0, line.workerAddress),
    lineId: lineId(line),
    final: (receipt.value.flags & RECEIPT_FINAL) !== 0,
    totalNano: receipt.value.total,
    capNano: entry?.capNano ?? 0n,
    paidNano: entry?.paidNano ?? 0n,
    dueNano: state === undefined ? receipt.value.total : dueOf(held, state, nowUnix),
    settleBy: line.settleBy,
    closeAt: entry?.closeAt ?? 0,
    lastSecond: lastSecond(ends),
    urgent: entry !== undefined && !ended && isUrgent(entry, nowUnix, policy),
    costAloneNano: costAlone,
    costInBatchNano: state ? feeNano(state, 2) - costAlone : 0n,
  };
  const stands = standingOf(claim, { known: entry !== undefined, ended, escrow, planned }, facts);
  return { ...claim, state: stands, next: nextOf(stands, claim, facts) };
}

/** An ended line keeps showing what it did not pay. */
function dueOf(held: HeldReceipt, state: EscrowState | null, nowUnix: number): bigint {
  const entry = state ? entryOf(held, state) : undefined;
  if (!entry) return 0n;
  return nowUnix > lastSecond(entry) ? unpaidNano(held, entry) : payableNano(held, state!, nowUnix);
}

type Facts = Omit<Claim, 'state' | 'next'>;

function standingOf(
  claim: Facts,
  {
    known,
    ended,
    escrow,
    planned,
  }: { known: boolean; ended: boolean; escrow: string; planned: ReadonlySet<string> },
  { sent, isHeldBack }: ClaimFacts,
): ClaimState {
  if (!known) return 'unknown';
  if (claim.dueNano === 0n) return 'paid';
  if (ended) return 'lost';
  if (sent.has(escrow)) return 'sent';
  if (isHeldBack(escrow, claim.key)) return 'held back';
  if (planned.has(claim.key)) return 'planned';
  return claim.dueNano <= claim.costInBatchNano ? 'dust' : 'waiting';
}

function nextOf(state: ClaimState, claim: Facts, { policy }: ClaimFacts): string {
  switch (state) {
    case 'planned':
      return claim.urgent ? 'settle now: its end is near' : 'settle now';
    case 'waiting': {
      if (claim.urgent)
        return `goes along with others: alone it costs ${formatCoins(claim.costAloneNano)} ${COIN_SYMBOL}`;
      const enough = formatCoins((claim.costAloneNano * 10_000n) / BigInt(Math.max(1, policy.feesBelowBps)));
      return `waits for ${enough} ${COIN_SYMBOL} due, or for its last ${Math.round(policy.urgentBeforeSeconds / 3_600)} hours`;
    }
    case 'dust':
      return 'costs more than it brings';
    case 'sent':
      return 'a message is on its way';
    case 'held back':
      return 'tried again later: the last try failed';
    case 'paid':
      return claim.final && claim.capNano > claim.paidNano
        ? 'its final receipt goes along with the next settle'
        : 'nothing is due';
    case 'lost':
      return 'ended unpaid';
    case 'unknown':
      return 'its escrow was not read, or has no such line';
  }
}

/** The claims that an operator must look at: worth a message, near their end, and unpaid. */
export function alarming(
  claims: readonly Claim[],
  nowUnix: number,
  { alertBeforeSeconds }: Pick<SettlementPolicy, 'alertBeforeSeconds'>,
): Claim[] {
  return claims.filter(
    ({ state, dueNano, costAloneNano, lastSecond: last }) =>
      dueNano > costAloneNano &&
      state !== 'lost' &&
      state !== 'unknown' &&
      last - nowUnix < alertBeforeSeconds,
  );
}
