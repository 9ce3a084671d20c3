import { randomBytes } from 'node:crypto';
import { CocoonError } from '../../../protocol/errors';
import { LIMITS } from '../../../protocol/limits';
import { CLIENT_LIMITS, GATEWAY_LIMITS } from '../../limits';
import { amountOf, issuedKey, textOf, type Row } from './keyRows';
import { lastingly, openKeyFile } from './keySchema';
import type { IssuedKey, KeyTerms, Spending } from './keyTypes';
import { newSecret, secretHash, secretHint } from './secret';

/**
 * Keys that were issued, and what every caller of the gateway has spent. Shared between processes; all on disk. A power cut
 * may take the last moment's bookings: money itself is in the client's own books, which wait for the disk each time.
 */
export interface KeyBooks {
  /** The secret is returned this once and not kept. Throws CocoonError `invalid_request` for a name that is taken. */
  create(terms: KeyTerms, secret?: string): { key: IssuedKey; secret: string };
  /** Oldest first, those that are revoked or expired too. */
  list(): IssuedKey[];
  /** By id or name, from now on. Throws CocoonError `not_found`. */
  revoke(idOrName: string): IssuedKey;
  find(secret: string): IssuedKey | null;
  /** Whether any key was ever issued: from then on everybody needs one. */
  hasKeys(): boolean;
  spending(caller: string): Spending;
  /** Books a job's maximum if the limit leaves room for it. False, and nothing booked, when it does not. */
  reserve(
    caller: string,
    job: { id: string; model: string; maxFeeNano: bigint },
    limitNano: bigint | null,
  ): boolean;
  settle(jobId: string, feeNano: bigint): void;
  release(jobId: string): void;
  /** Jobs of that caller whose bill nobody has shown yet, oldest first. */
  openJobs(caller: string): string[];
  owns(caller: string, jobId: string): boolean;
  close(): void;
}

/**
 * The last moment at which a job may still be billed, after its ticket: as long as the line reserves for it, and a
 * little more, in which a bill that came meanwhile is looked for.
 */
const BILLABLE_SECONDS = CLIENT_LIMITS.ticketSeconds + LIMITS.jobMaxSeconds + 2 * LIMITS.clockSkewSeconds;

