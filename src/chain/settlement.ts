import { Address } from '@ton/core';
import { settleBody } from '../../wrappers/Escrow';
import { settleValueNano, type ChainPrices } from '../../wrappers/escrowCosts';
import { nano, type Nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { lineId } from '../protocol/line';
import {
  payableNano,
  planSettlement,
  type HeldReceipt,
  type SettleItem,
  type SettlementPolicy,
} from './settlementPlan';
import type { Chain, Clock, EscrowState, WalletSender } from './types';

/** What one settle did, as the chain shows it afterwards. */
export interface SettleReport {
  escrow: Address;
  /** By how much the lines' `paid` rose, as far as these receipts made it. */
  paidNano: Nano;
  /** What it took out of the wallet, what came back included. */
  spentNano: Nano;
  lines: number;
  /** Ids of lines that were due and were not paid. */
  unpaid: Buffer[];
}

export interface Settlement {
  /** What a settle of so many lines costs the wallet at most. Stipends, which Workers keep, are in it. */
  feeNano(state: Pick<EscrowState, 'lines'>, lines: number): bigint;
  /** Sends one settle message and confirms it; throws when a line stayed unpaid. */
  settle(state: EscrowState, items: readonly SettleItem[]): Promise<void>;
  /** The same, with a report instead of an error for lines that stayed unpaid. */
  submit(escrow: Address, items: readonly SettleItem[]): Promise<SettleReport>;
  /**
   * Settles all that is due of what is held, one batch after the other; an escrow that fails is told to `onFailure` and
   * left for the next run.
   */
  run(held: readonly HeldReceipt[], policy?: SettlementPolicy): Promise<SettleReport[]>;
}

/** The wallet's own transaction, for up to two messages' worth of cells. */
const WALLET_FEE_NANO = 1_000_000n;
/** Attached beyond the contract's own figure; what is not needed comes back. */
const MARGIN_NANO = 2_000_000n;

/**
 * Redeems receipts. Paying twice is impossible on chain, since a line's `paid` only rises to a receipt's total; so that
 * gas is not spent twice either, each attempt begins with a fresh look.
 */
export function createSettlement(deps: {
  chain: Pick<Chain, 'escrow'> & { readonly prices: ChainPrices };
  clock: Clock;
  wallet: WalletSender;
  onFailure?: (escrow: Address, error: unknown) => void;
}): Settlement {
  const { chain, clock, wallet } = deps;

  const valueNano = (entries: number, lines: number): bigint => settleValueNano(lines, entries, chain.prices);
  const feeNano: Settlement['feeNano'] = (state, lines) =>
    valueNano(state.lines.size, lines) + WALLET_FEE_NANO;

  async function read(escrow: Address): Promise<EscrowState> {
    const state = await chain.escrow(escrow);
    if (state) return state;
    throw new CocoonError('escrow_unknown', `There is no escrow of this registry at ${escrow.toString()}.`);
  }

  async function submit(escrow: Address, items: readonly SettleItem[]): Promise<SettleReport> {
    if (items.length > LIMITS.settleBatchLines) throw new RangeError('a batch has at most ten lines');
    const before = await read(escrow);
    const due = items.filter((item) => payableNano(item, before, clock.now()) > 0n);
    if (due.length === 0) return { escrow, paidNano: nano(0), spentNano: nano(0), lines: 0, unpaid: [] };

    const body = settleBody(
      due.map(({ line, receipt }) => ({ line, receipt: receipt.value, signature: receipt.signature })),
    );
    const value = valueNano(before.lines.size, due.length) + MARGIN_NANO;
    const { spentNano } = await wallet.transfer([{ to: escrow, valueNano: value, body }]);

    const after = await read(escrow);
    const paid = due.map((item) => paidOf(item, after) - paidOf(item, before));
    return {
      escrow,
      paidNano: nano(paid.reduce((sum, amount) => sum + amount, 0n)),
      spentNano,
      lines: due.length,
      // A payout that a Worker refused bounced, and its amount is due again.
      unpaid: due.filter((item) => payableNano(item, after, 0) > 0n).map(({ line }) => lineId(line)),
    };
  }

  return {
    feeNano,
    submit,
    async settle(state, items) {
      const { unpaid } = await submit(state.address, items);
      if (unpaid.length > 0) {
        throw new CocoonError(
          'chain_refused',
          `${unpaid.length} lines of ${state.address.toString()} stayed unpaid.`,
        );
      }
    },
    async run(held, policy = {}) {
      const states = new Map<string, EscrowState>();
      for (const hash of new Set(held.map(({ escrow }) => escrow.toString('hex')))) {
        const escrow = new Address(0, Buffer.from(hash, 'hex'));
        try {
          const state = await chain.escrow(escrow);
          if (state) states.set(hash, state);
        } catch (error) {
          deps.onFailure?.(escrow, error);
        }
      }
      const reports: SettleReport[] = [];
      for (const { state, items } of planSettlement(held, states, clock.now(), feeNano, policy)) {
        try {
          reports.push(await submit(state.address, items));
        } catch (error) {
          deps.onFailure?.(state.address, error);
        }
      }
      return reports;
    },
  };
}

function paidOf({ line }: SettleItem, state: EscrowState): bigint {
  return state.lines.get(lineId(line).toString('hex'))?.paidNano ?? 0n;
}
