import { z } from 'zod';
import type { EscrowState } from '../chain/types';
import { CocoonError, type ErrorCode } from '../protocol/errors';
import { jobRecordImage, parseJobRecord, type JobRecord } from '../protocol/jobRecord';
import { append, leafHash, rootOf, type MountainRange } from '../protocol/mountainRange';
import { decodeSigned, ticketLayout, verifySigned, type Receipt, type Ticket } from '../protocol/signed';
import { faultOf, type Failures } from './failures';
import type { HeldLine } from './heldLine';
import { startJob, type JobDeps, type RunningJob } from './job';
import { CLIENT_LIMITS } from './limits';
import type { UsableLine } from './heldLine';
import type { Candidate } from './market';
import { withTimeout, type ReplyEvent } from './replyReader';
import { toCocoonError } from './respond';
import { NOTHING_DELIVERED } from './settlement';
import type { Store } from './store';

/** Whether a worker accounts for every job of its line. Never rejects; what is wrong is noted of the worker. */
export type Auditor = (candidate: Candidate, usable: UsableLine, escrow: EscrowState) => Promise<boolean>;

interface AuditDeps {
  job: JobDeps;
  store: Store;
  failures: Failures;
  onFault(workerId: string, error: CocoonError): void;
}

const AUDIT_PATH = '/cocoon/v1/audit';
const NOTHING = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0, audioMs: 0 };
const base64 = z.string().regex(/^[A-Za-z0-9+/]*={0,2}$/);
const answerSchema = z.strictObject({
  line: z.string(),
  jobs: z.number().int().nonnegative(),
  total_nano: z.string(),
  items: z
    .array(z.strictObject({ ticket: base64.max(300), record: base64.max(400) }))
    .max(CLIENT_LIMITS.auditItems),
  next: z.number().int().positive().nullable(),
});

interface AuditedJob {
  ticket: Ticket;
  record: JobRecord;
}

/** What the rounds of one audit have gathered so far; it is booked only once a signed root covers all of it. */
interface Progress {
  range: MountainRange;
  totalNano: bigint;
  /** Keyed by job id in hex. */
  jobs: Map<string, AuditedJob>;
}

/**
 * An audit: the worker hands over tickets and records since the last one. Each ticket bears our signature, no job is
 * counted twice, the fees add up to the signed total, and the records are the leaves of the signed root.
 */
export function createAuditor(deps: AuditDeps): Auditor {
  const { store, failures } = deps;
  const attempt: Auditor = async (candidate, usable, escrow) => {
    try {
      await audit(candidate, usable, escrow, deps);
      return true;
    } catch (error) {
      const named = toCocoonError(error);
      failures.note(candidate, faultOf(named), named.code);
      if (faultOf(named) === 'dishonest') deps.job.lines.end(usable.line, 'dishonest');
      deps.onFault(candidate.worker.id, named);
      return false;
    }
  };

  // Two audits of one line at a time would count from the same place, and take each other's jobs for counted twice.
  const running = new Map<string, Promise<boolean>>();
  return (candidate, usable, escrow) => {
    const { id } = usable.line;
    const already = running.get(id);
    if (already) return already;
    const run = attempt(candidate, usable, escrow).finally(() => running.delete(id));
    running.set(id, run);
    return run;
  };

  async function audit(
    candidate: Candidate,
    usable: UsableLine,
    escrow: EscrowState,
    { job }: AuditDeps,
  ): Promise<void> {
    const { line } = usable;
    const progress: Progress = { ...line.audited, jobs: new Map() };
    for (let round = 0; round < CLIENT_LIMITS.auditRounds; round++) {
      const { answer, receipt, own } = await ask(candidate, usable, escrow, progress.range.count, job);
      for (const item of answer.items) take(progress, readItem(item, line, escrow, job), store);
      if (answer.next === null) {
        demand(
          progress.range.count === answer.jobs,
          'audit_mismatch',
          'The audit hides jobs that it counts.',
        );
      }
      // Jobs that ended between this answer and its own record come with the next one.
      const isWhole = answer.next === null && own.index === progress.range.count;
      if (!isWhole) continue;
      take(progress, own, store);
      const fits =
        progress.range.count === Number(receipt.jobs) && rootOf(progress.range).equals(receipt.jobsRoot);
      demand(fits, 'audit_mismatch', 'The audited records are not the leaves of the signed root.');
      demand(
        progress.totalNano === receipt.total,
        'receipt_overcharged',
        'The audited fees do not add up to the total.',
      );
      job.lines.audited(line, progress);
      return;
    }
    throw new CocoonError('worker_failed', 'The line was never quiet enough for an audit.');
  }
}

