import type { Logger } from 'pino';
import type { HeldReceipt } from '../chain/dues';
import type { Clock } from '../chain/types';
import { parseLine } from '../protocol/line';
import type { Settlement } from '../settle';
import type { ReceiptLedger } from './ledger';
import { readReceipt, type StoredReceipt } from './storedReceipt';

export interface SettlerDeps {
  ledger: Pick<ReceiptLedger, 'all'>;
  settlement: Pick<Settlement, 'run'>;
  clock: Clock;
  log: Logger;
}

export interface Settler {
  /** Redeems what is worth it now; `all`: whatever brings more than it costs. Never rejects. */
  run(options?: { all?: boolean }): Promise<void>;
}

/**
 * Settles for the workers of this router. Anybody may: money only moves from escrows to Worker contracts. The wallet
 * pays the gas of it, which is little beside the router's own share.
 */
export function createSettler({ ledger, settlement, clock, log }: SettlerDeps): Settler {
  const held = (): HeldReceipt[] =>
    [...ledger.all()].filter(({ settleBy }) => settleBy >= clock.now()).map(toHeld);

  const settle = async (all: boolean): Promise<void> => {
    await settlement.run(held(), { all });
  };

  return {
    run: ({ all = false } = {}) =>
      settle(all).catch((cause: unknown) =>
        log.warn({ reason: cause instanceof Error ? cause.message : String(cause) }, 'settlement failed'),
      ),
  };
}

function toHeld(stored: StoredReceipt): HeldReceipt {
  return { escrow: stored.escrow, line: parseLine(stored.line), receipt: readReceipt(stored) };
}
