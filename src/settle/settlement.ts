import { Address } from '@ton/core';
import { entryOf, lastSecond, unpaidNano, type HeldReceipt } from '../chain/dues';
import type { Clock, EscrowState } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { alarming, claimsOf, type Claim } from './claims';
import { settleBatch, settleFee, type AttemptDeps, type SettleReport } from './attempt';
import { SETTLE_LIMITS } from './limits';
import { byEscrow, keyOf } from './lines';
import { createEscrowViews } from './look';
import { planSettlement, type PlannedSettlement } from './plan';
import { DEFAULT_POLICY, type SettlementPolicy } from './policy';
import { recoverOpen } from './recover';
import type { SettleStore } from './store';

/** One round over everything that is held. */
export interface Round {
  settled: SettleReport[];
  /** As they stand after it, what ends first first. */
  claims: Claim[];
  /** What must be settled soon and is not. */
  alarms: Claim[];
  /** Escrows that could not be read or settled; null stands for the wallet. They are tried again later. */
  failures: { escrow: Address | null; error: Error }[];
}

/** Who is told what happens: logs and metrics. */
export interface SettleListener {
  settled(report: SettleReport): void;
  /** The end of a message whose process did not write it down. */
  recovered(report: SettleReport): void;
  failed(escrow: Address | null, error: unknown): void;
  /** A line ended with something due; told once per line. */
  lost(claim: Claim): void;
  ended(round: Round): void;
}

export interface Settlement {
  /**
   * Settles what is worth it now, one escrow's batch after the other; `all`: whatever brings more than it costs. Rounds
   * follow one another; one that is asked for while another runs is that one, unless it wants all. Never rejects for
   * one escrow's or the wallet's sake.
   */
  run(held: readonly HeldReceipt[], options?: { all?: boolean }): Promise<Round>;
  /** As the last round left them. */
  claims(): readonly Claim[];
}

export interface SettlementDeps extends Omit<AttemptDeps, 'journal'> {
  clock: Clock;
  store: Pick<SettleStore, 'journal' | 'troubles'>;
  policy?: Partial<SettlementPolicy>;
  listener?: Partial<SettleListener>;
}

/**
 * Redeems receipts. Paying twice is impossible on chain, since a line's `paid` only rises to a receipt's total. So that
 * gas is not spent twice either, each message is written down before it leaves, begins with a fresh look, and is not
 * repeated while an earlier one to the same escrow may still be processed.
 */
export function createSettlement(deps: SettlementDeps): Settlement {
  const { clock, store, listener = {} } = deps;
  const { journal, troubles } = store;
  const policy = { ...DEFAULT_POLICY, ...deps.policy };
  const feeNano = settleFee(deps.chain.prices);
  let failures: Round['failures'] = [];
  const fail = (escrow: Address | null, error: unknown): void => {
    failures.push({ escrow, error: error instanceof Error ? error : new Error(String(error)) });
    listener.failed?.(escrow, error);
  };
  const { lookEverySeconds } = policy;
  const views = createEscrowViews({ chain: deps.chain, clock, lookEverySeconds, onFailure: fail });
  let running: Promise<Round> | null = null;
  let latest: readonly Claim[] = [];

  /** A clock that is behind the chain must not call a line payable that has ended. */
  const now = (): number => {
    let latest = clock.now();
    for (const state of views.states.values()) latest = Math.max(latest, state?.readAtUnix ?? 0);
    return latest;
  };
  const plan = (held: readonly HeldReceipt[], all: boolean): PlannedSettlement[] => {
    const sent = escrowsOnTheirWay();
    const ready = held.filter((one) => {
      const escrow = one.escrow.toString('hex');
      return !sent.has(escrow) && !isHeldBack(escrow, keyOf(one));
    });
    const waitedSeconds = (escrow: string): number =>
      clock.now() - (journal.lastPaidAt(Buffer.from(escrow, 'hex')) || views.seenSince(escrow));
    return planSettlement(ready, views.states, { nowUnix: now(), feeNano, policy, all, waitedSeconds });
  };
  const escrowsOnTheirWay = (): Set<string> =>
    new Set(journal.open().map(({ escrow }) => escrow.toString('hex')));
  const isHeldBack = (escrow: string, line: string): boolean =>
    !views.mayTry(escrow) || !troubles.mayTry(line, clock.now());

  /** False when the wallet cannot go on. */
  async function settle({ state, items }: PlannedSettlement, settled: SettleReport[]): Promise<boolean> {
    const escrow = state.address.hash.toString('hex');
    try {
      const report = await settleBatch(state.address, items, { ...deps, journal });
      views.worked(escrow);
      await views.reread(escrow);
      if (!report) return true;
      settled.push(report);
      listener.settled?.(report);
      if (report.outcome === 'refused') views.failed(escrow);
      else noteLines(items, views.states.get(escrow) ?? state);
    } catch (error) {
      const isWallet = error instanceof CocoonError && WALLET_TROUBLES.has(error.code);
      fail(isWallet ? null : state.address, error);
      if (isWallet) return false;
      views.failed(escrow);
    }
    return true;
  }

  /** What is still due came back, which costs gas each time: its line waits. */
  function noteLines(items: readonly HeldReceipt[], after: EscrowState): void {
    for (const held of items) {
      const entry = entryOf(held, after);
      if (!entry || unpaidNano(held, entry) === 0n) troubles.cleared(keyOf(held));
      else troubles.failed(keyOf(held), lastSecond(entry), clock.now());
    }
  }

  async function round(held: readonly HeldReceipt[], all: boolean): Promise<Round> {
    failures = [];
    const settled: SettleReport[] = [];
    await recoverOpen({ journal, wallet: deps.wallet, clock }, (report) => {
      settled.push(report);
      listener.recovered?.(report);
    });
    await views.refresh(byEscrow(held), all);
    for (const batch of plan(held, all)) if (!(await settle(batch, settled))) break;
    const claims = tell(held);
    const ended = { settled, claims, alarms: alarming(claims, now(), policy), failures };
    journal.prune(clock.now() - SETTLE_LIMITS.keepHistorySeconds);
    latest = claims;
    listener.ended?.(ended);
    return ended;
  }

  function tell(held: readonly HeldReceipt[]): Claim[] {
    const claims = claimsOf(held, {
      ...{ states: views.states, plans: plan(held, false), nowUnix: now(), feeNano, policy },
      ...{ sent: escrowsOnTheirWay(), isHeldBack },
    });
    for (const claim of claims) {
      const isNew =
        claim.state === 'lost' && troubles.lost(claim.key, claim.escrow.hash, claim.dueNano, clock.now());
      if (isNew) listener.lost?.(claim);
    }
    return claims;
  }

  const start = (held: readonly HeldReceipt[], all: boolean): Promise<Round> => {
    const next = round(held, all).finally(() => {
      if (running === next) running = null;
    });
    running = next;
    return next;
  };

  return {
    claims: () => latest,
    async run(held, { all = false } = {}) {
      while (running) {
        const current = running;
        if (!all) return current;
        await current.catch(() => undefined);
      }
      return start(held, all);
    },
  };
}

/** After these no other escrow fares better. */
const WALLET_TROUBLES: ReadonlySet<string> = new Set(['wallet_exhausted', 'wallet_overtaken']);
