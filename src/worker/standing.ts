import type { Address } from '@ton/core';
import type { Chain, WorkerState } from '../chain/types';
import { encodeEvidence, type WorkerEvidence } from '../protocol/wire';
import { attestationStatus, createAlarm, type AttestationStatus } from './attestationStatus';
import { createComplaints } from './complaints';
import { createKeptQuotes } from './keptQuotes';
import { WORKER_LIMITS } from './limits';
import type { Logger } from './logger';
import { createRenewal, type RenewalDeps } from './renewal';
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
  /** Root hash of the block that the admitted quote was bound to. */
  blockRoot: Buffer | null;
  /** Listed router fees: recipient in hex -> highest basis points. */
  fees: ReadonlyMap<string, number>;
  readAtUnix: number;
}

const UNKNOWN: Standing = {
  admitted: false,
  activeUntil: 0,
  lastSettleBy: 0,
  statement: null,
  blockRoot: null,
  fees: new Map(),
  readAtUnix: 0,
};

export interface StandingWatch {
  current(): Standing;
  /** True while nothing is due: admitted, and with a statement that lasts. */
  isSettled(): boolean;
  attestation(): AttestationStatus;
  /** The quote with which the recorded statement was admitted; null where it was not sent from here. */
  evidence(): WorkerEvidence | null;
  /** Reads the contract once and renews the statement when that is due. Never rejects. */
  tick(): Promise<void>;
}

export interface StandingDeps extends Omit<RenewalDeps, 'complain' | 'file' | 'quotes'> {
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
  const { clock, log, statements } = deps;
  const file = createRenewalFile(config.stateDir);
  const complaints = createComplaints(log);
  const quotes = createKeptQuotes(config.stateDir);
  const renewal = createRenewal({ ...deps, file, quotes, complain: complaints.say });
  const alarm = createAlarm(log);
  let standing = UNKNOWN;

  /** Null when the contract is not there. */
  const look = async (): Promise<WorkerState | null> => {
    const state = await deps.chain.worker(config.worker);
    complaints.over(CHAIN_AWAY);
    if (!state) {
      complaints.say('not admitted: the Worker contract is not deployed');
      return null;
    }
    const next = standingOf(state, config.receiptKey, statements.all(), clock.now());
    const changed = describes(next) !== describes(standing);
    standing = next;
    renewal.recognise(state);
    if (changed) {
      if (next.admitted) {
        complaints.allOver();
        log.info({ activeUntil: next.activeUntil, lastSettleBy: next.lastSettleBy }, 'admitted on chain');
      }
      deps.onChange?.(next);
    }
    if (next.admitted && !evidence()) complaints.say(NO_EVIDENCE);
    return state;
  };

  const status = (): AttestationStatus =>
    attestationStatus({
      source: deps.attestation?.source,
      step: renewal.step(),
      expiresAtUnix: standing.activeUntil,
      record: file.read(),
      nowUnix: clock.now(),
    });

  const evidence = (): WorkerEvidence | null => {
    const { statement, blockRoot } = standing;
    const quote = statement && blockRoot && quotes.find(statement.hash, blockRoot);
    return quote ? encodeEvidence({ statement: statement.image, quote }) : null;
  };

  const due = (): boolean => isDue(standing, file.read().lastSuccessAtUnix, clock.now());

  const watch = notTwice(() =>
    look().catch((error: unknown) => {
      complaints.say('the chain cannot be read: the last known standing is kept', error, CHAIN_AWAY);
      return null;
    }),
  );
  const renew = notTwice(async (state: WorkerState) => {
    if (due()) {
      await renewal.advance(state, look).catch((error: unknown) => {
        complaints.say('the renewal cannot be written down: it is tried again', error);
      });
    }
    if (standing.admitted) return;
    complaints.say('not admitted: jobs are refused until the registry confirms the statement');
  });
  return {
    current: () => standing,
    isSettled: () => standing.activeUntil > clock.now() && standing.admitted && !due(),
    attestation: status,
    evidence,
    async tick() {
      const state = await watch();
      if (state) await renew(state);
      alarm(status());
    },
  };
}

const CHAIN_AWAY = 'chain away';
const NO_EVIDENCE =
  'admitted by a quote that is not kept here: clients, who want to see it, will not come before the next one';

/** While one call runs another does nothing, and does not wait for it. */
function notTwice<A extends unknown[], R>(
  work: (...args: A) => Promise<R>,
): (...args: A) => Promise<R | null> {
  let running = false;
  return async (...args) => {
    if (running) return null;
    running = true;
    try {
      return await work(...args);
    } finally {
      running = false;
    }
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
    blockRoot: state.tcb?.blockRoot ?? null,
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