export function openKeyBooks(dataDir: string | null, nowUnix: () => number): KeyBooks {
  const db = openKeyFile(dataDir);
  const q = {
    create: db.prepare(
      `INSERT INTO keys (id, hash, hint, name, created_at, expires_at, limit_nano, rate_requests, rate_seconds, models)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ),
    list: db.prepare('SELECT * FROM keys ORDER BY created_at, id'),
    revoke: db.prepare('UPDATE keys SET revoked_at = coalesce(revoked_at, ?) WHERE id = ?'),
    find: db.prepare('SELECT * FROM keys WHERE hash = ?'),
    count: db.prepare('SELECT count(*) AS count FROM keys'),
    usage: db.prepare('SELECT * FROM usage WHERE caller = ? ORDER BY model'),
    reserved: db.prepare(
      `SELECT CAST(coalesce(sum(CAST(max_nano AS INTEGER)), 0) AS TEXT) AS nano FROM jobs
       WHERE caller = ? AND fee_nano IS NULL AND issued_at >= ?`,
    ),
    reserve: db.prepare(
      'INSERT INTO jobs (job_id, caller, model, max_nano, issued_at) VALUES (?, ?, ?, ?, ?)',
    ),
    job: db.prepare('SELECT * FROM jobs WHERE job_id = ?'),
    settle: db.prepare('UPDATE jobs SET fee_nano = ? WHERE job_id = ?'),
    release: db.prepare('DELETE FROM jobs WHERE job_id = ? AND fee_nano IS NULL'),
    open: db.prepare(
      'SELECT job_id FROM jobs WHERE caller = ? AND fee_nano IS NULL AND issued_at >= ? ORDER BY issued_at',
    ),
    use: db.prepare(
      `INSERT INTO usage (caller, model, requests, spent_nano) VALUES (?, ?, 1, ?)
       ON CONFLICT DO UPDATE SET requests = requests + 1,
         spent_nano = CAST(CAST(spent_nano AS INTEGER) + CAST(excluded.spent_nano AS INTEGER) AS TEXT)`,
    ),
  };
  const now = (): number => Math.floor(nowUnix());

  const together = <T>(change: () => T): T => {
    db.exec('BEGIN IMMEDIATE');
    try {
      const result = change();
      db.exec('COMMIT');
      return result;
    } catch (error) {
      db.exec('ROLLBACK');
      throw error;
    }
  };

  const lasting = <T>(change: () => T): T => lastingly(db, () => together(change));

  const list = (): IssuedKey[] => (q.list.all() as Row[]).map(issuedKey);

  const spending = (caller: string): Spending => {
    const models = (q.usage.all(caller) as Row[]).map((row) => ({
      model: textOf(row['model']),
      requests: Number(row['requests']),
      spentNano: amountOf(row['spent_nano']),
    }));
    const reserved = q.reserved.get(caller, now() - BILLABLE_SECONDS) as Row;
    return {
      spentNano: models.reduce((sum, { spentNano }) => sum + spentNano, 0n),
      reservedNano: amountOf(reserved['nano']),
      models,
    };
  };

  return {
    create: (terms, secret = newSecret()) =>
      lasting(() => {
        const known = list();
        if (known.length >= GATEWAY_LIMITS.keys) throw refusal('There are too many keys.');
        if (known.some(({ name, revokedAtUnix }) => name === terms.name && revokedAtUnix === null)) {
          throw refusal(`There is a key called ${terms.name} already.`);
        }
        const { rate, models, limitNano } = terms;
        const id = `key_${randomBytes(6).toString('hex')}`;
        const hint = secretHint(secret);
        q.create.run(
          ...[id, secretHash(secret), hint, terms.name, now(), terms.expiresAtUnix],
          ...[limitNano?.toString() ?? null, rate?.requests ?? null, rate?.seconds ?? null],
          models === null ? null : JSON.stringify(models),
        );
        return { key: issuedKey(q.find.get(secretHash(secret)) as Row), secret };
      }),
    list,
    revoke(idOrName) {
      const known = list().filter(({ id, name }) => id === idOrName || name === idOrName);
      const key = known.find(({ revokedAtUnix }) => revokedAtUnix === null) ?? known[0];
      if (!key) {
        throw new CocoonError('not_found', `There is no key ${idOrName}.`, {
          remedy: 'See `cocoon key list`.',
        });
      }
      lasting(() => q.revoke.run(now(), key.id));
      return { ...key, revokedAtUnix: key.revokedAtUnix ?? now() };
    },
    find(secret) {
      const row = q.find.get(secretHash(secret)) as Row | undefined;
      return row ? issuedKey(row) : null;
    },
    hasKeys: () => Number((q.count.get() as Row)['count']) > 0,
    spending,
    reserve: (caller, job, limitNano) =>
      together(() => {
        if (limitNano !== null) {
          const { spentNano, reservedNano } = spending(caller);
          if (spentNano + reservedNano + job.maxFeeNano > limitNano) return false;
        }
        q.reserve.run(job.id, caller, job.model, job.maxFeeNano.toString(), now());
        return true;
      }),
    settle: (jobId, feeNano) =>
      together(() => {
        const row = q.job.get(jobId) as Row | undefined;
        if (!row || row['fee_nano'] !== null) return;
        q.settle.run(feeNano.toString(), jobId);
        q.use.run(textOf(row['caller']), textOf(row['model']), feeNano.toString());
      }),
    release: (jobId) => void q.release.run(jobId),
    openJobs: (caller) =>
      (q.open.all(caller, now() - GATEWAY_LIMITS.billSeconds) as Row[]).map((row) => textOf(row['job_id'])),
    owns: (caller, jobId) => (q.job.get(jobId) as Row | undefined)?.['caller'] === caller,
    close: () => db.close(),
  };
}

function refusal(message: string): CocoonError {
  return new CocoonError('invalid_request', message, { remedy: 'See `cocoon key list`.' });
}
