/**
 * Turning receipts into money, for whoever holds them: a worker, a router, a provider outside the TD. When to settle and
 * in which batches, a journal that survives a kill, every claim with its deadline, what each settlement cost.
 */
export { claimJson, claimTable } from './claimText';
export type { Claim } from './claims';
export type { SettleReport } from './attempt';
export { parseCursor, pageOf, receiptPage } from './page';
export { SETTLE_LIMITS } from './limits';
export { lineKey } from './lines';
export { allListeners, createSettleLog, createSettleMetrics } from './metrics';
export { createSettlement, type Round, type Settlement } from './settlement';
export { openSettleStore, readSettleStore, type SettleStore } from './store';
export type { ReceiptStore } from './keep';
