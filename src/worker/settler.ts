import type { EscrowCache } from '../chain/escrowCache';
import type { SettleReport, Settlement } from '../chain/settlement';
import type { HeldReceipt } from '../chain/settlementPlan';
import type { Clock } from '../chain/types';
import type { Ledger, LineAccount } from './ledger';
import type { Logger } from './logger';
import type { ReceiptSigner } from './receipts';

/** Turns receipts into money: while that is cheap, before deadlines, and at once when a line is being closed. */
export interface Settler {
  /** Looks at every line once. `all` settles whatever brings more than it costs. Never rejects. */
  run(options?: { all?: boolean }): Promise<void>;
}

export function createSettler(deps: {
  clock: Clock;
  escrows: EscrowCache;
  ledger: Ledger;
  signReceipt: ReceiptSigner;
  settlement: Pick<Settlement, 'run'>;
  log: Logger;
}): Settler {
  const { clock, ledger, log } = deps;
  let turn: Promise<void> = Promise.resolve();

  /** A line that is being closed takes no more jobs: a final receipt frees the rest of its cap for the client. */
  const endIfClosing = async (account: LineAccount): Promise<void> => {
    if (account.final) return;
    const state = await deps.escrows.read(account.escrow, FRESH_SECONDS).catch(() => null);
    const entry = state?.lines.get(account.lineId.toString('hex'));
    if (state?.domain.equals(account.domain) && entry && entry.closeAt !== 0) await ledger.finalise(account);
  };

  const runOnce = async (all: boolean): Promise<void> => {
    const earning = ledger
      .accounts()
      .filter((account) => account.totalNano > 0n && clock.now() <= account.line.settleBy);
    await Promise.all(earning.map(endIfClosing));
    const held = earning.map((account): HeldReceipt => {
      const receipt = deps.signReceipt(ledger.tally(account));
      return { escrow: account.escrow, line: account.line, receipt };
    });
    const reports = await deps.settlement.run(held, { all });
    for (const report of reports) tell(report);
  };

  const tell = (report: SettleReport): void => {
    const fields = {
      escrow: report.escrow.toString(),
      lines: report.lines,
      paidNano: report.paidNano.toString(),
      spentNano: report.spentNano.toString(),
    };
    if (report.unpaid.length === 0) log.info(fields, 'settled');
    else log.warn({ ...fields, unpaid: report.unpaid.length }, 'lines stayed unpaid; they are tried again');
  };

  return {
    run({ all = false } = {}) {
      turn = turn
        .then(() => runOnce(all))
        .catch((error: unknown) => log.warn({ err: error }, 'settling failed; it is tried again'));
      return turn;
    },
  };
}

/** Young enough to see that a line is being closed: that takes a day at least. */
const FRESH_SECONDS = 30;
