import { chmodSync } from 'node:fs';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { CocoonError } from '../protocol/errors';

const SCHEMA_VERSION = 1;
/** Amounts are nanotons, times Unix seconds. */
const SCHEMA = `
  CREATE TABLE receipts (
    domain    BLOB NOT NULL CHECK (length(domain) = 32),
    line_id   BLOB NOT NULL CHECK (length(line_id) = 20),
    escrow    BLOB NOT NULL CHECK (length(escrow) = 32),
    line      BLOB NOT NULL,
    receipt   BLOB NOT NULL,
    settle_by INTEGER NOT NULL,
    PRIMARY KEY (domain, line_id)
  ) WITHOUT ROWID;
  CREATE TABLE settlements (
    id          INTEGER PRIMARY KEY,
    escrow      BLOB NOT NULL,
    wallet      TEXT NOT NULL,
    body_hash   BLOB NOT NULL,
    seqno       INTEGER NOT NULL,
    valid_until INTEGER NOT NULL,
    sent_at     INTEGER NOT NULL,
    outcome     TEXT NOT NULL DEFAULT 'sent',
    ended_at    INTEGER,
    paid        INTEGER NOT NULL DEFAULT 0,
    spent       INTEGER NOT NULL DEFAULT 0,
    note        TEXT NOT NULL DEFAULT ''
  );
  CREATE INDEX settlements_sent ON settlements (id) WHERE outcome = 'sent';
  CREATE INDEX settlements_of_escrow ON settlements (escrow, ended_at);
  CREATE TABLE settled_lines (
    settlement INTEGER NOT NULL REFERENCES settlements (id) ON DELETE CASCADE,
    domain     BLOB NOT NULL,
    line_id    BLOB NOT NULL,
    due        INTEGER NOT NULL,
    paid       INTEGER NOT NULL DEFAULT 0,
    spent      INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (settlement, domain, line_id)
  ) WITHOUT ROWID;
  CREATE TABLE troubles (
    line    TEXT PRIMARY KEY,
    times   INTEGER NOT NULL,
    next_at INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE losses (
    line    TEXT PRIMARY KEY,
    escrow  BLOB NOT NULL,
    nano    INTEGER NOT NULL,
    seen_at INTEGER NOT NULL
  ) WITHOUT ROWID;
`;

/**
 * The SQLite file of a store: write-ahead log, full synchronisation, so that a commit that returned survives a power cut.
 * One process writes: it holds a second file, which the kernel lets go of when the process dies. Throws CocoonError
 * `store_locked` when another one holds it.
 */
export function openStoreFile(path: string): { db: DatabaseSyncInstance; close(): void } {
  const lock = path === ':memory:' ? null : holdLock(`${path}.lock`);
  try {
    const db = new DatabaseSync(path);
    if (lock) chmodSync(path, 0o600);
    db.exec('PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    db.exec('PRAGMA foreign_keys = ON');
    prepare(db, path);
    return {
      db,
      close() {
        db.close();
        lock?.close();
      },
    };
  } catch (error) {
    lock?.close();
    throw error;
  }
}

/** For reading beside the process that writes. Throws when there is no such file. */
export function openStoreForReading(path: string): DatabaseSyncInstance {
  const db = new DatabaseSync(path, { readOnly: true });
  db.exec('PRAGMA busy_timeout = 5000');
  checkVersion(versionOf(db), path);
  return db;
}

function holdLock(path: string): DatabaseSyncInstance {
  const lock = new DatabaseSync(path);
  try {
    lock.exec('PRAGMA busy_timeout = 1000; BEGIN EXCLUSIVE');
    return lock;
  } catch (cause) {
    lock.close();
    throw new CocoonError('store_locked', `${path} is held by another process.`, { cause });
  }
}

function prepare(db: DatabaseSyncInstance, path: string): void {
  const version = versionOf(db);
  if (version === 0) db.exec(`BEGIN; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
  else checkVersion(version, path);
}

function checkVersion(version: number, path: string): void {
  if (version === SCHEMA_VERSION) return;
  throw new Error(`${path} has schema ${version}, which is of another release: move it aside`);
}

function versionOf(db: DatabaseSyncInstance): number {
  return (db.prepare('PRAGMA user_version').get() as { user_version: number }).user_version;
}
