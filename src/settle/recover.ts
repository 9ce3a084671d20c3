import { Address } from '@ton/core';
import type { Clock, TraceableWallet } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { endingOf, reportOf, voidEnding, type SettleReport } from './attempt';
import type { Ending, Journal, JournalEntry } from './journal';
import { createPayoutSum } from './payouts';

/**
 * Finds out what became of messages whose end was never written down: the process died, or the chain did not answer.
 * One that a block may still take stays open, and its escrow is left alone until then.
 */
export async function recoverOpen(
  { journal, wallet, clock }: { journal: Journal; wallet: Pick<TraceableWallet, 'outcome'>; clock: Clock },
  onRecovered: (report: SettleReport) => void,
): Promise<void> {
  for (const entry of journal.open()) {
    const ending = await endOf(entry, wallet);
    if (!ending) continue;
    journal.end(entry.id, ending, clock.now());
    onRecovered(reportOf(new Address(0, entry.escrow), ending));
  }
}

/** Null while nobody knows. */
async function endOf(entry: JournalEntry, wallet: Pick<TraceableWallet, 'outcome'>): Promise<Ending | null> {
  const payouts = createPayoutSum(entry.escrow);
  try {
    const report = await wallet.outcome(entry.sent, {
      onTransaction: (transaction) => payouts.add(transaction),
    });
    if (!report) return voidEnding('no block took the message');
    return endingOf(new Address(0, entry.escrow), entry.lines, payouts, report);
  } catch (error) {
    if (!(error instanceof CocoonError)) throw error;
    // The wallet's transaction is there, and carried nothing: it holds too little.
    return error.code === 'chain_refused' ? { ...voidEnding(error.message), outcome: 'refused' } : null;
  }
}
