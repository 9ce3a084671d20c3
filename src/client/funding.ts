import type { EscrowState } from '../chain/types';
import { reservedNano, roomNano, spentNano, takesTickets, unspentNano, type HeldLine } from './heldLine';
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
  { steps: Step[] } | { refused: 'no money' | 'no room' | 'budget' | 'raises' | 'entries'; detail: string };

export interface Wish {
  candidate: Candidate;
  /** What must fit into the line, at the least. */
  needNano: bigint;
}

/** How things stand when a plan is made. */
export interface FundingView {
  rules: FundingRules;
  escrow: EscrowState;
  held: readonly HeldLine[];
  /** What having lines cost lately, in hundredths of a percent of what was spent. */
  costBps: number;
  nowUnix: number;
}

/**
 * What to open and raise so that the wished lines can take their jobs, in the order of the wishes: the first must
 * succeed, later ones (spares) are left out when money, room or budget end. Pure; nothing is reserved.
 */
export function planFunding(view: FundingView, wishes: readonly Wish[]): Plan {
  const { rules, escrow, held, nowUnix } = view;
  const deposit = readDeposit(escrow, held, nowUnix);
  let room = (deposit.depositNano * BigInt(rules.roomPercent)) / 100n - deposit.unspentNano;
  let free = deposit.freeNano - rules.allocateBaseNano;
  let budget = escrow.signerBudgetNano - rules.allocateBaseNano;
  const steps: Step[] = [];
  let refusal: Plan | null = null;

  for (const wish of wishes.slice(0, CLIENT_LIMITS.allocateEntries)) {
    const size = sizeWish(view, deposit, wish, steps);
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
  { rules, escrow, held, costBps, nowUnix }: FundingView,
  deposit: Deposit,
  { candidate, needNano }: Wish,
  steps: readonly Step[],
): Sized | Extract<Plan, { refused: string }> {
  const line = lineOf(held, escrow, candidate, nowUnix);
  const minCap: bigint = candidate.ask.minCap;
  if (!line) {
    const entries = escrow.lines.size + steps.filter(({ kind }) => kind === 'open').length;
    if (entries >= rules.maxEntries)
      return { refused: 'entries', detail: `the escrow remembers ${entries} lines` };
    const leastNano = needNano > minCap ? needNano : minCap;
    const wantedNano = leastNano > rules.firstCapNano ? leastNano : rules.firstCapNano;
    return { step: { kind: 'open', candidate }, baseNano: 0n, leastNano, wantedNano };
  }
  const today = line.raises.filter(({ atUnix }) => atUnix > nowUnix - 86_400).length;
  if (today >= rules.raisesPerDay)
    return { refused: 'raises', detail: `${today} raises of one line in a day are enough` };
  const entry = escrow.lines.get(line.id)!;
  const missing = needNano - roomNano(line, entry, nowUnix);
  const belowMin = minCap - entry.capNano;
  const leastNano = missing > belowMin ? missing : belowMin;
  const fairNano =
    (deposit.depositNano * BigInt(rules.roomPercent)) / 100n / BigInt(lineTarget(rules, deposit));
  const size = raiseSizeNano(rules, line, {
    costBps,
    nowUnix,
    fairNano: fairNano - unspentNano(entry, line),
  });
  return {
    step: { kind: 'raise', line },
    baseNano: entry.capNano,
    leastNano: leastNano > 1n ? leastNano : 1n,
    wantedNano: size > leastNano ? size : leastNano,
  };
}

/** The line that a job of this candidate would go through, if it can still take one. */
export function lineOf(
  held: readonly HeldLine[],
  escrow: EscrowState,
  candidate: Candidate,
  nowUnix: number,
): HeldLine | null {
  return (
    held.find((line) => fits(line, candidate) && takesTickets(line, escrow.lines.get(line.id), nowUnix)) ??
    null
  );
}

/** Whether a job of this candidate would go through the line, money and time apart. */
export function fits(line: HeldLine, candidate: Candidate): boolean {
  return (
    line.workerId === candidate.worker.id &&
    line.router === candidate.router &&
    line.line.feeBps === candidate.feeBps &&
    line.line.feeTo.equals(candidate.feeTo)
  );
}

/**
 * Two days of the line's use. While lines cost more than they should, twice the raise before, as far as one line's fair
 * share of the deposit allows; a line that has grown stays so, for smaller raises would cost more again.
 */
export function raiseSizeNano(
  rules: FundingRules,
  line: HeldLine,
  { costBps, nowUnix, fairNano }: { costBps: number; nowUnix: number; fairNano: bigint },
): bigint {
  const { raiseMinNano, raiseMaxNano, costMaxBps } = rules;
  const use = clamp(useOfTwoDays(line, nowUnix), raiseMinNano, raiseMaxNano);
  const before = line.raises.at(-1)?.raiseNano ?? raiseMinNano;
  const grown = costBps > costMaxBps ? before * 2n : before;
  const allowed = least(grown, raiseMaxNano, fairNano);
  return allowed > use ? allowed : use;
}

function useOfTwoDays(line: HeldLine, nowUnix: number): bigint {
  const age = BigInt(Math.max(3_600, Math.floor(nowUnix - line.openedAtUnix)));
  return (spentNano(line) * 2n * 86_400n) / age;
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
