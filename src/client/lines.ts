import type { Address } from '@ton/core';
import type { Settlement, Timers } from '../channel';
import type { Chain, Clock, EscrowState, LineEntry } from '../chain/types';
import { openEntry, type AllocateEntry } from '../protocol/allocate';
import { nano } from '../protocol/amounts';
import type { KeyPair } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import { lineId } from '../protocol/line';
import { jobRecordImage, type JobRecord } from '../protocol/jobRecord';
import { EMPTY_RANGE, encodeProof, type MountainRange } from '../protocol/mountainRange';
import { RECEIPT_FINAL, type Receipt, type Signed, type Ticket } from '../protocol/signed';
import { sendAllocation } from './allocation';
import { readEscrow } from './escrowReader';
import {
  exhausted,
  lineOf,
  lineTarget,
  newLine,
  planFunding,
  readDeposit,
  settleByFor,
  type Step,
  type Wish,
} from './funding';
import { roomNano, takesTickets, type HeldLine } from './heldLine';
import { CLIENT_LIMITS } from './limits';
import type { Candidate } from './market';
import type { FundingRules } from './policy';
import type { Store } from './store';

export interface UsableLine {
  line: HeldLine;
  entry: LineEntry;
  roomNano: bigint;
}

/** The client's lines: what the chain says of them, what our own books say, and the one signer that funds them. */
export interface Lines {
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
  /** Closes lines; what they leave is free after the closing delay. */
  closeLines(ids: readonly string[]): Promise<void>;
  /** Journals a ticket and reserves its maximum, before anything is sent. */
  issue(line: HeldLine, ticket: Signed<Ticket>, model: string): void;
  /** Books a verified bill; it is on disk when this returns. */
  settle(line: HeldLine, jobId: Buffer, settlement: Settlement, receipt: Signed<Receipt>): void;
  /** The cap by the state that was read last; null for a line that it does not show. */
  capNano(line: HeldLine): bigint | null;
  /** Books a whole audit: lost tickets get their records. */
  audited(line: HeldLine, audit: Audit): void;
  /** The reply to that ticket is not read any more, or was an error from the start: `refused`. */
  dropped(line: HeldLine, jobId: string, refused: boolean): void;
  end(line: HeldLine): void;
  held(): readonly HeldLine[];
}

/** Every job of a line since the audit before, covered by a signed root. */
export interface Audit {
  range: MountainRange;
  totalNano: bigint;
  /** Keyed by job id in hex. */
  jobs: ReadonlyMap<string, { record: JobRecord }>;
}

interface LinesDeps {
  chain: Chain;
  clock: Clock;
  timers: Timers;
  store: Store;
  isAvoided(workerId: string): boolean;
  /** Whether the worker accounted for all jobs of its line; raises come only after that. */
  audit(candidate: Candidate, usable: UsableLine, escrow: EscrowState): Promise<boolean>;
}

