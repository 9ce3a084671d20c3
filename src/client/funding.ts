import type { EscrowState, LineEntry } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { lineId, type Line } from '../protocol/line';
import { reservedNano, roomNano, spentNano, takesTickets, type HeldLine } from './heldLine';
import { CLIENT_LIMITS } from './limits';
import type { Candidate } from './market';
import type { FundingRules } from './policy';

/** How the deposit stands, as this client's own books see it: what was billed but not yet settled counts as gone. */
export interface Deposit {
  freeNano: bigint;
  /** Free money and all unspent caps. */
  depositNano: bigint;
  /** Unspent caps of open lines. */
  unspentNano: bigint;
  /** Maximum fees of jobs that may still be running. */
  reservedNano: bigint;
}

export function readDeposit(escrow: EscrowState, held: readonly HeldLine[], nowUnix: number): Deposit {
  const books = new Map(held.map((line) => [line.id, line]));
  let unspent = 0n;
  let reserved = 0n;
  for (const [id, entry] of escrow.lines) {
    const line = books.get(id);
    unspent += unspentNano(entry, line);
    if (line) reserved += reservedNano(line, nowUnix);
  }
  const free: bigint = escrow.freeNano;
  return { freeNano: free, depositNano: free + unspent, unspentNano: unspent, reservedNano: reserved };
}

/** Lines to have open: few while the deposit is small, so that it is not cut into crumbs. */
export function lineTarget(rules: FundingRules, deposit: Deposit): number {
  return deposit.depositNano < rules.manyLinesFromNano ? rules.fewLines : rules.manyLines;
}

export type Step =
  | { kind: 'open'; candidate: Candidate; capNano: bigint; raiseNano: bigint }
  | { kind: 'raise'; line: HeldLine; capNano: bigint; raiseNano: bigint };

export type Plan =
  { steps: Step[] } | { refused: 'no money' | 'no room' | 'budget' | 'raises'; detail: string };

export interface Wish {
  candidate: Candidate;
  /** What must fit into the line, at the least. */
  needNano: bigint;
}

/**
 * What to open and raise so that the wished lines can take their jobs, in the order of the wishes: the first must
 * succeed, later ones (spares) are left out when money, room or budget end. Pure; nothing is reserved.
 */
export function planFunding(
  rules: FundingRules,
  escrow: EscrowState,
  held: readonly HeldLine[],
  wishes: readonly Wish[],
  nowUnix: number,
): Plan {
  const deposit = readDeposit(escrow, held, nowUnix);
  let room = (deposit.depositNano * BigInt(rules.roomPercent)) / 100n - deposit.unspentNano;
  let free = deposit.freeNano - rules.allocateBaseNano;
  let budget = escrow.signerBudgetNano - rules.allocateBaseNano;
  const steps: Step[] = [];
  let refusal: Plan | null = null;

  for (const wish of wishes.slice(0, CLIENT_LIMITS.allocateEntries)) {
    const size = sizeWish(rules, escrow, held, wish, nowUnix);
    if ('refused' in size) {
      refusal ??= size;
      continue;
    }
    const most = least(free - rules.allocatePerLineNano, room, budget - rules.allocatePerLineNano);
    const raise = size.wantedNano < most ? size.wantedNano : most;
    if (raise < size.leastNano) {
      refusal ??= explain(size.leastNano, free, room, budget);
      continue;
    }
    steps.push({ ...size.step, capNano: size.baseNano + raise, raiseNano: raise });
    free -= raise + rules.allocatePerLineNano;
    budget -= raise + rules.allocatePerLineNano;
    room -= raise;
  }
  return steps.length > 0 ? { steps } : (refusal ?? { refused: 'no money', detail: 'nothing was wished' });
}

type Sized = {
  step: { kind: 'open'; candidate: Candidate } | { kind: 'raise'; line: HeldLine };
  baseNano: bigint;
  leastNano: bigint;
  wantedNano: bigint;
};

function sizeWish(
  rules: FundingRules,
  escrow: EscrowState,
  held: readonly HeldLine[],
  { candidate, needNano }: Wish,
  nowUnix: number,
): Sized | Extract<Plan, { refused: string }> {
  const line = lineOf(held, escrow, candidate, nowUnix);
  const minCap: bigint = candidate.ask.minCap;
  if (!line) {
    const leastNano = needNano > minCap ? needNano : minCap;
    const wantedNano = leastNano > rules.firstCapNano ? leastNano : rules.firstCapNano;
    return { step: { kind: 'open', candidate }, baseNano: 0n, leastNano, wantedNano };
  }
  const today = line.raisedAt.filter((at) => at > nowUnix - 86_400).length;
  if (today >= rules.raisesPerDay)
    return { refused: 'raises', detail: `${today} raises of one line in a day are enough` };
  const entry = escrow.lines.get(line.id)!;
  const missing = needNano - roomNano(line, entry, nowUnix);
  const belowMin = minCap - entry.capNano;
  const leastNano = missing > belowMin ? missing : belowMin;
  const use = clamp(useOfTwoDays(line, nowUnix), rules.raiseMinNano, rules.raiseMaxNano);
  return {
    step: { kind: 'raise', line },
    baseNano: entry.capNano,
    leastNano: leastNano > 1n ? leastNano : 1n,
    wantedNano: use > leastNano ? use : leastNano,
  };
}

