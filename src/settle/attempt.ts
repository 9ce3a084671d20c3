import type { Address } from '@ton/core';
import { settleBody } from '../../wrappers/Escrow';
import { settleValueNano, type ChainPrices } from '../../wrappers/escrowCosts';
import { nameOfExitCode } from '../chain/accounts';
import { freedNano, payableNano, type HeldReceipt } from '../chain/dues';
import type { Chain, Clock, EscrowState, TraceableWallet, TransferReport } from '../chain/types';
import { COIN_SYMBOL, formatCoins } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { lineId } from '../protocol/line';
import type { Ending, Journal, JournalLine } from './journal';
import { SETTLE_LIMITS } from './limits';
import { createPayoutSum, type PayoutSum } from './payouts';
import type { SettleFee } from './plan';

/** What one settle message did, as its own transactions show it. */
export interface SettleReport {
  escrow: Address;
  outcome: Ending['outcome'];
  /** What reached Workers, less what came back. */
  paidNano: bigint;
  /** What it took out of the wallet, stipends included, less what came back. */
  spentNano: bigint;
  lines: readonly JournalLine[];
  note: string;
}

export interface AttemptDeps {
  chain: Pick<Chain, 'escrow' | 'balance'> & { readonly prices: ChainPrices };
  clock: Clock;
  wallet: TraceableWallet;
  journal: Journal;
}

/** The wallet's own transaction, for up to two messages' worth of cells. */
const WALLET_FEE_NANO = 1_000_000n;
/** Attached beyond the contract's own figure; what is not needed comes back. */
const MARGIN_NANO = 2_000_000n;
/** And for each line: forty levels of a map that a client made deeper, who had to try 2^40 ids for it. */
const LINE_MARGIN_NANO = 4_000_000n;

function marginNano(lines: number): bigint {
  return MARGIN_NANO + BigInt(lines) * LINE_MARGIN_NANO;
}

/** What a settle of so many lines costs the wallet at most. Stipends, which Workers keep, are in it. */
export function settleFee(prices: ChainPrices): SettleFee {
  return (state, lines) => settleValueNano(lines, state.lines.size, prices) + WALLET_FEE_NANO;
}

/**
 * Sends one settle message, written down before it leaves and measured when it ended. Begins with a fresh look: null when
 * somebody else was first. Throws CocoonError `wallet_exhausted`, `chain_unavailable` when its end is not known (the
 * journal then holds it as sent), `chain_refused`.
 */
export async function settleBatch(
  escrow: Address,
  items: readonly HeldReceipt[],
  deps: AttemptDeps,
): Promise<SettleReport | null> {
  for (let attempt = 1; ; attempt++) {
    const state = await deps.chain.escrow(escrow);
    if (!state) throw noEscrow(escrow);
    const due = stillDue(items, state, timeOf(state, deps.clock));
    const sum = due.reduce((total, { dueNano }) => total + dueNano, 0n);
    if (sum <= settleFee(deps.chain.prices)(state, due.length)) return null;
    const report = await sendOnce(state, due, deps);
    if (report) return report;
    if (attempt > SETTLE_LIMITS.overtakenRetries) {
      throw new CocoonError(
        'wallet_overtaken',
        `Another process kept sending from ${deps.wallet.address.toString()}.`,
      );
    }
  }
}

interface DueItem {
  held: HeldReceipt;
  dueNano: bigint;
}

function stillDue(items: readonly HeldReceipt[], state: EscrowState, nowUnix: number): DueItem[] {
  return items
    .map((held) => ({ held, dueNano: payableNano(held, state, nowUnix) }))
    .filter(({ held, dueNano }) => dueNano > 0n || freedNano(held, state, nowUnix) > 0n);
}

