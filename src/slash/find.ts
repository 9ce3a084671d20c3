import type { HeldReceipt } from '../chain/dues';
import { CocoonError } from '../protocol/errors';
import type { Receipt, Signed } from '../protocol/signed';
import { SLASH_LIMITS } from './limits';

/**
 * Two receipts of one key for the same domain, line and number of jobs that tell different histories. Measured code
 * signs each history of a line once, so this pair costs the Worker its stake.
 */
export interface Contradiction {
  /** Account hash of the Worker contract. */
  worker: Buffer;
  workerKey: Buffer;
  first: Signed<Receipt>;
  second: Signed<Receipt>;
  /** Who held each of them. */
  sources: [string, string];
}

export interface Finder {
  /**
   * Compares a receipt, whose signature the caller checked, with all that came before; each pair of histories is told once.
   * Throws CocoonError `invalid_request` when there are more histories than fit.
   */
  add(held: HeldReceipt, source: string): Contradiction | null;
  /** Different histories seen. */
  histories(): number;
}

interface Seen {
  signed: Signed<Receipt>;
  source: string;
}

export function createFinder(limit: number = SLASH_LIMITS.histories): Finder {
  const seen = new Map<string, Seen[]>();
  let histories = 0;
  return {
    add({ line, receipt }, source) {
      const place = placeOf(line.workerKey, receipt.value);
      const known = seen.get(place) ?? [];
      if (known.some(({ signed }) => tellsTheSame(signed.value, receipt.value))) return null;
      if (histories >= limit)
        throw new CocoonError('invalid_request', `There are more than ${limit} histories.`, {
          remedy: 'Search the sources of fewer workers at a time.',
        });
      histories += 1;
      seen.set(place, [...known, { signed: receipt, source }]);
      const [first] = known;
      if (!first) return null;
      const { workerAddress, workerKey } = line;
      return {
        ...{ worker: workerAddress, workerKey, first: first.signed, second: receipt },
        sources: [first.source, source],
      };
    },
    histories: () => histories,
  };
}

/** When it was signed, and whether it was the last, may differ honestly. */
export function tellsTheSame(a: Receipt, b: Receipt): boolean {
  return a.total === b.total && a.jobsRoot.equals(b.jobsRoot);
}

function placeOf(workerKey: Buffer, { domain, lineId, jobs }: Receipt): string {
  return Buffer.concat([workerKey, domain, lineId]).toString('latin1') + jobs;
}
