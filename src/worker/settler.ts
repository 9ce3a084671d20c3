import type { EscrowCache } from '../chain/escrowCache';
import type { HeldReceipt } from '../chain/dues';
import type { Clock } from '../chain/types';
import type { Claim, ReceiptStore, Settlement } from '../settle';
import type { Ledger, LineAccount } from './ledger';
import type { Logger } from './logger';
import type { ReceiptSigner } from './receipts';

/** Turns receipts into money: while that is cheap, before deadlines, and at once when a line is being closed. */
export interface Settler {
  /** Looks at every line once. `all` settles whatever brings more than it costs. Never rejects. */
  run(options?: { all?: boolean }): Promise<void>;
  /** The newest receipt of every line that earned something and can still be paid. */
  held(): HeldReceipt[];
  /** What was earned and how it stands, as of the last look. */
  claims(): readonly Claim[];
}

export interface SettlerDeps {
  clock: Clock;
  escrows: EscrowCache;
  ledger: Ledger;
  signReceipt: ReceiptSigner;
  /** Absent where routers or another process settle. */
  settlement?: Settlement | undefined;
  /** Keeps receipts beyond the life of the key: an earlier key's lines are settled too. */
  receipts?: ReceiptStore | undefined;
  log: Logger;
}

export function createSettler(deps: SettlerDeps): Settler {
  const { clock, ledger, settlement, receipts, log } = deps;

  const earning = (): LineAccount[] =>
    ledger.accounts().filter((account) => account.totalNano > 0n && clock.now() <= account.line.settleBy);

  /** A line that is being closed takes no more jobs: a final receipt frees the rest of its cap for the client. */
  const endIfClosing = async (account: LineAccount): Promise<void> => {
    if (account.final) return;
    const state = await deps.escrows.read(account.escrow, FRESH_SECONDS).catch(() => null);
    const entry = state?.lines.get(account.lineId.toString('hex'));
    if (state?.domain.equals(account.domain) && entry && entry.closeAt !== 0) await ledger.finalise(account);
  };

  const held = (): HeldReceipt[] => {
    const own = earning().map((account): HeldReceipt => {
      const receipt = deps.signReceipt(ledger.tally(account));
      return { escrow: account.escrow, line: account.line, receipt };
    });
    if (!receipts) return own;
    const unkept = own.filter((one) => receipts.keep(one) === 'full');
    return [...receipts.all(Math.floor(clock.now())), ...unkept];
  };

  const runOnce = async (all: boolean): Promise<void> => {
    if (!settlement) return;
    await Promise.all(earning().map(endIfClosing));
    await settlement.run(held(), { all });
  };

  return {
    held,
    claims: () => settlement?.claims() ?? [],
    run: ({ all = false } = {}) =>
      runOnce(all).catch((error: unknown) => log.warn({ err: error }, 'settling failed; it is tried again')),
  };
}

/** Young enough to see that a line is being closed: that takes a day at least. */
const FRESH_SECONDS = 30;