/** Null when another message of the wallet took this one's number: nothing was spent. */
async function sendOnce(
  state: EscrowState,
  due: readonly DueItem[],
  { chain, clock, wallet, journal }: AttemptDeps,
): Promise<SettleReport | null> {
  const valueNano = settleValueNano(due.length, state.lines.size, chain.prices) + marginNano(due.length);
  await requireFunds(wallet.address, valueNano + WALLET_FEE_NANO, chain);
  const body = settleBody(
    due.map(({ held: { line, receipt } }) => ({
      line,
      receipt: receipt.value,
      signature: receipt.signature,
    })),
  );
  const lines = due.map(({ held, dueNano }) => ({
    ...{ domain: held.receipt.value.domain, lineId: lineId(held.line), dueNano },
  }));
  const payouts = createPayoutSum(state.address.hash);
  let id: number | null = null;
  try {
    const report = await wallet.transfer([{ to: state.address, valueNano, body }], {
      onSigned: (sent) => (id = journal.begin({ escrow: state.address.hash, sent, lines }, clock.now())),
      onTransaction: (transaction) => payouts.add(transaction),
    });
    const ending = endingOf(state.address, lines, payouts, report);
    journal.end(id!, ending, clock.now());
    return reportOf(state.address, ending);
  } catch (error) {
    if (!(error instanceof CocoonError) || error.code !== 'wallet_overtaken') throw error;
    if (id !== null) journal.end(id, voidEnding(error.message), clock.now());
    return null;
  }
}

async function requireFunds(
  wallet: Address,
  neededNano: bigint,
  chain: Pick<Chain, 'balance'>,
): Promise<void> {
  const balance = await chain.balance(wallet);
  if (balance >= neededNano) return;
  throw new CocoonError(
    'wallet_exhausted',
    `The wallet ${wallet.toString({ bounceable: false })} holds ${formatCoins(balance)} ${COIN_SYMBOL}, ` +
      `a settle takes ${formatCoins(neededNano)} along.`,
  );
}

/** How a message ended that is on chain. */
export function endingOf(
  escrow: Address,
  lines: readonly Pick<JournalLine, 'domain' | 'lineId' | 'dueNano'>[],
  payouts: PayoutSum,
  { spentNano, failure }: Pick<TransferReport, 'spentNano' | 'failure'>,
): Ending & { note: string } {
  const paid = lines.map((line) => ({ ...line, paidNano: payouts.paidNano(line.lineId.toString('hex')) }));
  const sum = paid.reduce((total, { paidNano }) => total + paidNano, 0n);
  const complete = paid.every(({ paidNano, dueNano }) => paidNano >= dueNano);
  return {
    outcome: complete
      ? 'paid'
      : sum > 0n
        ? 'partly'
        : failure?.address.equals(escrow)
          ? 'refused'
          : 'nothing',
    spentNano,
    lines: paid.map((line) => ({ ...line, spentNano: shareOf(spentNano, line.paidNano, sum, paid.length) })),
    note: failure
      ? `${failure.address.toString()}: ${nameOfExitCode(failure.exitCode)} (${failure.exitCode})`
      : '',
  };
}

/** By what each line was paid; where nothing was, evenly. */
function shareOf(spentNano: bigint, paidNano: bigint, sum: bigint, lines: number): bigint {
  return sum > 0n ? (spentNano * paidNano) / sum : spentNano / BigInt(lines);
}

export function voidEnding(note: string): Ending & { note: string } {
  return { outcome: 'void', spentNano: 0n, lines: [], note };
}

export function reportOf(escrow: Address, ending: Ending): SettleReport {
  const { outcome, spentNano, lines, note = '' } = ending;
  const paidNano = lines.reduce((sum, line) => sum + line.paidNano, 0n);
  return { escrow, outcome, paidNano, spentNano, lines, note };
}

/** A clock that is behind must not call a line payable that has ended. */
export function timeOf(state: EscrowState, clock: Clock): number {
  return Math.max(clock.now(), state.readAtUnix);
}

function noEscrow(escrow: Address): CocoonError {
  return new CocoonError('escrow_unknown', `There is no escrow of this registry at ${escrow.toString()}.`);
}
