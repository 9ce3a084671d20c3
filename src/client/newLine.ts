import type { EscrowState } from '../chain/types';
import { LIMITS } from '../protocol/limits';
import { lineId, type Line } from '../protocol/line';
import type { HeldLine } from './heldLine';
import { CLIENT_LIMITS } from './limits';
import type { Candidate } from './market';

/** When a new line to this worker would end, or null when that is too soon to be worth it. */
export function settleByFor(candidate: Candidate, nowUnix: number): number | null {
  const longest = Math.floor(nowUnix) + LIMITS.lineMaxSeconds - CLIENT_LIMITS.lineSafetySeconds;
  const settleBy = Math.min(longest, candidate.worker.lastSettleBy);
  return settleBy - nowUnix < CLIENT_LIMITS.lineMinSeconds ? null : settleBy;
}

/**
 * A line to this candidate that neither the escrow nor our books have ever seen. `random32` keeps it apart from one that
 * another process with this signer opens at the same moment: two books that each know half of a line's jobs would take
 * its honest worker for a liar.
 */
export function newLine(
  candidate: Candidate,
  current: EscrowState,
  held: readonly HeldLine[],
  now: number,
  random32: number,
): Line {
  const line: Line = {
    workerAddress: candidate.worker.address,
    settleBy: (settleByFor(candidate, now) ?? now) - (random32 % CLIENT_LIMITS.lineSpreadSeconds),
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
