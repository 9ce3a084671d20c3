import { CocoonError } from '../protocol/errors';
import type { Change } from './tables';

/** Where the books are kept. `write` resolves once all of the changes would survive a power cut; none of them would, otherwise. */
export interface Disk {
  write(changes: readonly Change[]): Promise<void>;
  close(): void;
}

/** What was changed in memory on its way to the disk, in order. */
export interface Journal {
  /** Takes changes that belong together. Throws `books_unwritable` once anything could not be written. */
  add(changes: readonly Change[]): void;
  /** Resolves when everything added so far is on disk; rejects with `books_unwritable`, from the first failure on for good. */
  written(): Promise<void>;
}

/**
 * Changes go to the disk together while an earlier write takes its time. After a failure memory knows more than the disk
 * does, so nothing is taken any more: whoever waits for `written` before he sends does not send.
 */
export function createJournal(disk: Pick<Disk, 'write'>): Journal {
  let waiting: Change[] = [];
  let running: Promise<void> | null = null;
  let broken: CocoonError | null = null;

  const writeAll = async (): Promise<void> => {
    // Whatever else this turn of the page adds goes along.
    await Promise.resolve();
    while (waiting.length > 0) {
      const changes = waiting;
      waiting = [];
      await disk.write(changes);
    }
  };
  const run = (): Promise<void> =>
    writeAll()
      .catch((cause: unknown) => {
        broken = new CocoonError('books_unwritable', "The client's books cannot be written.", { cause });
        throw broken;
      })
      .finally(() => (running = null));

  return {
    add(changes) {
      if (broken) throw broken;
      waiting.push(...changes);
      if (running) return;
      running = run();
      // Told to whoever waits for it, and by `broken` to all who come later.
      running.catch(() => undefined);
    },
    written: () => (broken ? Promise.reject(broken) : (running ?? Promise.resolve())),
  };
}

/** For pages that keep nothing. */
export const NO_JOURNAL: Journal = { add: () => undefined, written: () => Promise.resolve() };