/** The line that a job of this candidate would go through, if it can still take one. */
export function lineOf(
  held: readonly HeldLine[],
  escrow: EscrowState,
  candidate: Candidate,
  nowUnix: number,
): HeldLine | null {
  const fits = (line: HeldLine): boolean =>
    line.workerId === candidate.worker.id &&
    line.router === candidate.router &&
    line.line.feeBps === candidate.feeBps &&
    line.line.feeTo.equals(candidate.feeTo) &&
    takesTickets(line, escrow.lines.get(line.id), nowUnix);
  return held.find(fits) ?? null;
}

function useOfTwoDays(line: HeldLine, nowUnix: number): bigint {
  const age = BigInt(Math.max(3_600, Math.floor(nowUnix - line.openedAtUnix)));
  return (spentNano(line) * 2n * 86_400n) / age;
}

function unspentNano(entry: LineEntry, line: HeldLine | undefined): bigint {
  const paid: bigint = entry.paidNano;
  const billed = line ? spentNano(line) : 0n;
  const unspent = entry.capNano - (billed > paid ? billed : paid);
  return unspent > 0n ? unspent : 0n;
}

/** When a new line to this worker would end, or null when that is too soon to be worth it. */
export function settleByFor(candidate: Candidate, nowUnix: number): number | null {
  const longest = Math.floor(nowUnix) + LIMITS.lineMaxSeconds - CLIENT_LIMITS.lineSafetySeconds;
  const settleBy = Math.min(longest, candidate.worker.lastSettleBy);
  return settleBy - nowUnix < CLIENT_LIMITS.lineMinSeconds ? null : settleBy;
}

function explain(leastNano: bigint, free: bigint, room: bigint, budget: bigint): Plan {
  const detail = `a line needs ${leastNano} nanotons`;
  if (free < leastNano)
    return { refused: 'no money', detail: `${detail}, ${free > 0n ? free : 0n} are free` };
  if (room < leastNano)
    return { refused: 'no room', detail: `${detail}, lines may hold ${room > 0n ? room : 0n} more` };
  return { refused: 'budget', detail: `${detail}, the signer may spend ${budget > 0n ? budget : 0n}` };
}

function clamp(value: bigint, low: bigint, high: bigint): bigint {
  return value < low ? low : value > high ? high : value;
}

function least(...values: bigint[]): bigint {
  return values.reduce((a, b) => (b < a ? b : a));
}

/** A line to this candidate that neither the escrow nor our books have ever seen. */
export function newLine(
  candidate: Candidate,
  current: EscrowState,
  held: readonly HeldLine[],
  now: number,
): Line {
  const line: Line = {
    workerAddress: candidate.worker.address,
    settleBy: settleByFor(candidate, now) ?? now,
    feeBps: candidate.feeBps,
    feeTo: candidate.feeTo,
    workerKey: candidate.worker.key,
  };
  // The same fields would be the same line: one that ended never comes back, and two routers that name one recipient
  // would share a line whose bills each half of the books knows only in part.
  const isTaken = (id: string): boolean => current.lines.has(id) || held.some((known) => known.id === id);
  while (isTaken(lineId(line).toString('hex'))) line.settleBy -= 1;
  return line;
}

export function exhausted(plan: Extract<Plan, { refused: string }>): CocoonError {
  switch (plan.refused) {
    case 'no money':
      return new CocoonError('escrow_exhausted', `The escrow has too little free money: ${plan.detail}.`);
    case 'no room':
      return new CocoonError('escrow_exhausted', `Lines would hold too much of the deposit: ${plan.detail}.`);
    case 'budget':
      return new CocoonError('escrow_exhausted', `The signer's budget is used up: ${plan.detail}.`, {
        remedy: "Set the signer anew with a larger budget, from the client's own address.",
      });
    case 'raises':
      return new CocoonError('escrow_exhausted', `The line was raised too often: ${plan.detail}.`, {
        remedy: 'Wait a day, or close the line so that another is opened.',
      });
  }
}
