import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { SETTLE_LIMITS } from './limits';

/** Lines whose payouts came back, and lines that ended unpaid. Kept on disk: a restart must not spend gas anew. */
export interface LineTroubles {
  /** A payout of this line came back, or brought less than was due. `endsAtUnix`: the line's last second. */
  failed(line: string, endsAtUnix: number, nowUnix: number): void;
  cleared(line: string): void;
  /** False while a line that failed waits for its next try. */
  mayTry(line: string, nowUnix: number): boolean;
  /** True the first time that this line is found to have ended unpaid. */
  lost(line: string, escrow: Buffer, nano: bigint, nowUnix: number): boolean;
  lostNano(): bigint;
}

/** Lines are named by `lineKey`. */
export function createLineTroubles(db: DatabaseSyncInstance): LineTroubles {
  const one = db.prepare('SELECT times, next_at FROM troubles WHERE line = ?');
  const put = db.prepare('INSERT OR REPLACE INTO troubles (line, times, next_at) VALUES (?, ?, ?)');
  const drop = db.prepare('DELETE FROM troubles WHERE line = ?');
  const lose = db.prepare('INSERT OR IGNORE INTO losses (line, escrow, nano, seen_at) VALUES (?, ?, ?, ?)');
  const sum = db.prepare('SELECT coalesce(sum(nano), 0) AS nano FROM losses');
  sum.setReadBigInts(true);
  const read = (line: string) => one.get(line) as { times: number; next_at: number } | undefined;

  return {
    failed(line, endsAtUnix, nowUnix) {
      const times = (read(line)?.times ?? 0) + 1;
      const wait = backoffSeconds(
        times,
        SETTLE_LIMITS.lineRetryMinSeconds,
        SETTLE_LIMITS.lineRetryMaxSeconds,
      );
      // Once more before it is too late, when that is not right away.
      const lastTry = endsAtUnix - SETTLE_LIMITS.lineLastTrySeconds;
      const next =
        lastTry > nowUnix + SETTLE_LIMITS.lineRetryMinSeconds
          ? Math.min(nowUnix + wait, lastTry)
          : nowUnix + wait;
      put.run(line, times, Math.floor(next));
    },
    cleared: (line) => void drop.run(line),
    mayTry: (line, nowUnix) => (read(line)?.next_at ?? 0) <= nowUnix,
    lost: (line, escrow, nano, nowUnix) => lose.run(line, escrow, nano, Math.floor(nowUnix)).changes > 0,
    lostNano: () => (sum.get() as { nano: bigint }).nano,
  };
}

/** `min` after the first time, then twice as long each time, up to `max`. */
export function backoffSeconds(times: number, min: number, max: number): number {
  return Math.min(max, min * 2 ** Math.min(times - 1, 30));
}
