import { existsSync } from 'node:fs';
import { openStoreFile, openStoreForReading } from './file';
import { createJournal, type Journal } from './journal';
import { createReceiptStore, type ReceiptStore } from './keep';
import { createLineTroubles, type LineTroubles } from './troubles';

/** What a settling process keeps over restarts and power cuts. */
export interface SettleStore {
  receipts: ReceiptStore;
  journal: Journal;
  troubles: LineTroubles;
  close(): void;
}

/** Opens or makes the store; ":memory:" keeps nothing. Throws CocoonError `store_locked` when another process holds it. */
export function openSettleStore(path: string): SettleStore {
  const { db, close } = openStoreFile(path);
  return {
    receipts: createReceiptStore(db),
    journal: createJournal(db),
    troubles: createLineTroubles(db),
    close,
  };
}

/** A store to look at, beside the process that holds it; null when there is none. What would change it throws. */
export function readSettleStore(path: string): SettleStore | null {
  if (!existsSync(path)) return null;
  const db = openStoreForReading(path);
  return {
    receipts: createReceiptStore(db),
    journal: createJournal(db),
    troubles: createLineTroubles(db),
    close: () => db.close(),
  };
}
