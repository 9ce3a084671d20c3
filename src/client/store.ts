import { nano } from '../protocol/amounts';
import type { ErrorCode } from '../protocol/errors';
import { lineImage, parseLine } from '../protocol/line';
import { EMPTY_RANGE, type MountainRange } from '../protocol/mountainRange';
import {
  encodeSigned,
  receiptLayout,
  ticketLayout,
  type Receipt,
  type Signed,
  type Ticket,
} from '../protocol/signed';
import type { HeldLine } from './heldLine';
import { closeBooks, openBooks } from './storeSchema';

/** A job as it stands in the books; `receipt`, `record` and `proof` are what an auditor needs. */
export interface StoredJob {
  /** Job id in hex, also the receipt's id. */
  id: string;
  lineId: string;
  /** Worker key in hex. */
  worker: string;
  model: string;
  issuedAtUnix: number;
  maxFeeNano: bigint;
  /** Null while no record came. */
  feeNano: bigint | null;
  ticket: Buffer;
  record: Buffer | null;
  proof: Buffer | null;
  receipt: Buffer | null;
}

/** The client's durable books. Every method has stored what it was given when it returns. */
export interface Store {
  /** All lines of one escrow's life, with their open tickets. */
  lines(domain: Buffer): HeldLine[];
  addLine(domain: Buffer, line: HeldLine): void;
  raised(lineId: string, atUnix: number, capNano: bigint): void;
  endLine(domain: Buffer, lineId: string): void;
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
  }): void;
  /** Books what an audit found: its root, its sum, and the records that had not come before. */
  audited(
    domain: Buffer,
    line: { id: string; range: MountainRange; totalNano: bigint },
    jobs: readonly { jobId: string; feeNano: bigint; record: Buffer }[],
  ): void;
  /** Whether an earlier audit has counted that job. */
  wasAudited(jobId: string): boolean;
  jobs(limit: number, before?: number): StoredJob[];
  job(id: string): StoredJob | null;
  avoid(worker: string, code: ErrorCode, untilUnix: number): void;
  avoided(nowUnix: number): { worker: string; code: string }[];
  close(): void;
}

type Row = Record<string, unknown>;

export function openStore(dataDir: string | null): Store {
  const db = openBooks(dataDir);
  const q = {
    lines: db.prepare('SELECT * FROM lines WHERE domain = ?'),
    jobsOfLine: db.prepare(
      'SELECT job_id, max_nano, not_after, fee_nano FROM jobs WHERE domain = ? AND line_id = ?',
    ),
    raises: db.prepare('SELECT at FROM raises WHERE line_id = ? ORDER BY at'),
    addLine: db.prepare(
      `INSERT OR IGNORE INTO lines (domain, id, line, router, opened_at) VALUES (?, ?, ?, ?, ?)`,
    ),
    addRaise: db.prepare('INSERT INTO raises VALUES (?, ?, ?)'),
    endLine: db.prepare('UPDATE lines SET ended = 1 WHERE domain = ? AND id = ?'),
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
    wasAudited: db.prepare('SELECT audited FROM jobs WHERE job_id = ?'),
    jobs: db.prepare('SELECT * FROM jobs WHERE issued_at <= ? ORDER BY issued_at DESC LIMIT ?'),
    job: db.prepare('SELECT * FROM jobs WHERE job_id = ?'),
    avoid: db.prepare(
      'INSERT INTO avoided VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET code = excluded.code, until = excluded.until',
    ),
    avoided: db.prepare('SELECT worker, code FROM avoided WHERE until > ?'),
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
    lines: (domain) =>
      (q.lines.all(domain) as Row[]).map((row) =>
        heldLine(
          row,
          q.jobsOfLine.all(domain, text(row['id'])) as Row[],
          q.raises.all(text(row['id'])) as Row[],
        ),
      ),
    addLine(domain, line) {
      q.addLine.run(domain, line.id, lineImage(line.line), line.router, line.openedAtUnix);
    },
    raised: (lineId, atUnix, capNano) => void q.addRaise.run(lineId, Math.floor(atUnix), capNano.toString()),
    endLine: (domain, lineId) => void q.endLine.run(domain, lineId),
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
    settle({ domain, jobId, lineId, feeNano, record, proof, receipt, newest }) {
      const bytes = encodeSigned(receiptLayout, receipt);
      together(() => {
        q.settle.run(feeNano.toString(), record, proof, bytes, jobId.toString('hex'));
        if (newest) q.newest.run(receiptLayout.image(receipt.value), domain, lineId);
      });
    },
    audited: (domain, { id, range, totalNano }, jobs) =>
      together(() => {
        q.auditedLine.run(encodeRange(range), totalNano.toString(), domain, id);
        for (const { jobId, feeNano, record } of jobs) {
          q.auditedJob.run(feeNano.toString(), record, domain, jobId);
        }
      }),
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
    close: () => closeBooks(db),
  };
}

function heldLine(row: Row, jobs: Row[], raises: Row[]): HeldLine {
  const line = parseLine(bytes(row['line']));
  const settled = jobs.filter((job) => job['fee_nano'] !== null);
  const open = jobs.filter((job) => job['fee_nano'] === null);
  return {
    id: text(row['id']),
    line,
    workerId: line.workerKey.toString('hex'),
    router: text(row['router']),
    openedAtUnix: Number(row['opened_at']),
    knownNano: settled.reduce((sum, job) => sum + BigInt(text(job['fee_nano'])), 0n),
    knownJobs: settled.length,
    newest: row['newest'] === null ? null : receiptLayout.parse(bytes(row['newest'])),
    open: new Map(
      open.map((job) => [
        text(job['job_id']),
        {
          maxFeeNano: BigInt(text(job['max_nano'])),
          notAfter: Number(job['not_after']),
          running: false,
          refused: false,
        },
      ]),
    ),
    audited: {
      range: row['audited'] === null ? EMPTY_RANGE : decodeRange(bytes(row['audited'])),
      totalNano: BigInt(text(row['audited_nano'])),
    },
    raisedAt: raises.map((raise) => Number(raise['at'])),
    ended: row['ended'] === 1,
  };
}

function storedJob(row: Row): StoredJob {
  const optional = (value: unknown): Buffer | null => (value === null ? null : bytes(value));
  return {
    id: text(row['job_id']),
    lineId: text(row['line_id']),
    worker: text(row['worker']),
    model: text(row['model']),
    issuedAtUnix: Number(row['issued_at']),
    maxFeeNano: nano(text(row['max_nano'])),
    feeNano: row['fee_nano'] === null ? null : nano(text(row['fee_nano'])),
    ticket: bytes(row['ticket']),
    record: optional(row['record']),
    proof: optional(row['proof']),
    receipt: optional(row['receipt']),
  };
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new TypeError('the books hold a value of another type');
  return value;
}

function bytes(value: unknown): Buffer {
  if (!(value instanceof Uint8Array)) throw new TypeError('the books hold a value of another type');
  return Buffer.from(value);
}

/** `count:u48 ‖ peaks`. */
function encodeRange({ count, peaks }: MountainRange): Buffer {
  const head = Buffer.alloc(6);
  head.writeUIntBE(count, 0, 6);
  return Buffer.concat([head, ...peaks]);
}

function decodeRange(image: Buffer): MountainRange {
  const peaks: Buffer[] = [];
  for (let at = 6; at < image.length; at += 32) peaks.push(image.subarray(at, at + 32));
  return { count: image.readUIntBE(0, 6), peaks };
}
