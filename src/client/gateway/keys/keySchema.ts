import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import { CocoonError } from '../../../protocol/errors';

const FILE = 'keys.sqlite';
/** Amounts are decimal text, times Unix seconds. A job without a fee may still be billed up to its maximum. */
const FIRST = `
  CREATE TABLE keys (
    id           TEXT PRIMARY KEY,
    hash         BLOB NOT NULL UNIQUE CHECK (length(hash) = 32),
    hint         TEXT NOT NULL,
    name         TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    revoked_at   INTEGER,
    expires_at   INTEGER,
    limit_nano   TEXT,
    rate_requests INTEGER,
    rate_seconds INTEGER,
    models       TEXT
  ) WITHOUT ROWID;
  CREATE TABLE jobs (
    job_id    TEXT PRIMARY KEY,
    caller    TEXT NOT NULL,
    model     TEXT NOT NULL,
    max_nano  TEXT NOT NULL,
    issued_at INTEGER NOT NULL,
    fee_nano  TEXT
  ) WITHOUT ROWID;
  CREATE INDEX open_jobs ON jobs (caller, issued_at) WHERE fee_nano IS NULL;
  CREATE TABLE usage (
    caller     TEXT NOT NULL,
    model      TEXT NOT NULL,
    requests   INTEGER NOT NULL,
    spent_nano TEXT NOT NULL,
    PRIMARY KEY (caller, model)
  ) WITHOUT ROWID;
`;
const STEPS: readonly string[] = [FIRST];

/**
 * Opens the key books beside the client's own, in memory for a null folder. Unlike those they are shared: `cocoon key`
 * writes while the gateway reads. Whatever was written survives the death of every process; what `lastingly` wrote
 * survives a power cut, too.
 */
export function openKeyFile(dataDir: string | null): DatabaseSyncInstance {
  if (dataDir !== null) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(dataDir === null ? ':memory:' : join(dataDir, FILE));
  try {
    db.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE',
    );
    const { user_version: version } = db.prepare('PRAGMA user_version').get() as { user_version: number };
    if (version > STEPS.length) throw new Error(`schema ${version} is newer than this program`);
    for (const step of STEPS.slice(version)) db.exec(step);
    db.exec(`PRAGMA user_version = ${STEPS.length}; COMMIT`);
  } catch (cause) {
    db.close();
    throw new CocoonError('internal', `The key books in ${dataDir ?? 'memory'} cannot be opened.`, { cause });
  }
  return db;
}

/** Runs a change that must not be undone by a power cut. */
export function lastingly<T>(db: DatabaseSyncInstance, change: () => T): T {
  db.exec('PRAGMA synchronous = FULL');
  try {
    return change();
  } finally {
    db.exec('PRAGMA synchronous = NORMAL');
  }
}
