import type { MasterchainBlock } from '../chain/masterchain';
import type { Clock, WorkerState } from '../chain/types';
import type { Timers } from '../channel';
import { statementDigest } from '../protocol/statement';
import type { KeptQuotes } from './keptQuotes';
import { WORKER_LIMITS } from './limits';
import { QuoteSourceError } from './quotes/errors';
import type { QuoteSource } from './quotes/source';
import { reasonOf, troubleText, wasRefused } from './renewalTrouble';
import type { RenewalFile } from './renewalFile';
import type { BuiltStatement, Statements } from './statement';
import { within } from './timers';

/**
 * Brings a statement to the chain. Throws CocoonError `chain_refused` when it was refused; any other error leaves open
 * what became of it.
 */
export type Announce = (statement: Buffer) => Promise<unknown>;

/** Where quotes come from and go to. */
export interface Attestation {
  source: QuoteSource;
  /** A block that the Worker contract can look up. */
  newestBlock(): Promise<MasterchainBlock>;
  /** Brings a quote to the chain; throws as `Announce` does. */
  attest(quote: Uint8Array): Promise<unknown>;
  /** True when `attest` only lays the quote ready for somebody else to send. */
  handsOver: boolean;
}

/** What a renewal did last, or waits for. */
export type RenewalStep = 'idle' | 'announce' | 'block' | 'quote' | 'attest';

export interface Renewal {
  step(): RenewalStep;
  /** Ends the renewal when the contract holds its statement, whoever brought it there. */
  recognise(state: WorkerState): void;
  /**
   * Goes as far as it can: writes, announces, waits for clearance, quotes, attests. `look` reads the contract anew, and
   * recognises it. Never rejects; a failure is counted, and the next attempt waits.
   */
  advance(state: WorkerState, look: () => Promise<WorkerState | null>): Promise<void>;
}

export interface RenewalDeps {
  clock: Clock;
  timers: Timers;
  /** In [0, 1); for jitter only. */
  random: () => number;
  statements: Statements;
  file: RenewalFile;
  /** Where quotes are kept for those who verify this worker. */
  quotes: KeptQuotes;
  /** Absent when nobody announces from here. */
  announce?: Announce | undefined;
  /** Absent when nobody quotes from here. */
  attestation?: Attestation | undefined;
  /** Says each trouble once until the next success; `name` tells troubles apart whose texts differ in a number. */
  complain: (text: string, cause?: unknown, name?: string) => void;
  onFailure?: ((reason: string) => void) | undefined;
}

/** A step moved the chain, so that the next one can follow; or something has to happen elsewhere first. */
type StepEnd = 'moved' | 'waits';

/** Announce and quote, each once more where what was read had changed meanwhile. */
const STEPS_MAX = 4;

