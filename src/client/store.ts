import type { ErrorCode } from '../protocol/errors';
import { lineImage, type Line } from '../protocol/line';
import type { MountainRange } from '../protocol/mountainRange';
import {
  encodeSigned,
  receiptLayout,
  ticketLayout,
  type Receipt,
  type Signed,
  type Ticket,
} from '../protocol/signed';
import type { KeptEvidence } from './evidence/kept';
import type { EndReason, HeldLine } from './heldLine';
import { encodeRange, heldLine, storedJob, text, type Row, type StoredJob } from './storeRows';
import { CLIENT_LIMITS } from './limits';
import { contradictedBy, storedContradiction, type StoredContradiction } from './storeContradictions';
import { createEvidenceShelf, type EvidenceBounds } from './storeEvidence';
import { closeBooks, openBooks } from './storeSchema';

/** What one transaction took from the escrow (an allocation) or from the housekeeping wallet (a prune). */
export interface CostEntry {
  /** Raw address of the account that paid. */
  account: string;
  /** Logical time of its transaction: with the account, its name. */
  lt: bigint;
  kind: 'allocate' | 'prune';
  atUnix: number;
  feeNano: bigint;
}

export interface CostSum {
  /** What workers billed. */
  spentNano: bigint;
  /** Allocations: openings, raises and closes, with their carriage and the rent that they found due. */
  allocations: { count: number; nano: bigint };
  prunes: { count: number; nano: bigint };
}

/** The client's durable books. Every method has stored what it was given when it returns. */
export interface Store {
  /** Those lines of one escrow's life that are `wanted`, with their open tickets. */
  lines(domain: Buffer, wanted?: (id: string, openedAtUnix: number) => boolean): HeldLine[];
  addLine(domain: Buffer, line: HeldLine): void;
  /** Forgets a line that never came to be. */
  dropLine(domain: Buffer, lineId: string): void;
  raised(lineId: string, raise: { atUnix: number; capNano: bigint; raiseNano: bigint }): void;
  endLine(domain: Buffer, lineId: string, why: EndReason): void;
  /** Before anything is sent. */
  journal(job: { ticket: Signed<Ticket>; worker: string; model: string }): void;
  /** Before the end of an answer is handed out. */
  settle(job: {
    domain: Buffer;
    jobId: Buffer;
    lineId: string;
    feeNano: bigint;
    record: Buffer;
    proof: Buffer;
    receipt: Signed<Receipt>;
    newest: boolean;
    /** Stored in the same step. */
    evidence?: KeptEvidence;
  }): void;
  /** What was stored with that job's bill; null where there is none, or none any more. */
  evidence(jobId: string): KeptEvidence | null;
  /** Books what an audit found: its root, its sum, and the records that had not come before. */
  audited(
    domain: Buffer,
    line: { id: string; range: MountainRange; totalNano: bigint },
    jobs: readonly { jobId: string; feeNano: bigint; record: Buffer }[],
  ): void;
  /**
   * Keeps a receipt of a line together with a stored one that counts as many jobs differently, and nothing where there
   * is none. Its signature was checked. The first pair of a key stays.
   */
  contradicted(line: Line, receipt: Signed<Receipt>): void;
  contradictions(): StoredContradiction[];
  /** Whether an earlier audit has counted that job. */
  wasAudited(jobId: string): boolean;
  jobs(limit: number, before?: number): StoredJob[];
  job(id: string): StoredJob | null;
  avoid(worker: string, code: ErrorCode, untilUnix: number): void;
  avoided(nowUnix: number): { worker: string; code: string }[];
  /** Books what one transaction cost; one that is known already is passed over. */
  addCost(cost: CostEntry): void;
  /** What jobs that were issued since then cost, and what it cost to have lines for them. */
  costsSince(atUnix: number): CostSum;
  close(): void;
}

