import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { CocoonError } from '../protocol/errors';

const FILE = 'client.sqlite';
/** Amounts are decimal text: SQLite's integers have a sign, nanotons on the wire do not. Times are Unix seconds. */
const FIRST = `
  CREATE TABLE lines (
    domain      BLOB NOT NULL CHECK (length(domain) = 32),
    id          TEXT NOT NULL,
    line        BLOB NOT NULL CHECK (length(line) = 90),
    router      TEXT NOT NULL,
    opened_at   INTEGER NOT NULL,
    audited     BLOB,
    audited_nano TEXT NOT NULL DEFAULT '0',
    newest      BLOB,
    ended       INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (domain, id)
  ) WITHOUT ROWID;
  CREATE TABLE raises (line_id TEXT NOT NULL, at INTEGER NOT NULL, cap_nano TEXT NOT NULL);
  CREATE TABLE jobs (
    job_id     TEXT PRIMARY KEY,
    domain     BLOB NOT NULL,
    line_id    TEXT NOT NULL,
    worker     TEXT NOT NULL,
    model      TEXT NOT NULL,
    ticket     BLOB NOT NULL,
    max_nano   TEXT NOT NULL,
    issued_at  INTEGER NOT NULL,
    not_after  INTEGER NOT NULL,
    fee_nano   TEXT,
    record     BLOB,
    proof      BLOB,
    receipt    BLOB,
    audited    INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE INDEX jobs_by_line ON jobs (domain, line_id);
  CREATE INDEX jobs_by_time ON jobs (issued_at);
  CREATE TABLE avoided (worker TEXT PRIMARY KEY, code TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
`;

/** Why a line ended, how much each raise was, and what the chain took for allocations and prunes, by transaction. */
const MONEY = `
  ALTER TABLE lines ADD COLUMN why TEXT;
  ALTER TABLE raises ADD COLUMN raise_nano TEXT NOT NULL DEFAULT '0';
  CREATE TABLE costs (
    account TEXT NOT NULL,
    lt      TEXT NOT NULL,
    kind    TEXT NOT NULL CHECK (kind IN ('allocate', 'prune')),
    at      INTEGER NOT NULL,
    nano    TEXT NOT NULL,
    PRIMARY KEY (account, lt)
  ) WITHOUT ROWID;
`;

/** What shows where answers came from: parts once each, under their SHA-256; jobs of earlier books have none. */
const EVIDENCE = `
  ALTER TABLE jobs ADD COLUMN evidence BLOB;
  CREATE TABLE evidence_parts (
    hash  BLOB PRIMARY KEY CHECK (length(hash) = 32),
    bytes BLOB NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE evidence (
    id          BLOB PRIMARY KEY CHECK (length(id) = 32),
    head        TEXT NOT NULL,
    statement   BLOB NOT NULL,
    certificate BLOB NOT NULL,
    ask         BLOB NOT NULL,
    quote       BLOB NOT NULL,
    collateral  BLOB NOT NULL,
    used_at     INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX evidence_by_use ON evidence (used_at);
`;

/** Pairs of receipts that contradict each other: one for each key, which slashes once. */
const CONTRADICTIONS = `
  CREATE TABLE contradictions (
    worker_key BLOB PRIMARY KEY CHECK (length(worker_key) = 32),
    worker     BLOB NOT NULL CHECK (length(worker) = 32),
    first      BLOB NOT NULL,
    second     BLOB NOT NULL
  ) WITHOUT ROWID;
`;

/** What makes each version of the books out of the one before. */
const STEPS: readonly string[] = [FIRST, MONEY, EVIDENCE, CONTRADICTIONS];

/**
 * Opens the client's books, in memory for a null directory. Write-ahead log with full synchronisation: what a call
 * has stored survives a power cut. One process at a time holds them, or two would spend the same room.
 */
export function openBooks(dataDir: string | null): DatabaseSyncInstance {
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(dataDir === null ? ':memory:' : join(dataDir, FILE));
  try {
    db.exec(
      'PRAGMA busy_timeout = 2000; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; BEGIN IMMEDIATE',
    );
    const version = Number(
      (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version,
    );
    if (version > STEPS.length) throw new Error(`schema ${version} is newer than this program`);
    for (const step of STEPS.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${STEPS.length}`);
    db.exec('COMMIT');
  } catch (cause) {
    db.close();
    const isHeld = /database is locked/.test(String(cause));
    const where = `The client's books in ${dataDir ?? 'memory'}`;
    throw isHeld
      ? new CocoonError('books_in_use', `${where} are used by another process.`, { cause })
      : new CocoonError('internal', `${where} cannot be opened.`, { cause });
  }
  return db;
}

/** Closing alone would keep the lock until the statements are collected: leaving write-ahead mode gives it back. */
export function closeBooks(db: DatabaseSyncInstance): void {
  try {
    db.exec(
      'PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master;',
    );
  } finally {
    db.close();
  }
}
