import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultPoint } from './groupCommit';
import { LEDGER_FILE, openLedger, type Ledger } from './ledger';
import type { Logger } from './logger';
import { createReceiptKey, isWornOut, loadReceiptKey, type ReceiptKey } from './receiptKey';

/**
 * The receipt key and its ledger, always together: the same ones after a restart of the process, new ones when the
 * state directory is fresh, when the key is near its last day, or when its ledger is not there.
 */
export function ensureLedger(
  stateDir: string,
  deps: { now: () => number; random: (bytes: number) => Buffer; faultPoint: FaultPoint; log: Logger },
): { key: ReceiptKey; ledger: Ledger } {
  const known = loadReceiptKey(stateDir);
  if (known && !isWornOut(known, deps.now())) {
    const ledger = openLedger({ stateDir, workerKey: known.keys.publicKey, create: false }, deps.faultPoint);
    if (ledger) return { key: known, ledger };
  }
  setAside(stateDir, deps.now());
  const key = createReceiptKey(stateDir, deps.random, deps.now());
  deps.log.info({ workerKey: key.keys.publicKey.toString('hex') }, 'made a new receipt key');
  const ledger = openLedger({ stateDir, workerKey: key.keys.publicKey, create: true }, deps.faultPoint);
  if (!ledger) throw new Error(`${join(stateDir, LEDGER_FILE)} belongs to another key`);
  return { key, ledger };
}

/** An old key's ledger stays readable; its receipts are also with the routers, which can settle them. */
function setAside(stateDir: string, nowUnix: number): void {
  for (const suffix of ['', '-wal', '-shm']) {
    const path = join(stateDir, LEDGER_FILE + suffix);
    if (existsSync(path))
      renameSync(path, `${join(stateDir, `old-${Math.floor(nowUnix)}-${LEDGER_FILE}`)}${suffix}`);
  }
}
