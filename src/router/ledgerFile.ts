import { DatabaseSync, type DatabaseSyncInstance, type StatementSyncInstance } from '@photostructure/sqlite';
import { RECEIPT_BYTES, type StoredReceipt } from './storedReceipt';

/**
 * The SQLite file under the ledger: one row per line, its newest receipt. Write-ahead log with full
 * synchronisation, so a commit that returned survives a power cut. One process at a time holds the file.
 */
export interface LedgerFile {
  find(lineId: Buffer, domain: Buffer): StoredReceipt | null;
  /** All receipts of lines with this id: lines of several escrows may share one. */
  findByLine(lineId: Buffer): StoredReceipt[];
  all(): Iterable<StoredReceipt>;
  /** Receipts of lines to one Worker, by domain and line id; those after `after`, where it is given. */
  ofWorker(worker: Buffer, after: LineKey | null, limit: number): StoredReceipt[];
  /** All or nothing, and on disk when it returns. `between` runs before the commit. */
  write(receipts: Iterable<StoredReceipt>, conflicts: Iterable<Conflict>, between: () => void): void;
  /** By domain and line id; those after `after`, where it is given. */
  conflicts(after: LineKey | null, limit: number): Conflict[];
  /** Forgets lines whose settleBy is before the given Unix second; answers how many. */
  prune(beforeUnix: number): number;
  close(): void;
}

export interface LineKey {
  domain: Buffer;
  lineId: Buffer;
}

/**
 * Two receipts of one key for the same count of jobs and different totals or roots: proof for a slash. Each key slashes once,
 * so one pair of each is kept, and nobody fills the disk with more.
 */
export interface Conflict {
  escrow: Buffer;
  line: Buffer;
  first: Buffer;
  second: Buffer;
}

const SCHEMA_VERSION = 1;
const SCHEMA = `
  CREATE TABLE receipts (
    line_id   BLOB NOT NULL CHECK (length(line_id) = 20),
    domain    BLOB NOT NULL CHECK (length(domain) = 32),
    escrow    BLOB NOT NULL CHECK (length(escrow) = 32),
    line      BLOB NOT NULL CHECK (length(line) = 90),
    receipt   BLOB NOT NULL CHECK (length(receipt) = ${RECEIPT_BYTES}),
    settle_by INTEGER NOT NULL,
    PRIMARY KEY (line_id, domain)
  ) WITHOUT ROWID;
  CREATE TABLE conflicts (
    escrow BLOB NOT NULL,
    line   BLOB NOT NULL,
    first  BLOB NOT NULL,
    second BLOB NOT NULL,
    PRIMARY KEY (first, second)
  ) WITHOUT ROWID;
`;

/** A line's image begins with its Worker's account hash. */
const WORKER_INDEX = `
  CREATE INDEX IF NOT EXISTS receipts_of_worker ON receipts (substr(line, 1, 32), domain, line_id);
`;

/** A line's image ends with its worker key; domain and line id stand behind a receipt's tag. */
const CONFLICT_INDEXES = `
  CREATE UNIQUE INDEX IF NOT EXISTS conflict_of_key ON conflicts (substr(line, 59, 32));
  CREATE INDEX IF NOT EXISTS conflict_of_line ON conflicts (substr(first, 5, 32), substr(first, 37, 20));
`;

type Row = Record<string, unknown>;

