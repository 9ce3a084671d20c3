import type { EscrowState } from '../chain/types';
import { fits } from './funding';
import { takesTickets, type EndReason, type HeldLine } from './heldLine';
import { CLIENT_LIMITS } from './limits';
import { isAffordable, type Candidate } from './market';
import type { Policy } from './policy';

/** What is known when lines are judged. */
export interface Outlook {
  escrow: EscrowState;
  held: readonly HeldLine[];
  /** All that may be used now; null when no order book is to be had, and so nothing is known. */
  candidates: readonly Candidate[] | null;
  policy: Policy;
  isAvoided(workerId: string): boolean;
  /** Lines to keep open while this client is in use. */
  target: number;
  nowUnix: number;
}

/** How long each line was of no use, by line id: counted only while somebody looked. */
export interface Absences {
  /** Notes what this look shows; returns for how many seconds the line was of no use. */
  note(lineId: string, isUseful: boolean, nowUnix: number): number;
}

export function createAbsences(): Absences {
  const seen = new Map<string, { seconds: number; atUnix: number }>();
  return {
    note(lineId, isUseful, nowUnix) {
      if (isUseful) seen.delete(lineId);
      if (isUseful) return 0;
      const before = seen.get(lineId);
      const since = before ? Math.min(nowUnix - before.atUnix, CLIENT_LIMITS.lookSeconds) : 0;
      const seconds = (before?.seconds ?? 0) + since;
      seen.set(lineId, { seconds, atUnix: nowUnix });
      return seconds;
    },
  };
}

/** Open lines that nothing more should be bought through, and why. Says nothing of lines that these books do not know. */
export function uselessLines(outlook: Outlook, absences: Absences): Map<HeldLine, EndReason> {
  const { escrow, held, nowUnix } = outlook;
  const open = held.filter((line) => takesTickets(line, escrow.lines.get(line.id), nowUnix));
  const useless = new Map<HeldLine, EndReason>();
  for (const line of open) {
    const reason = reasonOf(line, outlook, absences);
    if (reason !== null) useless.set(line, reason);
  }
  for (const line of unusedLines(
    open.filter((line) => !useless.has(line)),
    outlook,
  ))
    useless.set(line, 'unused');
  return useless;
}

function reasonOf(line: HeldLine, outlook: Outlook, absences: Absences): EndReason | null {
  const { candidates, policy, nowUnix } = outlook;
  if (outlook.isAvoided(line.workerId)) return 'dishonest';
  if (candidates === null) return null;
  if (isReplaced(line, candidates)) return 'key replaced';
  const fitting = candidates.filter((candidate) => fits(line, candidate));
  const isUseful = fitting.some((candidate) => isAffordable(policy, candidate));
  if (absences.note(line.id, isUseful, nowUnix) < CLIENT_LIMITS.uselessSeconds) return null;
  return fitting.length > 0 ? 'too dear' : 'gone';
}

/** Its worker offers models under another key, and none under this one: that key's machine is gone. */
function isReplaced(line: HeldLine, candidates: readonly Candidate[]): boolean {
  const ofWorker = candidates.filter(({ worker }) => worker.address.equals(line.line.workerAddress));
  return ofWorker.length > 0 && ofWorker.every(({ worker }) => worker.id !== line.workerId);
}

/**
 * Lines without a job for days: all of them when the client itself had none, else those beyond the spares that it keeps
 * anyway, the longest unused first. A spare that is closed would only be opened again.
 */
function unusedLines(open: readonly HeldLine[], { target, nowUnix }: Outlook): HeldLine[] {
  const isUnused = ({ usedAtUnix }: HeldLine): boolean => nowUnix - usedAtUnix > CLIENT_LIMITS.unusedSeconds;
  const unused = open.filter(isUnused).sort((a, b) => a.usedAtUnix - b.usedAtUnix);
  if (unused.length === open.length) return unused;
  return unused.slice(0, Math.max(0, open.length - target));
}
