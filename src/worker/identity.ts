import { existsSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultPoint } from './groupCommit';
import { LEDGER_FILE, openLedger, type Ledger } from './ledger';
import { highWaterFileOf } from './highWater';
import type { Logger } from './logger';
import { createReceiptKey, isWornOut, loadReceiptKey, type ReceiptKey } from './receiptKey';

export interface IdentityDeps {
  now: () => number;
  random: (bytes: number) => Buffer;
  /** The kernel's name for this boot. */
  bootId: string;
  faultPoint: FaultPoint;
  log: Logger;
}

/**
 * The receipt key and its ledger, always together: the same ones after a restart of the process, new ones when the
 * state directory is fresh, when the key is near its last day, or when its ledger is not there or an old copy.
 */
export function ensureLedger(
  config: { stateDir: string; highWaterFile?: string },
  deps: IdentityDeps,
): { key: ReceiptKey; ledger: Ledger } {
  const { stateDir } = config;
  const place = {
    stateDir,
    highWaterFile: config.highWaterFile ?? highWaterFileOf(stateDir),
    bootId: deps.bootId,
  };
  const known = loadReceiptKey(stateDir);
  if (known && !isWornOut(known, deps.now())) {
    const ledger = openLedger(
      { ...place, workerKey: known.keys.publicKey, create: false },
      deps.faultPoint,
      (reason) => deps.log.warn({ reason }, 'the ledger is not the one that this key left'),
    );
    if (ledger) return { key: known, ledger };
  }
  setAside(stateDir, deps.now());
  const key = createReceiptKey(stateDir, deps.random, deps.now());
  deps.log.info({ workerKey: key.keys.publicKey.toString('hex') }, 'made a new receipt key');
  const ledger = openLedger({ ...place, workerKey: key.keys.publicKey, create: true }, deps.faultPoint);
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
