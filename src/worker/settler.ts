import { Address } from '@ton/core';
import type { Clock, EscrowState, LineEntry } from '../chain/types';
import { LIMITS } from '../protocol/limits';
import type { Line } from '../protocol/line';
import type { Receipt, Signed } from '../protocol/signed';
import type { Escrows } from './escrows';
import type { Ledger, LineAccount } from './ledger';
import { WORKER_LIMITS } from './limits';
import type { Logger } from './logger';
import type { ReceiptSigner } from './receipts';

/** One line of a settle message. */
export interface SettleItem {
  line: Line;
  receipt: Signed<Receipt>;
}

/** What the chain room offers for settling; the provider's wallet pays. */
export interface Settlement {
  /** What a settle of so many lines costs at most, excesses taken off. */
  feeNano(state: EscrowState, lines: number): bigint;
  /** Resolves when the message is final on chain. */
  settle(state: EscrowState, items: readonly SettleItem[]): Promise<void>;
}

/** Turns receipts into money: while that is cheap, before deadlines, and at once when a line is being closed. */
export interface Settler {
  /** Looks at every line once. `all` settles whatever brings more than it costs. Never rejects. */
  run(options?: { all?: boolean }): Promise<void>;
}

interface Due {
  account: LineAccount;
  dueNano: bigint;
  urgent: boolean;
}

export function createSettler(deps: {
  clock: Clock;
  escrows: Escrows;
  ledger: Ledger;
  signReceipt: ReceiptSigner;
  settlement: Settlement;
  log: Logger;
}): Settler {
  const { ledger, log } = deps;
  let turn: Promise<void> = Promise.resolve();

  const receiptOf = async (account: LineAccount, entry: LineEntry): Promise<Signed<Receipt>> => {
    // A line that is being closed takes no more jobs: a final receipt frees the rest of its cap for the client.
    const ended = entry.closeAt !== 0 && !account.final ? await ledger.finalise(account) : null;
    return deps.signReceipt(ended ?? ledger.tally(account));
  };

  const settleEscrow = async (accounts: LineAccount[], all: boolean): Promise<void> => {
    const state = await deps.escrows.read(accounts[0]!.escrow, 0);
    if (!state) return;
    const now = deps.clock.now();
    const due = accounts
      .filter((account) => account.domain.equals(state.domain))
      .flatMap((account) => dueOf(account, state, now))
      .sort((a, b) => Number(b.urgent) - Number(a.urgent) || (b.dueNano > a.dueNano ? 1 : -1));
    for (let at = 0; at < due.length; at += LIMITS.settleBatchLines) {
      const batch = due.slice(at, at + LIMITS.settleBatchLines);
      if (!isWorthIt(batch, deps.settlement.feeNano(state, batch.length), all)) continue;
      const items = await Promise.all(
        batch.map(async ({ account }) => {
          const entry = state.lines.get(account.lineId.toString('hex'))!;
          return { line: account.line, receipt: await receiptOf(account, entry) };
        }),
      );
      await deps.settlement.settle(state, items);
      const dueNano = batch.reduce((sum, line) => sum + line.dueNano, 0n);
      log.info({ lines: batch.length, dueNano: dueNano.toString(), escrow: addressOf(state) }, 'settled');
    }
  };

  const runOnce = async (all: boolean): Promise<void> => {
    const byEscrow = new Map<string, LineAccount[]>();
    for (const account of ledger.accounts()) {
      if (account.totalNano === 0n || deps.clock.now() > account.line.settleBy) continue;
      const key = account.escrow.toString('hex');
      byEscrow.set(key, [...(byEscrow.get(key) ?? []), account]);
    }
    for (const [escrow, accounts] of byEscrow) {
      // One escrow's trouble must not keep the others' money waiting.
      await settleEscrow(accounts, all).catch((error: unknown) => {
        log.warn({ err: error, escrow }, 'an escrow could not be settled; it is tried again');
      });
    }
  };

  return {
    run({ all = false } = {}) {
      turn = turn.then(() => runOnce(all));
      return turn;
    },
  };
}

function dueOf(account: LineAccount, state: EscrowState, now: number): Due[] {
  const entry = state.lines.get(account.lineId.toString('hex'));
  if (!entry || (entry.closeAt !== 0 && now > entry.closeAt)) return [];
  const payable = account.totalNano < entry.capNano ? account.totalNano : entry.capNano;
  const dueNano = payable - entry.paidNano;
  if (dueNano <= 0n) return [];
  const urgent = entry.closeAt !== 0 || entry.settleBy - now < WORKER_LIMITS.settleBeforeEndSeconds;
  return [{ account, dueNano, urgent }];
}

/** Never at a loss; else when the fees are small beside the sum, or when waiting would lose it. */
function isWorthIt(batch: readonly Due[], feeNano: bigint, all: boolean): boolean {
  const sum = batch.reduce((total, { dueNano }) => total + dueNano, 0n);
  if (sum <= feeNano) return false;
  if (all || batch.some(({ urgent }) => urgent)) return true;
  return feeNano * 10_000n <= sum * BigInt(LIMITS.settleWhenFeesBelowBps);
}

function addressOf(state: EscrowState): string {
  return Address.normalize(state.address);
}
