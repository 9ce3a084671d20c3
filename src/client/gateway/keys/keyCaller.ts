import { CocoonError } from '../../../protocol/errors';
import type { Caller } from '../../caller';
import type { ReceiptInfo } from '../../types';
import type { KeyBooks } from './keyBooks';
import { leftNano, type KeyTerms } from './keyTypes';

/** What a caller is bound by: an issued key's terms, or none. */
export type CallerTerms = Pick<KeyTerms, 'limitNano' | 'models'>;

/**
 * Bills that came by another way than the answer: an audit brings those of answers that were cut, a restart those that
 * were booked by the client and not here.
 */
export function catchUp(books: KeyBooks, caller: string, receipt: (id: string) => ReceiptInfo | null): void {
  for (const id of books.openJobs(caller)) {
    const cost = receipt(id)?.costNano ?? null;
    if (cost !== null) books.settle(id, cost);
  }
}

/** The caller as the client sees it: what it costs is booked with the key. */
export function keyCaller(
  id: string,
  terms: CallerTerms,
  books: KeyBooks,
  receipt: (id: string) => ReceiptInfo | null,
): Caller {
  return {
    id,
    mayUse: (model) => terms.models?.includes(model) ?? true,
    reserve(job) {
      if (books.reserve(id, job, terms.limitNano)) return;
      catchUp(books, id, receipt);
      if (!books.reserve(id, job, terms.limitNano)) throw limitReached(id, terms, job.maxFeeNano, books);
    },
    settled: books.settle,
    released: books.release,
    owns: (jobId) => books.owns(id, jobId),
  };
}

function limitReached(id: string, terms: CallerTerms, needNano: bigint, books: KeyBooks): CocoonError {
  const spending = books.spending(id);
  return new CocoonError(
    'key_limit_reached',
    `The key's limit leaves ${leftNano(terms, spending)} nanotons, ${spending.reservedNano} more are reserved for ` +
      `running requests, and this request may cost ${needNano}.`,
  );
}
