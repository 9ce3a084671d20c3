import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { nano, type Nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { jobRecordImage, type JobRecord } from '../protocol/jobRecord';
import { lineId as idOf, lineImage, type Line } from '../protocol/line';
import {
  appendWithProof,
  EMPTY_RANGE,
  leafHash,
  rootOf,
  type InclusionProof,
} from '../protocol/mountainRange';
import { encodeSigned, ticketLayout, type Signed, type Ticket } from '../protocol/signed';
import { createGroupCommit, type FaultPoint } from './groupCommit';
import { openHighWater, staleness, type HighWater } from './highWater';
import { accountOf, type LineAccount, type LineRow } from './ledgerRows';
import { closeLedgerDatabase, JobState, openLedgerDatabase } from './ledgerSchema';

export type { LineAccount } from './ledgerRows';

/** What a receipt says, as it stands on disk. */
export interface Tally {
  domain: Buffer;
  lineId: Buffer;
  totalNano: Nano;
  jobs: number;
  jobsRoot: Buffer;
  final: boolean;
}

export interface RunningJob {
  readonly account: LineAccount;
  readonly ticket: Ticket;
}

export interface KnownJob {
  ticketHash: Buffer;
  state: JobState;
}

/** One row of an audit. */
export interface AuditItem {
  ticket: Buffer;
  record: Buffer;
}

export interface Ledger {
  account(domain: Buffer, lineId: Buffer): LineAccount | null;
  openAccount(fields: { domain: Buffer; escrow: Buffer; line: Line }): LineAccount;
  known(domain: Buffer, jobId: Buffer): KnownJob | null;
  /** Reserves at once; the promise resolves when the ticket is on disk and the job may run. */
  begin(account: LineAccount, ticket: Signed<Ticket>): { job: RunningJob; saved: Promise<void> };
  /** Bills a job: appends its record and raises the total. Resolves once that is on disk: only then may be signed. */
  finish(job: RunningJob, record: JobRecord): Promise<{ tally: Tally; proof: InclusionProof }>;
  /** Ends a job without a bill. */
  abandon(job: RunningJob): Promise<void>;
  /** Ends the line for good; null while a job of it runs. */
  finalise(account: LineAccount): Promise<Tally | null>;
  tally(account: LineAccount): Tally;
  accounts(): LineAccount[];
  audit(account: LineAccount, from: number, limit: number): AuditItem[];
  /** Forgets lines that settled before, with their jobs: nothing can be paid on them any more. */
  prune(beforeUnix: number): Promise<void>;
  /** Strictly rising over restarts. */
  nextSeq(atLeast: number): number;
  broken(): boolean;
  close(): void;
}

export const LEDGER_FILE = 'ledger.sqlite';

export interface LedgerConfig {
  stateDir: string;
  workerKey: Buffer;
  /** Whether to begin one, for a new key. */
  create: boolean;
  /** Of highWater.ts. */
  highWaterFile: string;
  bootId: string;
}

/**
 * Opens the ledger of `workerKey` in the state directory; null, and `onStale` is told why, when the directory holds
 * none, another key's, or an old copy. A key without all of its ledger must never sign again: it would contradict itself.
 */
export function openLedger(
  config: LedgerConfig,
  faultPoint: FaultPoint,
  onStale: (reason: string) => void = () => undefined,
): Ledger | null {
  const path = join(config.stateDir, LEDGER_FILE);
  const db = openLedgerDatabase(path);
  chmodSync(path, 0o600);
  const readMeta = db.prepare('SELECT value FROM meta WHERE name = ?');
  const writeMeta = db.prepare('INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)');
  const owner = (readMeta.get('worker_key') as { value: Uint8Array } | undefined)?.value;
  if (owner ? !config.workerKey.equals(owner) : !config.create) {
    closeLedgerDatabase(db);
    return null;
  }
  let committed = Number((readMeta.get('commits') as { value: number } | undefined)?.value ?? 0);
  const stale = owner && staleness(config.highWaterFile, config.workerKey, committed, config.bootId);
  if (stale) {
    onStale(stale);
    closeLedgerDatabase(db);
    return null;
  }
  const mark = openMark(config, committed, db);
  if (!owner) writeMeta.run('worker_key', config.workerKey);

  const statements = {
    line: db.prepare('SELECT * FROM lines WHERE domain = ? AND line_id = ?'),
    lines: db.prepare('SELECT * FROM lines'),
    putLine: db.prepare('INSERT OR REPLACE INTO lines VALUES (?, ?, ?, ?, ?, ?, ?, ?)'),
    job: db.prepare('SELECT ticket, state FROM jobs WHERE domain = ? AND job_id = ?'),
    addJob: db.prepare('INSERT INTO jobs VALUES (?, ?, ?, ?, 0, NULL, NULL)'),
    bill: db.prepare('UPDATE jobs SET state = 1, position = ?, record = ? WHERE domain = ? AND job_id = ?'),
    drop: db.prepare('UPDATE jobs SET state = 2 WHERE domain = ? AND job_id = ? AND state = 0'),
    dropLine: db.prepare('DELETE FROM lines WHERE domain = ? AND line_id = ?'),
    dropJobs: db.prepare('DELETE FROM jobs WHERE domain = ? AND line_id = ?'),
    audit: db.prepare(
      'SELECT ticket, record FROM jobs WHERE domain = ? AND line_id = ? AND position >= ? ORDER BY position LIMIT ?',
    ),
  };
  statements.line.setReadBigInts(true);
  statements.lines.setReadBigInts(true);

  const accounts = new Map<string, LineAccount>();
  const running = new Map<string, Buffer>();
  const commits = createGroupCommit(db, faultPoint, {
    counted: () => {
      writeMeta.run('commits', committed + 1);
      return committed + 1;
    },
    told: (count) => {
      committed = count;
      mark.raise(count);
    },
  });
  for (const row of statements.lines.all() as unknown as LineRow[]) {
    const account = accountOf(row);
    accounts.set(keyOf(account.domain, account.lineId), account);
  }

  const save = (account: LineAccount): void => {
    statements.putLine.run(
      account.domain,
      account.lineId,
      account.escrow,
      lineImage(account.line),
      account.totalNano,
      account.range.count,
      Buffer.concat(account.range.peaks),
      account.final ? 1 : 0,
    );
  };
  const release = (job: RunningJob): void => {
    if (!running.delete(keyOf(job.account.domain, job.ticket.jobId))) return;
    job.account.reservedNano = nano(job.account.reservedNano - job.ticket.maxFee);
  };

  let seq = Number((readMeta.get('seq') as { value: number | bigint } | undefined)?.value ?? 0);

  return {
    account: (domain, lineId) => accounts.get(keyOf(domain, lineId)) ?? null,
    openAccount({ domain, escrow, line }) {
      const lineId = idOf(line);
      const existing = accounts.get(keyOf(domain, lineId));
      if (existing) return existing;
      const account: LineAccount = {
        ...{ domain, lineId, escrow, line },
        ...{ totalNano: nano(0), range: EMPTY_RANGE, final: false, reservedNano: nano(0) },
      };
      accounts.set(keyOf(domain, lineId), account);
      return account;
    },
    known(domain, jobId) {
      const live = running.get(keyOf(domain, jobId));
      if (live) return { ticketHash: live, state: JobState.Running };
      const row = statements.job.get(domain, jobId) as { ticket: Uint8Array; state: number } | undefined;
      if (!row) return null;
      return {
        ticketHash: ticketLayout.hashImage(row.ticket.subarray(0, ticketLayout.size)),
        state: row.state,
      };
    },
    begin(account, ticket) {
      const { jobId, maxFee } = ticket.value;
      running.set(keyOf(account.domain, jobId), ticketLayout.hash(ticket.value));
      account.reservedNano = nano(account.reservedNano + maxFee);
      const saved = commits.run(() => {
        statements.addJob.run(account.domain, jobId, account.lineId, encodeSigned(ticketLayout, ticket));
      });
      return { job: { account, ticket: ticket.value }, saved };
    },
    async finish(job, record) {
      const { account } = job;
      const billed = await commits.run(() => {
        const image = jobRecordImage(record);
        const { range, proof } = appendWithProof(account.range, leafHash(image));
        account.range = range;
        account.totalNano = nano(account.totalNano + record.fee);
        statements.bill.run(proof.index, image, account.domain, job.ticket.jobId);
        save(account);
        return { tally: tallyOf(account), proof };
      });
      release(job);
      return billed;
    },
    async abandon(job) {
      await commits.run(() => {
        statements.drop.run(job.account.domain, job.ticket.jobId);
      });
      release(job);
    },
    async finalise(account) {
      if (account.reservedNano > 0n) return null;
      account.final = true;
      return commits.run(() => {
        save(account);
        return tallyOf(account);
      });
    },
    tally(account) {
      // After a failed commit memory may be ahead of the disk: nothing may be signed from it.
      if (commits.broken()) throw new CocoonError('internal', 'The ledger cannot be written.');
      return tallyOf(account);
    },
    accounts: () => [...accounts.values()],
    audit: (account, from, limit) =>
      (statements.audit.all(account.domain, account.lineId, from, limit) as unknown as AuditRow[]).map(
        (row) => ({
          ticket: Buffer.from(row.ticket),
          record: Buffer.from(row.record),
        }),
      ),
    async prune(beforeUnix) {
      const ended = [...accounts.values()].filter((account) => account.line.settleBy < beforeUnix);
      if (ended.length === 0) return;
      await commits.run(() => {
        for (const { domain, lineId } of ended) {
          statements.dropLine.run(domain, lineId);
          statements.dropJobs.run(domain, lineId);
          accounts.delete(keyOf(domain, lineId));
        }
      });
    },
    nextSeq(atLeast) {
      seq = Math.max(seq + 1, Math.floor(atLeast));
      writeMeta.run('seq', seq);
      return seq;
    },
    broken: () => commits.broken(),
    close() {
      commits.flush();
      mark.close();
      closeLedgerDatabase(db);
    },
  };
}

/** A ledger that cannot be used lets go of its file. */
function openMark(config: LedgerConfig, committed: number, db: DatabaseSyncInstance): HighWater {
  try {
    return openHighWater(config.highWaterFile, config.workerKey, committed, config.bootId);
  } catch (error) {
    closeLedgerDatabase(db);
    throw error;
  }
}

interface AuditRow {
  ticket: Uint8Array;
  record: Uint8Array;
}

function tallyOf(account: LineAccount): Tally {
  return {
    domain: account.domain,
    lineId: account.lineId,
    totalNano: account.totalNano,
    jobs: account.range.count,
    jobsRoot: rootOf(account.range),
    final: account.final,
  };
}

function keyOf(domain: Buffer, id: Buffer): string {
  return domain.toString('latin1') + id.toString('latin1');
}
