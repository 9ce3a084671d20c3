import type { Address } from '@ton/core';
import type { Chain, WorkerState } from '../chain/types';
import { WORKER_LIMITS } from './limits';
import type { Logger } from './logger';
import { createRenewal, type RenewalDeps, type RenewalStep } from './renewal';
import { createRenewalFile } from './renewalFile';
import type { BuiltStatement } from './statement';

/** How this worker's own contract sees it, as read last. */
export interface Standing {
  /** True when the contract admitted this process's receipt key and it is active now. */
  admitted: boolean;
  /** Unix seconds; 0 when the key was never admitted. */
  activeUntil: number;
  /** No line to this key may settle later. */
  lastSettleBy: number;
  /** The statement that the contract recorded, when it is one of ours. */
  statement: BuiltStatement | null;
  /** Listed router fees: recipient in hex -> highest basis points. */
  fees: ReadonlyMap<string, number>;
  readAtUnix: number;
}

const UNKNOWN: Standing = {
  admitted: false,
  activeUntil: 0,
  lastSettleBy: 0,
  statement: null,
  fees: new Map(),
  readAtUnix: 0,
};

/** How the chain's word for this worker is kept fresh. */
export interface AttestationStatus {
  /** Where quotes come from; a simulated source says so. Null when none come from here. */
  source: string | null;
  simulated: boolean;
  step: RenewalStep;
  /** Unix seconds at which the admission ends; 0 for never admitted. */
  expiresAtUnix: number;
  /** Unix seconds; 0 for never. */
  lastSuccessAtUnix: number;
  /** Since the last success. */
  failures: number;
  lastFailure: { reason: string; atUnix: number } | null;
  nextTryAtUnix: number;
  /** Why somebody should look now; null while all is well. */
  alert: string | null;
}

export interface StandingWatch {
  current(): Standing;
  /** True while nothing is due: admitted, and with a statement that lasts. */
  isSettled(): boolean;
  attestation(): AttestationStatus;
  /** Reads the contract once and renews the statement when that is due. Never rejects. */
  tick(): Promise<void>;
}

export interface StandingDeps extends Omit<RenewalDeps, 'complain' | 'file'> {
  chain: Chain;
  log: Logger;
  onChange?: (standing: Standing) => void;
}

/**
 * Keeps this worker admitted: reads its contract, and has the statement renewed before it expires (renewal.ts), without
 * holding up the reading meanwhile.
 */
