import type { Address } from '@ton/core';
import type { EscrowState } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { readEscrow } from './escrowReader';
import { createFunder, type FunderDeps } from './fund';
import { lineOf, lineTarget, readDeposit, type Wish } from './funding';
import { roomNano, takesTickets, type EndReason, type HeldLine, type UsableLine } from './heldLine';
import { CLIENT_LIMITS } from './limits';
import { createLineBooks, type LineBooks } from './lineBooks';
import type { Candidate } from './market';
import type { FundingRules } from './policy';
import type { Signer } from './signer';

/** The client's lines: what the chain says of them, what our own books say, and the one signer that funds them. */
export interface Lines extends LineBooks {
  /** The finalized escrow, less than `maxAgeSeconds` old. Throws `escrow_unknown`, `chain_unavailable`. */
  escrow(maxAgeSeconds?: number): Promise<EscrowState>;
  /** The line that a job of this candidate can go through now, by the state that was read last. */
  usable(candidate: Candidate): UsableLine | null;
  /**
   * Opens or raises lines until the first wish has what it needs; later wishes are spares. False when the first
   * wish's worker does not stand an audit now. Throws CocoonError `escrow_exhausted`.
   */
  fund(wishes: readonly Wish[]): Promise<boolean>;
  /** Which of the candidates should get a spare line, when `opening` lines are being opened already. */
  spares(candidates: readonly Candidate[], opening: number): Candidate[];
  /** Closes lines; what they leave is free after the closing delay and a prune. */
  closeLines(ids: readonly string[], why: EndReason): Promise<void>;
  /** Lines that take tickets, or may do so in a moment. */
  openCount(): number;
  /** Whether that worker had so many keys lately that lines to it are soon of no use. */
  isRestless(candidate: Candidate): boolean;
  /** The cap by the state that was read last; null for a line that it does not show. */
  capNano(line: HeldLine): bigint | null;
  /** Lines that the escrow remembers, and those that it may be opening. */
  held(): readonly HeldLine[];
}

export function createLines(
  config: { escrow: Address; signer: Signer; funding: FundingRules },
  deps: FunderDeps,
): Lines {
  const { chain, clock, store } = deps;
  let state: EscrowState | null = null;
  let readAt = -Infinity;
  let reading: Promise<EscrowState> | null = null;
  let held: HeldLine[] = [];

  const load = async (): Promise<EscrowState> => {
    const asked = clock.now();
    const fresh = await readEscrow(config, chain, clock);
    if (!state?.domain.equals(fresh.domain)) {
      held = store.lines(fresh.domain, (id, openedAtUnix) => mayExist(fresh, id, openedAtUnix));
    }
    forgetAbsent(fresh);
    state = fresh;
    readAt = asked;
    return fresh;
  };
  const read = (): Promise<EscrowState> => (reading ??= load().finally(() => (reading = null)));

  /** Lines whose message was lost or refused never came to be; others are pruned after their last day. */
  const forgetAbsent = (fresh: EscrowState): void => {
    const absent = held.filter((line) => !mayExist(fresh, line.id, line.openedAtUnix));
    for (const line of absent) {
      if (line.knownJobs === 0 && line.open.size === 0) store.dropLine(fresh.domain, line.id);
    }
    if (absent.length > 0) held = held.filter((line) => !absent.includes(line));
  };

  const escrow = (maxAgeSeconds: number = CLIENT_LIMITS.escrowFreshSeconds): Promise<EscrowState> =>
    state && clock.now() - readAt < maxAgeSeconds ? Promise.resolve(state) : read();

  const usable = (candidate: Candidate): UsableLine | null => {
    const now = clock.now();
    const line = state && lineOf(held, state, candidate, now);
    const entry = line && state?.lines.get(line.id);
    if (!line || !entry || entry.capNano < candidate.ask.minCap) return null;
    return { line, entry, roomNano: roomNano(line, entry, now) };
  };

  const isRestless = ({ worker }: Candidate): boolean => {
    const since = clock.now() - CLIENT_LIMITS.restlessSeconds;
    const recent = held.filter(
      ({ line, openedAtUnix }) => openedAtUnix > since && line.workerAddress.equals(worker.address),
    );
    return new Set(recent.map(({ workerId }) => workerId)).size >= CLIENT_LIMITS.restlessKeys;
  };

  const books = createLineBooks(store, () => {
    // No line is held before the escrow was read.
    if (!state) throw new CocoonError('internal', 'The escrow was never read.');
    return state.domain;
  });

  const view = { escrow, read, usable, held: () => held, end: books.end };
  const funder = createFunder(config, { ...view, hold: (line) => void held.push(line) }, deps);

  return {
    ...books,
    ...funder,
    escrow,
    usable,
    held: () => held,
    spares(candidates, opening) {
      if (!state) return [];
      const now = clock.now();
      const current = state;
      const open = held.filter((line) => takesTickets(line, current.lines.get(line.id), now));
      const missing = lineTarget(config.funding, readDeposit(current, held, now)) - open.length - opening;
      const taken = new Set(open.map((line) => line.workerId));
      const spares: Candidate[] = [];
      for (const candidate of candidates) {
        if (spares.length >= missing) break;
        if (taken.has(candidate.worker.id) || isRestless(candidate)) continue;
        taken.add(candidate.worker.id);
        spares.push(candidate);
      }
      return spares;
    },
    openCount() {
      const now = clock.now();
      const isOpen = (line: HeldLine): boolean => {
        const entry = state?.lines.get(line.id);
        return entry ? takesTickets(line, entry, now) : line.ended === null;
      };
      return held.filter(isOpen).length;
    },
    isRestless,
    capNano: (line) => state?.lines.get(line.id)?.capNano ?? null,
  };
}

/** False once the escrow has no such line and no message can open it any more: the last one has expired. */
function mayExist(escrow: EscrowState, id: string, openedAtUnix: number): boolean {
  const lastSecond = openedAtUnix + CLIENT_LIMITS.allocateSeconds + CLIENT_LIMITS.signingSeconds;
  return escrow.lines.has(id) || escrow.readAtUnix <= lastSecond;
}
