import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';

/** Tables of one worker key. Blobs are hashes, signatures and records: nothing of a prompt or an answer. */
const TABLES = `
  CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS lines (
    domain BLOB NOT NULL,
    line_id BLOB NOT NULL,
    escrow BLOB NOT NULL,
    line BLOB NOT NULL,
    total INTEGER NOT NULL,
    jobs INTEGER NOT NULL,
    peaks BLOB NOT NULL,
    final INTEGER NOT NULL,
    PRIMARY KEY (domain, line_id)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS jobs (
    domain BLOB NOT NULL,
    job_id BLOB NOT NULL,
    line_id BLOB NOT NULL,
    ticket BLOB NOT NULL,
    state INTEGER NOT NULL,
    position INTEGER,
    record BLOB,
    PRIMARY KEY (domain, job_id)
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS jobs_of_line ON jobs (domain, line_id, position) WHERE position IS NOT NULL;
`;

export enum JobState {
  /** It runs; found after a restart, it was cut off, is not billed and reserves nothing. */
  Running = 0,
  Billed = 1,
  /** It ended without a bill, by a failure of this process. */
  Void = 2,
}

/**
 * Opens the ledger so that a commit that returned is on disk, and for this process alone: two that sign with one
 * key would write two histories.
 */
export function openLedgerDatabase(path: string): DatabaseSyncInstance {
  const db = new DatabaseSync(path);
  db.exec('PRAGMA busy_timeout = 2000; PRAGMA locking_mode = EXCLUSIVE;');
  db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
  db.exec(TABLES);
  return db;
}

/** Lets go of the file: prepared statements would otherwise hold its lock until they are collected as garbage. */
export function closeLedgerDatabase(db: DatabaseSyncInstance): void {
  try {
    db.exec(
      'PRAGMA journal_mode = DELETE; PRAGMA locking_mode = NORMAL; SELECT count(*) FROM sqlite_master;',
    );
  } finally {
    db.close();
  }
}