export function createLines(
  config: { escrow: Address; signer: KeyPair; funding: FundingRules },
  deps: LinesDeps,
): Lines {
  const { chain, clock, store } = deps;
  let state: EscrowState | null = null;
  let readAt = -Infinity;
  let reading: Promise<EscrowState> | null = null;
  let held: HeldLine[] = [];
  let funding: Promise<unknown> = Promise.resolve();

  const load = async (): Promise<EscrowState> => {
    const asked = clock.now();
    const fresh = await readEscrow(config, chain, clock);
    if (!state?.domain.equals(fresh.domain)) held = store.lines(fresh.domain);
    state = fresh;
    readAt = asked;
    return fresh;
  };
  const read = (): Promise<EscrowState> => (reading ??= load().finally(() => (reading = null)));

  const escrow = (maxAgeSeconds: number = CLIENT_LIMITS.escrowFreshSeconds): Promise<EscrowState> =>
    state && clock.now() - readAt < maxAgeSeconds ? Promise.resolve(state) : read();

  const usable = (candidate: Candidate): UsableLine | null => {
    const now = clock.now();
    const line = state && lineOf(held, state, candidate, now);
    const entry = line && state?.lines.get(line.id);
    if (!line || !entry || entry.capNano < candidate.ask.minCap) return null;
    return { line, entry, roomNano: roomNano(line, entry, now) };
  };

  /** One allocation at a time: they share a sequence number. */
  const exclusively = <T>(task: () => Promise<T>): Promise<T> => {
    const run = funding.then(task, task);
    funding = run.catch(() => undefined);
    return run;
  };

  const send = async (before: EscrowState, entries: AllocateEntry[], raiseNano: bigint): Promise<void> => {
    state = await sendAllocation(before, entries, raiseNano, { ...deps, signer: config.signer, read });
  };

  const isPossible = ({ candidate }: Wish): boolean => {
    const now = clock.now();
    // It may have been found out since the wish was made.
    if (!state || deps.isAvoided(candidate.worker.id)) return false;
    return lineOf(held, state, candidate, now) !== null || settleByFor(candidate, now) !== null;
  };

  const planOf = (wishes: readonly Wish[], current: EscrowState): { steps: Step[] } => {
    const plan = planFunding(config.funding, current, held, wishes, clock.now());
    if ('refused' in plan) throw exhausted(plan);
    return plan;
  };

  /** The wishes whose lines need no audit, or stand it. */
  const withoutUnaudited = async (
    wishes: readonly Wish[],
    plan: { steps: Step[] },
    current: EscrowState,
  ): Promise<Wish[]> => {
    const raised = new Set(plan.steps.flatMap((step) => (step.kind === 'raise' ? [step.line] : [])));
    const honest: Wish[] = [];
    for (const wish of wishes) {
      const own = usable(wish.candidate);
      const isUsed = own !== null && (own.line.knownJobs > 0 || own.line.open.size > 0);
      if (!own || !raised.has(own.line) || !isUsed || (await deps.audit(wish.candidate, own, current)))
        honest.push(wish);
    }
    return honest;
  };

  const enact = (current: EscrowState, step: Step): AllocateEntry => {
    const now = Math.floor(clock.now());
    if (step.kind === 'raise') {
      step.line.raisedAt.push(now);
      store.raised(step.line.id, now, step.capNano);
      return { kind: 'raise', cap: nano(step.capNano), lineId: Buffer.from(step.line.id, 'hex') };
    }
    const line = newLine(step.candidate, current, held, now);
    const opened: HeldLine = {
      id: lineId(line).toString('hex'),
      line,
      workerId: step.candidate.worker.id,
      router: step.candidate.router,
      openedAtUnix: now,
      knownNano: 0n,
      knownJobs: 0,
      newest: null,
      open: new Map(),
      audited: { range: EMPTY_RANGE, totalNano: 0n },
      raisedAt: [],
      ended: false,
    };
    // Stored before the message leaves: the chain keeps only the id, and the fields behind it must not be lost.
    store.addLine(current.domain, opened);
    held.push(opened);
    return openEntry(line, step.candidate.worker, nano(step.capNano));
  };

  return {
    escrow,
    usable,
    held: () => held,
    fund: (wishes) =>
      exclusively(async () => {
        const first = wishes[0];
        if (!first) return true;
        const before = await escrow(0);
        const hasRoom = (): boolean => (usable(first.candidate)?.roomNano ?? -1n) >= first.needNano;
        if (hasRoom()) return true;
        if (!isPossible(first)) return false;
        const wanted = wishes.filter(isPossible);
        const honest = await withoutUnaudited(wanted, planOf(wanted, before), before);
        if (!honest.includes(first)) return false;
        // An audit may have taken a while, and freed what lost tickets had reserved.
        const current = await escrow();
        if (hasRoom()) return true;
        const plan = planOf(honest, current);
        const raiseNano = plan.steps.reduce((sum, step) => sum + step.raiseNano, 0n);
        await send(
          current,
          plan.steps.map((step) => enact(current, step)),
          raiseNano,
        );
        if (!hasRoom()) throw new CocoonError('line_unknown', 'The escrow did not open or raise the line.');
        return true;
      }),
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
        if (taken.has(candidate.worker.id)) continue;
        taken.add(candidate.worker.id);
        spares.push(candidate);
      }
      return spares;
    },
    closeLines: (ids) =>
      exclusively(async () => {
        const current = await escrow(0);
        const open = ids.filter((id) => current.lines.get(id)?.closeAt === 0);
        for (const line of held) if (open.includes(line.id)) end(line);
        if (open.length === 0) return;
        const entries = open.map((id): AllocateEntry => ({ kind: 'close', lineId: Buffer.from(id, 'hex') }));
        await send(current, entries, 0n);
      }),
    issue(line, ticket, model) {
      const { jobId, maxFee, notAfter } = ticket.value;
      store.journal({ ticket, worker: line.workerId, model });
      line.open.set(jobId.toString('hex'), { maxFeeNano: maxFee, notAfter, running: true, refused: false });
    },
    settle(line, jobId, { record, image, proof }, receipt) {
      const newest = !line.newest || receipt.value.jobs > line.newest.jobs;
      store.settle({
        domain: receipt.value.domain,
        jobId,
        lineId: line.id,
        feeNano: record.fee,
        record: image,
        proof: encodeProof(proof),
        receipt,
        newest,
      });
      line.open.delete(jobId.toString('hex'));
      line.knownNano += record.fee;
      line.knownJobs += 1;
      if (newest) line.newest = receipt.value;
      if ((receipt.value.flags & RECEIPT_FINAL) !== 0) end(line);
    },
    capNano: (line) => state?.lines.get(line.id)?.capNano ?? null,
    audited(line, { range, totalNano, jobs }) {
      const found = [...jobs].map(([jobId, { record }]) => ({
        jobId,
        feeNano: record.fee,
        record: jobRecordImage(record),
      }));
      store.audited(domainOf(), { id: line.id, range, totalNano }, found);
      line.audited = { range, totalNano };
      for (const { jobId, feeNano } of found) {
        if (!line.open.delete(jobId)) continue;
        line.knownNano += feeNano;
        line.knownJobs += 1;
      }
    },
    dropped(line, jobId, refused) {
      const ticket = line.open.get(jobId);
      if (ticket) Object.assign(ticket, { running: false, refused });
    },
    end,
  };

  function domainOf(): Buffer {
    // No line is held before the escrow was read.
    if (!state) throw new CocoonError('internal', 'The escrow was never read.');
    return state.domain;
  }

  function end(line: HeldLine): void {
    line.ended = true;
    store.endLine(domainOf(), line.id);
  }
}
