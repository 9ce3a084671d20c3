import type { DatabaseSyncInstance } from '@photostructure/sqlite';
import { CocoonError } from '../protocol/errors';

/** A name for a place where a crash drill may end the process; a no-op otherwise. */
export type FaultPoint = (name: string) => void;

/**
 * Changes that arrive in one turn of the event loop share one transaction and one fsync. A change is acknowledged
 * only once it is on disk. When a commit fails nothing is acknowledged any more: memory may be ahead of the disk,
 * and a signature must never be.
 */
export interface GroupCommit {
  run<T>(change: () => T): Promise<T>;
  /** Commits what waits, now. */
  flush(): void;
  broken(): boolean;
}

interface Pending {
  apply: () => void;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** `counted` runs inside of each commit and gives its number; `told` runs after it, before anybody hears of it. */
export interface CommitCounter {
  counted(): number;
  told(commits: number): void;
}

/** What was begun would hold the file's lock beyond the close. */
function undo(db: DatabaseSyncInstance): void {
  try {
    db.exec('ROLLBACK');
  } catch {
    // There was no transaction, or the disk is gone; either way nothing was acknowledged.
  }
}

export function createGroupCommit(
  db: DatabaseSyncInstance,
  faultPoint: FaultPoint,
  counter: CommitCounter,
): GroupCommit {
  let waiting: Pending[] = [];
  let scheduled = false;
  let failure: CocoonError | null = null;

  const flush = (): void => {
    scheduled = false;
    const batch = waiting;
    waiting = [];
    if (batch.length === 0) return;
    try {
      if (failure) throw failure;
      faultPoint('ledger.before-begin');
      db.exec('BEGIN IMMEDIATE');
      for (const change of batch) change.apply();
      const commits = counter.counted();
      faultPoint('ledger.before-commit');
      db.exec('COMMIT');
      faultPoint('ledger.before-mark');
      counter.told(commits);
      faultPoint('ledger.after-commit');
    } catch (cause) {
      failure ??= new CocoonError('internal', 'The ledger cannot be written.', { cause });
      undo(db);
      for (const change of batch) change.reject(failure);
      return;
    }
    for (const change of batch) change.resolve();
  };

  return {
    run<T>(change: () => T) {
      return new Promise<T>((resolve, reject) => {
        let result: { value: T } | undefined;
        waiting.push({
          apply: () => {
            result = { value: change() };
          },
          resolve: () => resolve(result!.value),
          reject,
        });
        if (scheduled) return;
        scheduled = true;
        setImmediate(flush);
      });
    },
    flush,
    broken: () => failure !== null,
  };
}
