import type { Clock, EscrowState, LineEntry } from '../chain/types';
import { ticketLayout, type Ticket } from '../protocol/signed';
import { verify } from '../protocol/ed25519';
import { CocoonError, type ErrorCode } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { lineId, type Line } from '../protocol/line';
import type { JobEnvelope } from '../protocol/wire';
import type { Exposure } from './exposure';
import type { ReceiptLedger } from './ledger';
import type { Link } from './link';
import type { LinkTable } from './links';
import type { RouterLimits } from './limits';
import type { WorkerTerms } from './offers';
import { lineKey } from './storedReceipt';

/** Finalized escrow state. Null when no genuine escrow lives there; throws when the chain cannot be read. */
export interface EscrowReader {
  /** Not older than `maxAgeSeconds`, a minute by default. */
  read(account: Buffer, maxAgeSeconds?: number): Promise<EscrowState | null>;
}

export interface AdmissionConfig {
  feeBps: number;
  /** First 160 bits of the account hash that gets this router's fee. */
  feeTo: Buffer;
  /** Whether lines that pay no router are served. */
  acceptFreeLines: boolean;
  limits: RouterLimits;
}

export interface AdmissionDeps {
  clock: Clock;
  escrows: EscrowReader;
  links: LinkTable;
  ledger: ReceiptLedger;
  exposure: Exposure;
}

type JobHead = Omit<JobEnvelope, 'ciphertext'>;

/** What is known of a job before its escrow is read. */
interface KnownJob {
  lineId: Buffer;
  ticketHash: Buffer;
  /** False for a ticket that was let through before. */
  isNew: boolean;
  link: Link;
}

/** A job whose head passed every check; its body is still to be compared with the ticket. */
export interface AdmittedJob {
  line: Line;
  lineId: Buffer;
  escrow: Buffer;
  domain: Buffer;
  ticket: Ticket;
  ticketHash: Buffer;
  entry: LineEntry;
  lineKey: string;
  link: Link;
}

export interface Admission {
  /** Throws CocoonError; changes nothing. */
  check(head: JobHead): Promise<AdmittedJob>;
  /** Checks again what may have changed while the body came, and takes a place for the job. */
  start(job: AdmittedJob): () => void;
}

/** Refusals that a newer block could lift: they are given only after the escrow was read again. */
const MAY_BE_OUTDATED: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  ...(['escrow_unknown', 'ticket_wrong_domain', 'ticket_bad_signature'] as const),
  ...(['line_unknown', 'line_below_min_cap', 'line_cap_exceeded'] as const),
]);
const REREAD_AGE_SECONDS = 2;

/**
 * What a router can know of a job before it relays it: section by section the checks that the worker will make
 * again. None of them protects money (the worker and the escrow do); they spare workers what they would refuse.
 */
export function createAdmission(config: AdmissionConfig, deps: AdmissionDeps): Admission {
  const { clock, escrows, links, ledger, exposure } = deps;

  const linkOf = (line: Line): Link => {
    const link = links.get(line.workerKey);
    if (!link) throw refuse('no_attested_worker', 'The worker of this line is not linked to this router.');
    if (!link.checked.workerAddress.equals(line.workerAddress)) {
      throw refuse('line_wrong_worker', "The line's key belongs to another Worker contract.");
    }
    return link;
  };

  const checkRoom = (job: AdmittedJob): void => {
    if (exposure.jobs >= config.limits.jobs) throw refuse('rate_limited', 'The router is full.');
    if (exposure.jobsOf(job.escrow) >= config.limits.jobsPerEscrow) {
      throw refuse('rate_limited', `An escrow runs at most ${config.limits.jobsPerEscrow} jobs at once.`);
    }
    if (job.link.draining()) throw refuse('draining', 'The worker is shutting down.');
    if (exposure.isKnown(job.ticketHash)) return;
    if (job.link.freeSlots() < 1) throw refuse('worker_busy', 'The worker has no free slot.');

    const earned = ledger.total(job.lineId, job.domain);
    const paid: bigint = job.entry.paidNano;
    const spent = (earned > paid ? earned : paid) + exposure.feesOf(job.lineKey);
    if (spent + job.ticket.maxFee > job.entry.capNano) {
      throw refuse(
        'line_cap_exceeded',
        `The line has ${job.entry.capNano - spent} of ${job.entry.capNano} nanotons left, the ticket may cost ${job.ticket.maxFee}.`,
      );
    }
  };

  /** All that depends on the escrow. */
  const judge = (head: JobHead, known: KnownJob, state: EscrowState | null): AdmittedJob => {
    const { line, escrow, ticket } = head;
    if (!state) throw refuse('escrow_unknown', 'No escrow of this registry has that address.');
    if (!ticket.value.domain.equals(state.domain)) {
      throw refuse('ticket_wrong_domain', 'The ticket carries the domain of another escrow.');
    }
    if (!state.signer || !verify(known.ticketHash, ticket.signature, state.signer)) {
      throw refuse('ticket_bad_signature', "The ticket is not signed by the escrow's signer.");
    }
    const entry = entryOf(state, known.lineId, line);
    if (known.isNew) checkEntry(entry, clock.now(), known.link.checked.minCapNano);

    const { domain } = state;
    const job = {
      line,
      escrow,
      domain,
      ticket: ticket.value,
      entry,
      lineKey: lineKey(known.lineId, domain),
      ...known,
    };
    checkRoom(job);
    return job;
  };

  const read = createBoundedReads(escrows, clock, config.limits.escrowReads);

  return {
    async check(head) {
      const { line, ticket } = head;
      const id = lineId(line);
      if (!id.equals(ticket.value.lineId))
        throw refuse('ticket_wrong_line', 'The ticket names another line.');
      const ticketHash = ticketLayout.hash(ticket.value);
      const isNew = !exposure.isKnown(ticketHash);
      if (isNew) checkTimes(ticket.value, clock.now());
      checkFee(line, config);
      const link = linkOf(line);
      checkTerms(line, link.terms);
      const known = { lineId: id, ticketHash, isNew, link };
      try {
        return judge(head, known, await read(head.escrow, LIMITS.chainReadMaxAgeSeconds));
      } catch (cause) {
        if (!(cause instanceof CocoonError) || !MAY_BE_OUTDATED.has(cause.code)) throw cause;
        return judge(head, known, await read(head.escrow, REREAD_AGE_SECONDS));
      }
    },
    start(job) {
      checkRoom(job);
      return exposure.take({ ...job, maxFee: job.ticket.maxFee });
    },
  };
}

