/** Books as the first version made them, with one ended line that was raised once. */
export const FIRST_BOOKS = `
  CREATE TABLE lines (
    domain BLOB NOT NULL CHECK (length(domain) = 32), id TEXT NOT NULL, line BLOB NOT NULL CHECK (length(line) = 90),
    router TEXT NOT NULL, opened_at INTEGER NOT NULL, audited BLOB, audited_nano TEXT NOT NULL DEFAULT '0',
    newest BLOB, ended INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (domain, id)
  ) WITHOUT ROWID;
  CREATE TABLE raises (line_id TEXT NOT NULL, at INTEGER NOT NULL, cap_nano TEXT NOT NULL);
  CREATE TABLE jobs (
    job_id TEXT PRIMARY KEY, domain BLOB NOT NULL, line_id TEXT NOT NULL, worker TEXT NOT NULL, model TEXT NOT NULL,
    ticket BLOB NOT NULL, max_nano TEXT NOT NULL, issued_at INTEGER NOT NULL, not_after INTEGER NOT NULL,
    fee_nano TEXT, record BLOB, proof BLOB, receipt BLOB, audited INTEGER NOT NULL DEFAULT 0
  ) WITHOUT ROWID;
  CREATE INDEX jobs_by_line ON jobs (domain, line_id);
  CREATE INDEX jobs_by_time ON jobs (issued_at);
  CREATE TABLE avoided (worker TEXT PRIMARY KEY, code TEXT NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID;
  INSERT INTO lines (domain, id, line, router, opened_at, ended)
    VALUES (x'${'01'.repeat(32)}', '${'aa'.repeat(20)}', zeroblob(90), 'http://router.test', 5, 1);
  INSERT INTO raises VALUES ('${'aa'.repeat(20)}', 6, '100');
  PRAGMA user_version = 1;
`;
