import type { Store } from '../client/store';
import { parseLine } from '../protocol/line';
import { CocoonError } from '../protocol/errors';
import { createBookStore, issuedAt, lineKey } from './bookStore';
import { openDatabase } from './database';
import { forgetOldEvidence } from './evidenceShelf';
import { createJournal, NO_JOURNAL, type Journal } from './journal';
import { BROWSER_LIMITS } from './limits';
import type { Platform } from './platform';
import { createTables, EMPTY_CONTENTS, type Row, type Tables } from './tables';
import { lockBooks } from './tabLock';

/** Open books, and how to know that they are on disk. */
export interface Books {
  store: Store;
  written: Journal['written'];
  /** Writes what is left, and lets the next page have them. */
  close(): Promise<void>;
}

/** Books that end with the page. A line that they opened cannot be used again, and holds its money until it ends. */
export function memoryBooks(): Books {
  const { add, written } = NO_JOURNAL;
  return {
    store: createBookStore(createTables(EMPTY_CONTENTS, add), () => undefined),
    written,
    close: () => Promise.resolve(),
  };
}

/**
 * Books in this site's IndexedDB, for one page at a time. Throws CocoonError `books_in_use` while another page has them,
 * `books_unwritable` where the browser gives none.
 */
export async function openBooks(platform: Platform, name: string, nowUnix: number): Promise<Books> {
  const { indexedDB, navigator } = platform;
  if (!indexedDB || !navigator?.locks)
    throw noBooks(name, new Error('there is no IndexedDB or no Web Locks'));
  const release = await lockBooks(navigator.locks, name);
  try {
    // Asked once and not insisted on: a browser that is short of room may otherwise clear the books.
    void navigator.storage?.persist?.().catch(() => false);
    const { contents, disk } = await openDatabase(indexedDB, `cocoon-compute ${name}`);
    const journal = createJournal(disk);
    const tables = createTables(contents, journal.add);
    forgetOldJobs(tables, nowUnix, BROWSER_LIMITS.jobs);
    forgetOldEvidence(tables, nowUnix, BROWSER_LIMITS.evidenceBytes);
    return {
      store: createBookStore(tables, () => undefined),
      written: journal.written,
      async close() {
        await journal.written().finally(() => {
          disk.close();
          release();
        });
      },
    };
  } catch (cause) {
    release();
    throw noBooks(name, cause);
  }
}

/** Keeps `most` jobs at least, and every job of a line that is not over. */
export function forgetOldJobs(tables: Tables, nowUnix: number, most: number): void {
  const surplus = tables.count('jobs') - most;
  if (surplus <= 0) return;
  const isOver = (job: Row): boolean => {
    const line = tables.row('lines', lineKey(job['domain'] as Uint8Array, job['line_id']));
    if (!line) return true;
    const { settleBy } = parseLine(Buffer.from(line['line'] as Uint8Array));
    return settleBy + BROWSER_LIMITS.jobsAfterLineSeconds < nowUnix;
  };
  const old = [...tables.rows('jobs')].filter(isOver).sort((a, b) => issuedAt(a) - issuedAt(b));
  tables.apply(
    old.slice(0, surplus).map((job) => ({ table: 'jobs', key: String(job['job_id']), row: null })),
  );
}

function noBooks(name: string, cause: unknown): CocoonError {
  return new CocoonError('books_unwritable', `The books named ${name} cannot be opened.`, {
    cause,
    remedy: 'Let this site keep data, or ask for books in memory: books: "memory".',
  });
}
