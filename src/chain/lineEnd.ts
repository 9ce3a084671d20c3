import { lastSecond } from './dues';
import type { EscrowState, LineEntry } from './types';

/** Whether a prune would free money, or the rent of an entry that need not stand any more. */
export function isPrunable(line: LineEntry, nowUnix: number): boolean {
  return nowUnix > line.settleBy || isLeftBehind(line, nowUnix);
}

/** Whether a line ended with money in it. */
function isLeftBehind(line: LineEntry, nowUnix: number): boolean {
  return nowUnix > lastSecond(line) && line.capNano > line.paidNano;
}

export interface Prunable {
  /** Line ids in hex. */
  ids: string[];
  /** What they left, which a prune makes free. */
  leftNano: bigint;
  /** Entries that a prune deletes; the rent that was put aside for each is free then, too. */
  deleted: number;
}

/** Everything that a prune would do to an escrow now; the lines that left most come first. */
export function prunableLines(escrow: Pick<EscrowState, 'lines'>, nowUnix: number): Prunable {
  const found = [...escrow.lines]
    .filter(([, line]) => isPrunable(line, nowUnix))
    .map(([id, line]) => ({ id, line, leftNano: line.capNano - line.paidNano }))
    .sort((a, b) => (b.leftNano > a.leftNano ? 1 : b.leftNano < a.leftNano ? -1 : 0));
  return {
    ids: found.map(({ id }) => id),
    leftNano: found.reduce((sum, { leftNano }) => sum + leftNano, 0n),
    deleted: found.filter(({ line }) => nowUnix > line.settleBy).length,
  };
}

/** What has to happen before the unpaid rest of a line is free again. */
export interface LineRelease {
  /** At most this much, if nothing more is settled until then. */
  amountNano: bigint;
  /** The first second at which a prune frees it. */
  fromUnix: number;
  /** `open`: it ends by itself, or sooner when it is closed; `closing`; `ended`: a prune is all that is missing. */
  stage: 'open' | 'closing' | 'ended';
}

export function releaseOf(line: LineEntry, nowUnix: number): LineRelease {
  const fromUnix = lastSecond(line) + 1;
  const stage = nowUnix >= fromUnix ? 'ended' : line.closeAt === 0 ? 'open' : 'closing';
  return { amountNano: line.capNano - line.paidNano, fromUnix, stage };
}

/** The command with which anybody frees what ended lines left; its wallet pays the gas. */
export function pruneCommand(escrow: { address: { toString(): string } }): string {
  return `npx blueprint run pruneLines escrow=${escrow.address.toString()} lines=all`;
}