export function openStore(dataDir: string | null, bounds: EvidenceBounds = CLIENT_LIMITS): Store {
  const db = openBooks(dataDir);
  const shelf = createEvidenceShelf(db, bounds);
  const q = {
    lines: db.prepare('SELECT * FROM lines WHERE domain = ?'),
    jobsOfLine: db.prepare(
      'SELECT job_id, max_nano, issued_at, not_after, fee_nano FROM jobs WHERE domain = ? AND line_id = ?',
    ),
    raises: db.prepare('SELECT at, raise_nano FROM raises WHERE line_id = ? ORDER BY at'),
    addLine: db.prepare(
      `INSERT OR IGNORE INTO lines (domain, id, line, router, opened_at) VALUES (?, ?, ?, ?, ?)`,
    ),
    dropLine: db.prepare('DELETE FROM lines WHERE domain = ? AND id = ?'),
    addRaise: db.prepare('INSERT INTO raises (line_id, at, cap_nano, raise_nano) VALUES (?, ?, ?, ?)'),
    endLine: db.prepare('UPDATE lines SET ended = 1, why = ? WHERE domain = ? AND id = ?'),
    journal: db.prepare(
      `INSERT INTO jobs (job_id, domain, line_id, worker, model, ticket, max_nano, issued_at, not_after)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    settle: db.prepare('UPDATE jobs SET fee_nano = ?, record = ?, proof = ?, receipt = ? WHERE job_id = ?'),
    newest: db.prepare('UPDATE lines SET newest = ? WHERE domain = ? AND id = ?'),
    auditedLine: db.prepare('UPDATE lines SET audited = ?, audited_nano = ? WHERE domain = ? AND id = ?'),
    auditedJob: db.prepare(
      `UPDATE jobs SET audited = 1, fee_nano = coalesce(fee_nano, ?), record = coalesce(record, ?)
       WHERE domain = ? AND job_id = ?`,
    ),
    receipts: db.prepare('SELECT receipt FROM jobs WHERE domain = ? AND line_id = ?'),
    contradicted: db.prepare(
      'INSERT OR IGNORE INTO contradictions (worker_key, worker, first, second) VALUES (?, ?, ?, ?)',
    ),
    contradictions: db.prepare('SELECT * FROM contradictions ORDER BY worker_key'),
    wasAudited: db.prepare('SELECT audited FROM jobs WHERE job_id = ?'),
    jobs: db.prepare('SELECT * FROM jobs WHERE issued_at <= ? ORDER BY issued_at DESC LIMIT ?'),
    job: db.prepare('SELECT * FROM jobs WHERE job_id = ?'),
    avoid: db.prepare(
      'INSERT INTO avoided VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET code = excluded.code, until = excluded.until',
    ),
    avoided: db.prepare('SELECT worker, code FROM avoided WHERE until > ?'),
    addCost: db.prepare('INSERT OR IGNORE INTO costs (account, lt, kind, at, nano) VALUES (?, ?, ?, ?, ?)'),
    costs: db.prepare(
      `SELECT kind, count(*) AS count, CAST(sum(CAST(nano AS INTEGER)) AS TEXT) AS nano
       FROM costs WHERE at >= ? GROUP BY kind`,
    ),
    spent: db.prepare(
      `SELECT CAST(coalesce(sum(CAST(fee_nano AS INTEGER)), 0) AS TEXT) AS nano FROM jobs WHERE issued_at >= ?`,
    ),
  };

  const together = (change: () => void): void => {
    db.exec('BEGIN IMMEDIATE');
    try {
      change();
      db.exec('COMMIT');
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  };

  return {
    lines: (domain, wanted = () => true) =>
      (q.lines.all(domain) as Row[])
        .filter((row) => wanted(text(row['id']), Number(row['opened_at'])))
        .map((row) =>
          heldLine(
            row,
            q.jobsOfLine.all(domain, text(row['id'])) as Row[],
            q.raises.all(text(row['id'])) as Row[],
          ),
        ),
    addLine(domain, line) {
      q.addLine.run(domain, line.id, lineImage(line.line), line.router, line.openedAtUnix);
    },
    dropLine: (domain, lineId) => void q.dropLine.run(domain, lineId),
    raised(lineId, { atUnix, capNano, raiseNano }) {
      q.addRaise.run(lineId, Math.floor(atUnix), capNano.toString(), raiseNano.toString());
    },
    endLine: (domain, lineId, why) => void q.endLine.run(why, domain, lineId),
    journal({ ticket, worker, model }) {
      const { value } = ticket;
      q.journal.run(
        value.jobId.toString('hex'),
        value.domain,
        value.lineId.toString('hex'),
        worker,
        model,
        encodeSigned(ticketLayout, ticket),
        value.maxFee.toString(),
        value.issuedAt,
        value.notAfter,
      );
    },
    settle({ domain, jobId, lineId, feeNano, record, proof, receipt, newest, evidence }) {
      const bytes = encodeSigned(receiptLayout, receipt);
      const id = jobId.toString('hex');
      together(() => {
        q.settle.run(feeNano.toString(), record, proof, bytes, id);
        if (newest) q.newest.run(receiptLayout.image(receipt.value), domain, lineId);
        if (evidence) shelf.put(id, evidence);
      });
    },
    evidence: shelf.get,
    audited: (domain, { id, range, totalNano }, jobs) =>
      together(() => {
        q.auditedLine.run(encodeRange(range), totalNano.toString(), domain, id);
        for (const { jobId, feeNano, record } of jobs) {
          q.auditedJob.run(feeNano.toString(), record, domain, jobId);
        }
      }),
    contradicted({ workerKey, workerAddress }, receipt) {
      const { domain, lineId } = receipt.value;
      const first = contradictedBy(q.receipts.all(domain, lineId.toString('hex')) as Row[], receipt);
      const second = encodeSigned(receiptLayout, receipt);
      if (first) q.contradicted.run(workerKey, workerAddress, first, second);
    },
    contradictions: () => (q.contradictions.all() as Row[]).map(storedContradiction),
    wasAudited: (jobId) => (q.wasAudited.get(jobId) as Row | undefined)?.['audited'] === 1,
    jobs: (limit, before = 0xffff_ffff) => (q.jobs.all(before, limit) as Row[]).map(storedJob),
    job(id) {
      const row = q.job.get(id) as Row | undefined;
      return row ? storedJob(row) : null;
    },
    avoid: (worker, code, untilUnix) => void q.avoid.run(worker, code, Math.floor(untilUnix)),
    avoided: (nowUnix) =>
      (q.avoided.all(Math.floor(nowUnix)) as Row[]).map((row) => ({
        worker: text(row['worker']),
        code: text(row['code']),
      })),
    addCost({ account, lt, kind, atUnix, feeNano }) {
      q.addCost.run(account, lt.toString(), kind, Math.floor(atUnix), feeNano.toString());
    },
    costsSince(atUnix) {
      const since = Math.floor(atUnix);
      const rows = new Map((q.costs.all(since) as Row[]).map((row) => [row['kind'], row]));
      const sumOf = (kind: CostEntry['kind']): { count: number; nano: bigint } => {
        const row = rows.get(kind);
        return row
          ? { count: Number(row['count']), nano: BigInt(text(row['nano'])) }
          : { count: 0, nano: 0n };
      };
      const [allocations, prunes] = [sumOf('allocate'), sumOf('prune')];
      const spentNano = BigInt(text((q.spent.get(since) as Row)['nano']));
      return { spentNano, allocations, prunes };
    },
    close: () => closeBooks(db),
  };
}