/** One renewal after the other, in steps of which each shows on the chain or in the file before the next begins. */
export function createRenewal(deps: RenewalDeps): Renewal {
  const { clock, statements, file, complain } = deps;
  let step: RenewalStep = 'idle';

  let admitted = false;

  const advance: Renewal['advance'] = async (first, look) => {
    let state: WorkerState | null = first;
    if (clock.now() < file.read().nextTryAtUnix) return;
    admitted = false;
    for (let n = 0; n < STEPS_MAX && state; n++) {
      let trouble: { cause: unknown } | null = null;
      try {
        if ((await take(state)) === 'waits') return;
      } catch (cause) {
        trouble = { cause };
      }
      state = await look().catch(() => null);
      // Also after a refusal: a repetition of what was accepted is refused, and no trouble.
      if (admitted) return;
      if (trouble) return failed(trouble.cause);
    }
  };

  const recognise = (state: WorkerState): void => {
    // Recorded, and ended at once, is what a full Platform leaves.
    if (!file.read().statement?.equals(state.statementHash) || state.activeUntil <= clock.now()) return;
    step = 'idle';
    admitted = true;
    file.change({
      ...{ statement: null, announcedAtUnix: 0, sent: null, failures: 0, nextTryAtUnix: 0 },
      lastSuccessAtUnix: clock.now(),
    });
  };

  const take = async (state: WorkerState): Promise<StepEnd> => {
    const now = clock.now();
    if (state.unstakeAt !== 0) {
      complain('not attested: the stake is being taken out');
      return 'waits';
    }
    requireSameTime(now, state.readAtUnix);
    const statement = current(state, now);
    const digest = statementDigest(statement.image);
    const { pending } = state;
    if (!pending?.statementDigest.equals(digest)) return announce(statement, now);
    // The registry clears at once or refuses; a refusal is told to whoever announced, so that is done again.
    if (!pending.cleared) return announce(statement, now);
    return attest(statement, digest, state, now);
  };

  /** The statement on its way, while most of its time is before it; else a new one. */
  const current = (state: WorkerState, now: number): BuiltStatement => {
    const usable = statements.all().find((statement) => {
      const lasts = statement.notAfter - now > WORKER_LIMITS.renewBeforeSeconds;
      return lasts && !(statement.hash.equals(state.statementHash) && state.activeUntil > now);
    });
    const statement = usable ?? statements.write(now);
    if (!file.read().statement?.equals(statement.hash)) {
      file.change({ statement: statement.hash, announcedAtUnix: 0, sent: null });
    }
    return statement;
  };

  const announce = async (statement: BuiltStatement, now: number): Promise<StepEnd> => {
    step = 'announce';
    if (!deps.announce) {
      complain('not announced: no operator wallet is configured, so another process must announce');
      return 'waits';
    }
    // Sent before a restart, or its answer got lost: it may still arrive.
    if (now < file.read().announcedAtUnix + WORKER_LIMITS.inFlightSeconds) return 'waits';
    file.change({ announcedAtUnix: now });
    await deps.announce(statement.image);
    return 'moved';
  };

  const attest = async (
    statement: BuiltStatement,
    digest: Buffer,
    state: WorkerState,
    now: number,
  ): Promise<StepEnd> => {
    const { attestation } = deps;
    step = 'block';
    if (!attestation) {
      complain('not attested: no source of quotes is configured, so another process must bring one');
      return 'waits';
    }
    const { sent } = file.read();
    if (sent && now < sent.atUnix + WORKER_LIMITS.inFlightSeconds) return 'waits';
    const block = await attestation.newestBlock();
    // A block counts once.
    if (block.seqno <= state.quoteSeqno) return 'waits';

    step = 'quote';
    const quote = await inTime(attestation.source.quote(Buffer.concat([digest, block.rootHash])));
    step = 'attest';
    deps.quotes.keep({ statementHash: statement.hash, blockRoot: block.rootHash, quote });
    file.change({ sent: { blockSeqno: block.seqno, atUnix: now } });
    try {
      await attestation.attest(quote);
    } catch (error) {
      if (wasRefused(error)) file.change({ sent: null });
      throw error;
    }
    return attestation.handsOver ? 'waits' : 'moved';
  };

  const inTime = (quote: Promise<Uint8Array>): Promise<Uint8Array> =>
    within(
      deps.timers,
      WORKER_LIMITS.quoteTimeoutMs,
      quote,
      () =>
        new QuoteSourceError('quote_late', `no quote within ${WORKER_LIMITS.quoteTimeoutMs / 1000} seconds`),
    );

  const failed = (cause: unknown): void => {
    const reason = reasonOf(cause);
    const { failures } = file.read();
    const now = clock.now();
    file.change({
      failures: failures + 1,
      lastFailure: { reason, atUnix: now },
      nextTryAtUnix: now + backoffSeconds(failures, deps.random()),
    });
    deps.onFailure?.(reason);
    complain(`not attested: ${troubleText(cause)}`, cause, reason);
  };

  return { step: () => step, recognise, advance };
}

/** A statement of the future is refused, and one of the past ends too soon: said before gas is paid for it. */
function requireSameTime(nowUnix: number, chainUnix: number): void {
  const apart = Math.round(nowUnix - chainUnix);
  if (Math.abs(apart) <= WORKER_LIMITS.renewalSkewSeconds) return;
  const way = apart > 0 ? 'ahead of' : 'behind';
  throw new QuoteSourceError('clock_apart', `this clock is ${Math.abs(apart)} s ${way} the chain's`);
}

/** Doubles from the least to the most, half of it by chance: workers that failed together do not return together. */
export function backoffSeconds(failures: number, random: number): number {
  const { renewalRetryMinSeconds, renewalRetryMaxSeconds } = WORKER_LIMITS;
  const full = Math.min(renewalRetryMaxSeconds, renewalRetryMinSeconds * 2 ** Math.min(failures, 20));
  return full * (0.5 + random / 2);
}