export function createStandingWatch(
  config: { worker: Address; receiptKey: Buffer; stateDir: string },
  deps: StandingDeps,
): StandingWatch {
  const { clock, log, statements, attestation } = deps;
  const file = createRenewalFile(config.stateDir);
  let standing = UNKNOWN;
  const said = new Set<string>();
  let alerted = false;

  /** Says each trouble once, not every few seconds. */
  const complain = (text: string, cause?: unknown, name = text): void => {
    if (said.has(name) || said.size >= WORKER_LIMITS.troublesSaid) return;
    said.add(name);
    log.warn({ err: cause }, text);
  };
  const renewal = createRenewal({ ...deps, file, complain });

  /** Null when the contract is not there. */
  const look = async (): Promise<WorkerState | null> => {
    const state = await deps.chain.worker(config.worker);
    if (!state) {
      complain('not admitted: the Worker contract is not deployed');
      return null;
    }
    const next = standingOf(state, config.receiptKey, statements.all(), clock.now());
    const changed = describes(next) !== describes(standing);
    standing = next;
    renewal.recognise(state);
    if (changed) {
      if (next.admitted) {
        said.clear();
        log.info({ activeUntil: next.activeUntil, lastSettleBy: next.lastSettleBy }, 'admitted on chain');
      }
      deps.onChange?.(next);
    }
    return state;
  };

  const status = (): AttestationStatus => {
    const { failures, lastFailure, nextTryAtUnix, lastSuccessAtUnix } = file.read();
    return {
      source: attestation?.source.describe() ?? null,
      simulated: attestation?.source.root === 'simulated',
      step: renewal.step(),
      expiresAtUnix: standing.activeUntil,
      ...{ lastSuccessAtUnix, failures, lastFailure, nextTryAtUnix },
      alert: alertOf(standing, failures, lastFailure?.reason ?? '', clock.now()),
    };
  };

  const due = (): boolean => isDue(standing, file.read().lastSuccessAtUnix, clock.now());

  /** Once when it begins, and once when it ends. */
  const alertOnce = (): void => {
    const { alert, expiresAtUnix } = status();
    if (alert !== null && !alerted) log.error({ expiresAtUnix }, `ALERT: ${alert}`);
    if (alert === null && alerted) log.info({ expiresAtUnix }, 'the alert is over');
    alerted = alert !== null;
  };

  /** Not twice at once; a second caller does not wait for the first. */
  const once = (work: () => Promise<void>): (() => Promise<void>) => {
    let running = false;
    return async () => {
      if (running) return;
      running = true;
      try {
        await work();
      } catch (error) {
        complain('the chain cannot be read or written: the last known standing is kept', error);
      } finally {
        running = false;
      }
    };
  };

  let seen: WorkerState | null = null;
  const watch = once(async () => {
    seen = await look();
  });
  const renew = once(async () => {
    if (seen && due()) await renewal.advance(seen, look);
    if (seen && !standing.admitted) {
      complain('not admitted: jobs are refused until the registry confirms the statement');
    }
  });
  return {
    current: () => standing,
    isSettled: () => standing.activeUntil > clock.now() && standing.admitted && !due(),
    attestation: status,
    async tick() {
      seen = null;
      await watch();
      await renew();
      alertOnce();
    },
  };
}

/** A renewal that fails while there is time is no reason to wake anybody. */
function alertOf(standing: Standing, failures: number, reason: string, now: number): string | null {
  const left = standing.activeUntil - now;
  if (failures === 0 || standing.activeUntil === 0 || left >= WORKER_LIMITS.alertBeforeSeconds) return null;
  const when = left > 0 ? `ends in ${Math.ceil(left / 60)} minutes` : 'has ended';
  return `the admission ${when}, and ${failures} renewals failed: ${reason}`;
}

function standingOf(
  state: WorkerState,
  receiptKey: Buffer,
  written: readonly BuiltStatement[],
  now: number,
): Standing {
  const key = state.keys.find((candidate) => candidate.workerKey.equals(receiptKey));
  return {
    admitted: key !== undefined && state.active && key.activeUntil > now,
    activeUntil: key?.activeUntil ?? 0,
    lastSettleBy: key?.lastSettleBy ?? 0,
    statement: written.find((statement) => statement.hash.equals(state.statementHash)) ?? null,
    fees: new Map(state.feeRecipients.map(({ feeTo, maxBps }) => [feeTo.toString('hex'), maxBps])),
    readAtUnix: state.readAtUnix,
  };
}

/**
 * A statement near its end is due. So is an admission that ends sooner than its statement, because image, certificate or
 * slot do: asked again now and then, in case that has changed.
 */
function isDue({ statement, activeUntil }: Standing, lastSuccessAtUnix: number, now: number): boolean {
  const { renewBeforeSeconds, askAgainSeconds } = WORKER_LIMITS;
  if (!statement || statement.notAfter - now < renewBeforeSeconds) return true;
  return activeUntil - now < renewBeforeSeconds && now - lastSuccessAtUnix >= askAgainSeconds;
}

function describes(standing: Standing): string {
  const fees = [...standing.fees].map(([feeTo, bps]) => `${feeTo}:${bps}`).sort();
  const statement = standing.statement?.hash.toString('hex') ?? '';
  return [standing.admitted, standing.activeUntil, standing.lastSettleBy, statement, ...fees].join(' ');
}