async function ask(
  candidate: Candidate,
  usable: UsableLine,
  escrow: EscrowState,
  from: number,
  deps: JobDeps,
): Promise<{ answer: z.infer<typeof answerSchema>; receipt: Receipt; own: AuditedJob & { index: number } }> {
  const body = Buffer.from(JSON.stringify({ from, limit: CLIENT_LIMITS.auditItems }));
  const order = { path: AUDIT_PATH, body, model: AUDIT_PATH, maxFeeNano: 0n, bound: NOTHING, choices: 1 };
  const abort = new AbortController();
  let running: RunningJob | null = null;
  const run = async () => {
    running = await startJob({ candidate, usable, escrow, order }, abort.signal, deps);
    const { text, bill, status } = await readAll(running.events);
    const { receipt } = running.settle(bill, NOTHING_DELIVERED);
    const answer = answerSchema.safeParse(status === 200 ? parseJson(text) : null);
    if (!answer.success)
      throw new CocoonError('worker_failed', 'The worker gives no audit.', { cause: answer.error });
    const { record, proof } = bill.settlement;
    return { answer: answer.data, receipt, own: { ticket: running.ticket, record, index: proof.index } };
  };
  try {
    // All funding waits for this, whichever router is meant.
    return await withTimeout(run(), CLIENT_LIMITS.auditMs, deps.timers);
  } finally {
    (running as RunningJob | null)?.dropped();
    abort.abort();
  }
}

async function readAll(events: AsyncGenerator<ReplyEvent, void>) {
  let text = '';
  let status = 0;
  let bill: Extract<ReplyEvent, { kind: 'bill' }> | null = null;
  for await (const event of events) {
    if (event.kind === 'head') status = event.head.status;
    if (event.kind === 'data') text += event.data.toString('utf8');
    if (event.kind === 'bill') bill = event;
  }
  if (!bill) throw new CocoonError('stream_truncated', 'The audit ended before its receipt.');
  return { text, bill, status };
}

function readItem(
  item: { ticket: string; record: string },
  line: HeldLine,
  escrow: EscrowState,
  { signer }: JobDeps,
): AuditedJob {
  let signed;
  let record;
  try {
    signed = decodeSigned(ticketLayout, Buffer.from(item.ticket, 'base64'));
    record = parseJobRecord(Buffer.from(item.record, 'base64'));
  } catch (cause) {
    throw new CocoonError('audit_mismatch', 'An audited job cannot be read.', { cause });
  }
  const ticket = signed.value;
  const ours =
    ticket.domain.equals(escrow.domain) &&
    ticket.lineId.toString('hex') === line.id &&
    verifySigned(ticketLayout, signed, signer.publicKey);
  demand(ours, 'audit_mismatch', 'An audited job bears no ticket of ours.');
  return { ticket, record };
}

/** Adds one job, in the order of the leaves. */
function take(progress: Progress, job: AuditedJob, store: Store): void {
  const { ticket, record } = job;
  const id = ticket.jobId.toString('hex');
  demand(!progress.jobs.has(id) && !store.wasAudited(id), 'receipt_overcharged', 'A job is counted twice.');
  demand(
    record.ticketHash.equals(ticketLayout.hash(ticket)),
    'audit_mismatch',
    'A record is for another ticket.',
  );
  demand(record.fee <= ticket.maxFee, 'receipt_overcharged', 'A job cost more than its ticket allows.');
  progress.range = append(progress.range, leafHash(jobRecordImage(record)));
  progress.totalNano += record.fee;
  progress.jobs.set(id, job);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function demand(condition: boolean, code: ErrorCode, message: string): void {
  if (!condition) throw new CocoonError(code, message);
}
