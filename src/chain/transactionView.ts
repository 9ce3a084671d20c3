import type { Transaction } from '@ton/core';
import { nano, type Nano } from '../protocol/amounts';
import type { RawTransaction } from './chainClient';
import type { TransactionView } from './types';

export function viewTransaction({
  transaction,
  hash,
}: Pick<RawTransaction, 'transaction' | 'hash'>): TransactionView {
  const { description, inMessage } = transaction;
  const info = inMessage?.info;
  const body = inMessage?.body.beginParse();
  return {
    lt: transaction.lt,
    hash,
    atUnix: transaction.now,
    op: body && body.remainingBits >= 32 ? body.preloadUint(32) : null,
    inValueNano: nano(info?.type === 'internal' ? info.value.coins : 0n),
    from: info?.type === 'internal' ? info.src : null,
    exitCode: exitCodeOf(transaction),
    aborted: description.type === 'generic' ? description.aborted : false,
    feesNano: feesOf(transaction),
  };
}

/** Everything that a transaction cost: its own fees, and what its messages carry for being forwarded. */
export function feesOf(transaction: Transaction): Nano {
  let fees = transaction.totalFees.coins;
  for (const { info } of transaction.outMessages.values()) {
    if (info.type === 'internal') fees += info.forwardFee;
  }
  return nano(fees);
}

/** Of the computation, or of the actions when only they failed; null when no code ran. */
export function exitCodeOf({ description }: Transaction): number | null {
  if (description.type !== 'generic' || description.computePhase.type !== 'vm') return null;
  const { exitCode, success } = description.computePhase;
  if (success && description.actionPhase?.success === false) return description.actionPhase.resultCode;
  return exitCode;
}
