import type { Settlement, Timers } from '../channel';
import type { Chain, Clock, EscrowState, LineEntry } from '../chain/types';
import { openEntry, type AllocateEntry } from '../protocol/allocate';
import { nano } from '../protocol/amounts';
import { escrowDomain } from '../protocol/domain';
import type { KeyPair } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { lineId, type Line } from '../protocol/line';
import { jobRecordImage, type JobRecord } from '../protocol/jobRecord';
import { EMPTY_RANGE, encodeProof, type MountainRange } from '../protocol/mountainRange';
import { RECEIPT_FINAL, type Receipt, type Signed, type Ticket } from '../protocol/signed';
import type { Address } from '@ton/core';
import { sendAllocation } from './allocation';
import {
  lineOf,
  lineTarget,
  planFunding,
  readDeposit,
  settleByFor,
  type Plan,
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
  /** The reply to that ticket is not read any more. */
  dropped(line: HeldLine, jobId: string): void;
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

  const withoutUnaudited = async (wishes: readonly Wish[], current: EscrowState): Promise<Wish[]> => {
    const honest: Wish[] = [];
    for (const wish of wishes) {
      // Found out since the wish was made.
      if (deps.isAvoided(wish.candidate.worker.id)) continue;
      const line = usable(wish.candidate);
      const unused = !line || (line.line.knownJobs === 0 && line.line.open.size === 0);
      if (unused || (await deps.audit(wish.candidate, line, current))) honest.push(wish);
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
    const line = newLine(step.candidate, current, now);
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
        const honest = await withoutUnaudited(wishes, before);
        if (!honest.includes(first)) return false;
        const now = clock.now();
        // An audit may have taken a while, and freed what lost tickets had reserved.
        const current = await escrow();
        if (hasRoom()) return true;
        const open = honest.filter(
          ({ candidate }) => lineOf(held, current, candidate, now) ?? settleByFor(candidate, now),
        );
        const plan = planFunding(config.funding, current, held, open, now);
        if ('refused' in plan) throw exhausted(plan);
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
      line.open.set(jobId.toString('hex'), { maxFeeNano: maxFee, notAfter, running: true });
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
    dropped(line, jobId) {
      const ticket = line.open.get(jobId);
      if (ticket) ticket.running = false;
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

  function newLine(candidate: Candidate, current: EscrowState, now: number): Line {
    const line: Line = {
      workerAddress: candidate.worker.address,
      settleBy: settleByFor(candidate, now) ?? now,
      feeBps: candidate.feeBps,
      feeTo: candidate.feeTo,
      workerKey: candidate.worker.key,
    };
    // The same fields would be the same line, and one that ended never comes back.
    while (current.lines.has(lineId(line).toString('hex'))) line.settleBy -= 1;
    return line;
  }
}

async function readEscrow(
  config: { escrow: Address; signer: KeyPair },
  chain: Chain,
  clock: Clock,
): Promise<EscrowState> {
  let state: EscrowState | null;
  try {
    state = await chain.escrow(config.escrow);
  } catch (cause) {
    throw new CocoonError('chain_unavailable', 'The escrow cannot be read.', { cause });
  }
  if (!state) throw new CocoonError('escrow_unknown', 'No escrow of this registry has that address.');
  if (Math.abs(clock.now() - state.readAtUnix) > LIMITS.clockSkewSeconds) {
    throw new CocoonError(
      'chain_unavailable',
      "The chain's last block is more than a minute from this clock.",
    );
  }
  if (!state.signer?.equals(config.signer.publicKey)) {
    throw new CocoonError('escrow_unknown', "The escrow does not name this client's signer.", {
      remedy: 'Open the escrow with this signer, or use the key file that it names.',
    });
  }
  const scope = { networkId: chain.networkId, registry: chain.registry.hash, self: config.escrow.hash };
  if (!escrowDomain(scope, state.born).equals(state.domain)) {
    throw new CocoonError(
      'chain_unavailable',
      'The endpoint reports an escrow domain that does not follow from its fields.',
    );
  }
  return state;
}

function exhausted(plan: Extract<Plan, { refused: string }>): CocoonError {
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
