import { equalBytes } from '../bytes';
import type { Quote } from '../quote';
import { unless, type Reason } from './dryRunReason';

/** What a Worker contract holds, and what it would see of the chain. */
export interface WorkerStanding {
  /** The announced statement; null when none waits. */
  pending: {
    /** SHA-256 of the report-data tag and the statement, 32 bytes. */
    statementDigest: Uint8Array;
    /** The Registry found its models allowed. */
    cleared: boolean;
    notAfterUnix: number;
    /** Its key was first admitted so long ago that it must be replaced. */
    keyTooOld: boolean;
  } | null;
  unstaking: boolean;
  stakeSuffices: boolean;
  /** Number of the block that the last quote was bound to; 0 for none. */
  quoteSeqno: number;
  /** The last sixteen masterchain blocks whose number divides by 100. */
  recentBlocks: readonly { seqno: number; rootHash: Uint8Array }[];
}

interface Looked {
  quote: Quote;
  /** The earliest end of certificates and image, Unix seconds. */
  until: number;
  standing: WorkerStanding;
  nowUnix: number;
}

/** The first check of contracts/worker/attestation.tact that fails, in its order; null when none does. */
export function refusalByWorker({ quote, until, standing, nowUnix }: Looked): Reason | null {
  const { pending, recentBlocks } = standing;
  const { reportData } = quote.body;
  const announced = pending !== null && equalBytes(pending.statementDigest, reportData.subarray(0, 32));
  const block = recentBlocks.find(({ rootHash }) => equalBytes(rootHash, reportData.subarray(32)));
  return (
    unless(
      announced,
      'WORKER_STATEMENT_NOT_ANNOUNCED',
      'the quote is bound to another statement than the announced one',
    ) ??
    unless(
      pending!.cleared,
      'WORKER_STATEMENT_NOT_CLEARED',
      'the Registry has not cleared the statement and its models',
    ) ??
    unless(pending!.notAfterUnix > nowUnix, 'WORKER_STATEMENT_EXPIRED', 'the statement has ended') ??
    unless(until > nowUnix, 'WORKER_IMAGE_EXPIRED', 'the image or a certificate has ended') ??
    unless(!standing.unstaking, 'WORKER_UNBONDING', 'the stake is being taken out') ??
    unless(standing.stakeSuffices, 'WORKER_STAKE_TOO_SMALL', 'the stake is below the minimum') ??
    unless(!pending!.keyTooOld, 'WORKER_KEY_TOO_OLD', 'the key must be replaced') ??
    unless(
      block !== undefined,
      'WORKER_QUOTE_NOT_FRESH',
      'the quote names none of the last sixteen blocks that count',
    ) ??
    unless(
      block!.seqno > standing.quoteSeqno,
      'WORKER_QUOTE_REPLAYED',
      'a quote of this block or a newer one was used already',
    )
  );
}
