import { LIMITS } from '../protocol/limits';

/** When a receipt is worth a message. Shares in basis points, times in seconds. */
export interface SettlementPolicy {
  /** Settle when the fees are at most this share of what is due. */
  feesBelowBps: number;
  /** The same for an escrow that was not settled for a day. */
  dailyFeesBelowBps: number;
  /** A line that ends within this time is settled whatever its share of fees. */
  urgentBeforeSeconds: number;
  /** A line that ends within this time and is still unpaid raises the alert. */
  alertBeforeSeconds: number;
  /** How often an escrow is read although no receipt of it is new: its client may be closing a line. */
  lookEverySeconds: number;
}

export const DEFAULT_POLICY: SettlementPolicy = {
  feesBelowBps: LIMITS.settleWhenFeesBelowBps,
  dailyFeesBelowBps: LIMITS.settleWhenFeesBelowBps,
  urgentBeforeSeconds: 26 * 3_600,
  alertBeforeSeconds: 6 * 3_600,
  // A closing line ends in a day at the earliest.
  lookEverySeconds: 300,
};
