import type { Address } from '@ton/core';
import type { Chain, Clock, WorkerState } from '../chain/types';
import { WORKER_LIMITS } from './limits';
import type { Logger } from './logger';
import type { BuiltStatement, Statements } from './statement';

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

/** Resolves when the announcement is final on chain; rejects when the contract refused it. */
export type Announce = (statement: Buffer) => Promise<unknown>;

export interface StandingWatch {
  current(): Standing;
  /** True while nothing is due: admitted, and with a statement that lasts. */
  isSettled(): boolean;
  /** Reads the contract once and announces a new statement when one is due. Never rejects. */
  tick(): Promise<void>;
}

/**
 * Keeps this worker admitted: writes a statement before the last one expires, announces it from the operator's
 * wallet, and watches until the registry's answer is in the contract.
 */
export function createStandingWatch(
  config: { worker: Address; receiptKey: Buffer },
  deps: {
    chain: Chain;
    clock: Clock;
    log: Logger;
    statements: Statements;
    /** Sends the statement's image from the operator's wallet; absent when somebody else does. */
    announce?: Announce;
    onChange?: (standing: Standing) => void;
  },
): StandingWatch {
  const { clock, log, statements } = deps;
  let standing = UNKNOWN;
  let announced: { statement: BuiltStatement; atUnix: number } | null = null;
  let complaint = '';

  /** Says each trouble once, not every few seconds. */
  const complain = (text: string, cause?: unknown): void => {
    if (complaint === text) return;
    complaint = text;
    log.warn({ err: cause }, text);
  };

  const tick = async (): Promise<void> => {
    if (!(await look()) || !isDue(standing, clock.now())) return;
    if (await announce()) await look();
  };

  /** False when the contract is not there. */
  const look = async (): Promise<boolean> => {
    const state = await deps.chain.worker(config.worker);
    if (!state) {
      complain('not admitted: the Worker contract is not deployed');
      return false;
    }
    const next = standingOf(state, config.receiptKey, statements.all(), clock.now());
    const changed = describes(next) !== describes(standing);
    standing = next;
    if (changed) {
      if (next.admitted) {
        complaint = '';
        log.info({ activeUntil: next.activeUntil, lastSettleBy: next.lastSettleBy }, 'admitted on chain');
      }
      deps.onChange?.(next);
    }
    if (!next.admitted) complain('not admitted: jobs are refused until the registry confirms the statement');
    return true;
  };

  /** True when a statement was sent. */
  const announce = async (): Promise<boolean> => {
    const now = clock.now();
    if (announced && now < announced.atUnix + WORKER_LIMITS.announceRetrySeconds) return false;
    if (!deps.announce) {
      if (!announced) announced = { statement: pending(now) ?? statements.write(now), atUnix: now };
      complain('not announced: no operator wallet is configured, so another process must announce');
      return false;
    }
    const statement = pending(now) ?? statements.write(now);
    announced = { statement, atUnix: now };
    try {
      await deps.announce(statement.image);
      log.info({ statement: statement.hash.toString('hex') }, 'statement announced');
      return true;
    } catch (error) {
      announced = null;
      throw error;
    }
  };

  /** A statement that was written but is not in the contract, and has most of its day before it. */
  const pending = (now: number): BuiltStatement | undefined => {
    return statements.all().find((statement) => {
      const fresh = statement.notAfter - now > WORKER_LIMITS.renewBeforeSeconds;
      return fresh && !standing.statement?.hash.equals(statement.hash);
    });
  };

  let ticking = false;
  return {
    current: () => standing,
    isSettled: () => standing.activeUntil > clock.now() && standing.admitted && !isDue(standing, clock.now()),
    async tick() {
      if (ticking) return;
      ticking = true;
      try {
        await tick();
      } catch (error) {
        complain('the chain cannot be read or written: the last known standing is kept', error);
      } finally {
        ticking = false;
      }
    },
  };
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

function isDue(standing: Standing, now: number): boolean {
  return !standing.statement || standing.statement.notAfter - now < WORKER_LIMITS.renewBeforeSeconds;
}

function describes(standing: Standing): string {
  const fees = [...standing.fees].map(([feeTo, bps]) => `${feeTo}:${bps}`).sort();
  const statement = standing.statement?.hash.toString('hex') ?? '';
  return [standing.admitted, standing.activeUntil, standing.lastSettleBy, statement, ...fees].join(' ');
}