function checkTimes(ticket: Ticket, nowUnix: number): void {
  if (ticket.issuedAt > nowUnix + LIMITS.clockSkewSeconds) {
    throw refuse(
      'ticket_not_yet_valid',
      `The ticket was issued at ${ticket.issuedAt}, and it is ${Math.floor(nowUnix)}.`,
    );
  }
  if (ticket.notAfter - ticket.issuedAt > LIMITS.ticketMaxSeconds) {
    throw refuse('ticket_too_long', `The ticket may start for ${ticket.notAfter - ticket.issuedAt} s.`);
  }
  if (ticket.notAfter < nowUnix) {
    throw refuse(
      'ticket_expired',
      `The ticket could start until ${ticket.notAfter}, and it is ${Math.floor(nowUnix)}.`,
    );
  }
}

function checkFee(line: Line, config: AdmissionConfig): void {
  if (line.feeBps === 0 && config.acceptFreeLines) return;
  if (line.feeBps === 0 || !line.feeTo.equals(config.feeTo) || line.feeBps < config.feeBps) {
    throw refuse(
      'line_fee_too_low',
      `This router serves lines that pay it ${config.feeBps} basis points${config.acceptFreeLines ? ', or no router at all' : ''}.`,
    );
  }
}

/** Reads escrows, so many at a time: whoever invents addresses must not make the chain's endpoint busy. */
function createBoundedReads(
  escrows: EscrowReader,
  clock: Clock,
  limit: number,
): (account: Buffer, maxAgeSeconds: number) => Promise<EscrowState | null> {
  let reading = 0;
  return async (account, maxAgeSeconds) => {
    if (reading >= limit) throw refuse('rate_limited', 'Too many escrows are being read.');
    reading += 1;
    try {
      const state = await escrows.read(account, maxAgeSeconds);
      if (!state || Math.abs(clock.now() - state.readAtUnix) <= LIMITS.chainReadMaxAgeSeconds) return state;
    } catch (cause) {
      throw new CocoonError('chain_unavailable', 'The escrow could not be read.', { cause });
    } finally {
      reading -= 1;
    }
    throw refuse('chain_unavailable', 'The escrow could not be read within the last minute.');
  };
}

function checkTerms(line: Line, terms: WorkerTerms): void {
  const listed = terms.listedFeeBps(line.feeTo);
  if (line.feeBps > listed) {
    throw refuse(
      'line_fee_too_high',
      `The worker's provider lists ${listed} basis points for that recipient.`,
    );
  }
  if (line.settleBy > terms.lastSettleBy) {
    throw refuse('line_too_long', `The worker key serves lines until ${terms.lastSettleBy}.`);
  }
}

function entryOf(state: EscrowState, id: Buffer, line: Line): LineEntry {
  const entry = state.lines.get(id.toString('hex'));
  if (!entry || entry.settleBy !== line.settleBy) {
    throw refuse('line_unknown', 'The escrow has no such line.');
  }
  return entry;
}

function checkEntry(entry: LineEntry, nowUnix: number, minCapNano: bigint): void {
  if (entry.closeAt !== 0) throw refuse('line_closing', `The line closes at ${entry.closeAt}.`);
  if (nowUnix >= entry.settleBy - LIMITS.noTicketsBeforeSettleBySeconds) {
    throw refuse('line_near_end', `The line ends at ${entry.settleBy}.`);
  }
  if (entry.capNano < minCapNano) {
    throw refuse('line_below_min_cap', `The worker serves lines of at least ${minCapNano} nanotons.`);
  }
}

function refuse(code: ErrorCode, message: string): CocoonError {
  return new CocoonError(code, message);
}
