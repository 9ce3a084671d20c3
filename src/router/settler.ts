import type { Logger } from 'pino';
import type { Settlement } from '../chain/settlement';
import type { HeldReceipt } from '../chain/settlementPlan';
import type { Clock } from '../chain/types';
import { parseLine } from '../protocol/line';
import { createBoundedMap } from './boundedMap';
import type { ReceiptLedger } from './ledger';
import type { RouterMetrics } from './metrics';
import { lineKey, readReceipt, type StoredReceipt } from './storedReceipt';

/** A line without a new receipt is looked at again after this time: it may be closing by then. */
const QUIET_SECONDS = 3_600;
const OFFERED_LINES = 100_000;

export interface SettlerDeps {
  ledger: Pick<ReceiptLedger, 'all'>;
  settlement: Pick<Settlement, 'run'>;
  clock: Clock;
  metrics: RouterMetrics;
  log: Logger;
}

export interface Settler {
  /** Redeems what is worth it now. One run at a time; never rejects. */
  run(): Promise<void>;
}

/**
 * Settles for the workers of this router. Anybody may: money only moves from escrows to Worker contracts. The wallet
 * pays the gas of it, which is little beside the router's own share.
 */
export function createSettler({ ledger, settlement, clock, metrics, log }: SettlerDeps): Settler {
  /** When a line's receipt was last offered: a quiet line is not read from the chain again and again. */
  const offered = createBoundedMap<string, { total: bigint; atUnix: number }>(OFFERED_LINES);
  let running: Promise<void> | null = null;

  const isDue = (stored: StoredReceipt): boolean => {
    const nowUnix = clock.now();
    if (stored.settleBy < nowUnix) return false;
    const key = lineKey(stored.lineId, stored.domain);
    const { total } = readReceipt(stored).value;
    const last = offered.get(key);
    if (last?.total === total && nowUnix < last.atUnix + QUIET_SECONDS) return false;
    offered.set(key, { total, atUnix: nowUnix });
    return true;
  };

  const settle = async (): Promise<void> => {
    const held = [...ledger.all()].filter(isDue).map(toHeld);
    if (held.length === 0) return;
    for (const report of await settlement.run(held)) {
      metrics.settlements.inc({ outcome: report.unpaid.length === 0 ? 'paid' : 'unpaid' });
      log.info(
        {
          escrow: report.escrow.hash.toString('hex'),
          lines: report.lines,
          unpaid: report.unpaid.length,
          paidNano: report.paidNano.toString(),
          spentNano: report.spentNano.toString(),
        },
        'settled',
      );
    }
  };

  return {
    run() {
      running ??= settle()
        .catch((cause: unknown) => {
          metrics.settlements.inc({ outcome: 'failed' });
          log.warn({ reason: cause instanceof Error ? cause.message : String(cause) }, 'settlement failed');
        })
        .finally(() => {
          running = null;
        });
      return running;
    },
  };
}

function toHeld(stored: StoredReceipt): HeldReceipt {
  return { escrow: stored.escrow, line: parseLine(stored.line), receipt: readReceipt(stored) };
}