export function openLedgerFile(path: string): LedgerFile {
  const db = new DatabaseSync(path);
  try {
    prepareFile(db);
  } catch (cause) {
    release(db);
    throw new Error(`the ledger ${path} cannot be opened: move it aside, or stop the process that holds it`, {
      cause,
    });
  }

  const one = db.prepare('SELECT * FROM receipts WHERE line_id = ? AND domain = ?');
  const byLine = db.prepare('SELECT * FROM receipts WHERE line_id = ?');
  const every = db.prepare('SELECT * FROM receipts ORDER BY settle_by');
  const ofWorker = db.prepare(
    `SELECT * FROM receipts WHERE substr(line, 1, 32) = ? AND (domain, line_id) > (?, ?)
     ORDER BY domain, line_id LIMIT ?`,
  );
  const upsert = db.prepare(
    `INSERT INTO receipts (line_id, domain, escrow, line, receipt, settle_by) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT DO UPDATE SET receipt = excluded.receipt`,
  );
  const remember = db.prepare(
    'INSERT OR IGNORE INTO conflicts (escrow, line, first, second) VALUES (?, ?, ?, ?)',
  );
  const remembered = db.prepare(
    `SELECT * FROM conflicts WHERE (substr(first, 5, 32), substr(first, 37, 20)) > (?, ?)
     ORDER BY substr(first, 5, 32), substr(first, 37, 20) LIMIT ?`,
  );
  const forget = db.prepare('DELETE FROM receipts WHERE settle_by < ?');

  return {
    find: (lineId, domain) => readRow(one.get(lineId, domain) as Row | undefined),
    findByLine: (lineId) => (byLine.all(lineId) as Row[]).map((row) => readRow(row)!),
    *all() {
      for (const row of every.iterate()) yield readRow(row as Row)!;
    },
    ofWorker(worker, after, limit) {
      const { domain, lineId } = after ?? BEGINNING;
      return (ofWorker.all(worker, domain, lineId, limit) as Row[]).map((row) => readRow(row)!);
    },
    write(receipts, conflicts, between) {
      db.exec('BEGIN IMMEDIATE');
      try {
        for (const row of receipts) insert(upsert, row);
        for (const { escrow, line, first, second } of conflicts) remember.run(escrow, line, first, second);
        between();
        db.exec('COMMIT');
      } catch (cause) {
        db.exec('ROLLBACK');
        throw cause;
      }
    },
    conflicts(after, limit) {
      const { domain, lineId } = after ?? BEGINNING;
      return (remembered.all(domain, lineId, limit) as Row[]).map((row) => ({
        escrow: blob(row['escrow']),
        line: blob(row['line']),
        first: blob(row['first']),
        second: blob(row['second']),
      }));
    },
    prune: (beforeUnix) => Number(forget.run(beforeUnix).changes),
    close: () => release(db),
  };
}

/** No domain is empty. */
const BEGINNING = { domain: Buffer.alloc(0), lineId: Buffer.alloc(0) };

function prepareFile(db: DatabaseSyncInstance): void {
  db.exec('PRAGMA busy_timeout = 5000; PRAGMA locking_mode = EXCLUSIVE;');
  const mode = db.prepare('PRAGMA journal_mode = WAL').get() as Row;
  if (mode['journal_mode'] !== 'wal' && mode['journal_mode'] !== 'memory') {
    throw new Error(`journal mode ${String(mode['journal_mode'])}`);
  }
  db.exec('PRAGMA synchronous = FULL');
  const check = db.prepare('PRAGMA quick_check(1)').get() as Row;
  if (check['quick_check'] !== 'ok') throw new Error(`damaged: ${String(check['quick_check'])}`);
  const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
  if (version !== 0 && version !== SCHEMA_VERSION)
    throw new Error(`schema ${version} is from another release`);
  if (version === 0) db.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
  db.exec(WORKER_INDEX + CONFLICT_INDEXES);
}

/** Prepared statements live until they are collected and would hold the file's lock as long: it is given up by hand. */
function release(db: DatabaseSyncInstance): void {
  try {
    db.exec(
      'PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master;',
    );
  } finally {
    db.close();
  }
}

function insert(upsert: StatementSyncInstance, row: StoredReceipt): void {
  upsert.run(row.lineId, row.domain, row.escrow, row.line, row.receipt, row.settleBy);
}

function readRow(row: Row | undefined): StoredReceipt | null {
  if (!row) return null;
  return {
    lineId: blob(row['line_id']),
    domain: blob(row['domain']),
    escrow: blob(row['escrow']),
    line: blob(row['line']),
    receipt: blob(row['receipt']),
    settleBy: Number(row['settle_by']),
  };
}

function blob(value: unknown): Buffer {
  const bytes = value as Uint8Array;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
