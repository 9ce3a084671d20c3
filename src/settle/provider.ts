import { Address } from '@ton/core';
import { claimEarnings } from '../chain/accounts';
import type { HeldReceipt } from '../chain/dues';
import type { Chain, Clock, WalletSender } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { takeFrom, type Intake } from './intake';
import { SETTLE_LIMITS } from './limits';
import type { Round, Settlement } from './settlement';
import type { ReceiptSource } from './sources';
import type { SettleStore } from './store';

/** A provider outside the TD: collects receipts, settles them, and takes his earnings out. */
export interface ProviderDeps {
  chain: Pick<Chain, 'escrow' | 'worker'>;
  clock: Clock;
  store: SettleStore;
  settlement: Settlement;
  sources: readonly ReceiptSource[];
  /** His Worker contracts; null takes lines to any. */
  workers: readonly Address[] | null;
  /** Claims with this wallet, which must be the provider's own, what exceeds the amount; null leaves it in the contracts. */
  claim: { wallet: WalletSender; aboveNano: bigint } | null;
}

/** What a claim took out of one Worker contract. */
export interface Claimed {
  worker: Address;
  /** What was claimable; the protocol's fee was taken of it. */
  claimableNano: bigint;
  /** By how much the wallet's balance rose, fees paid. */
  receivedNano: bigint;
}

export interface ProviderRound {
  intakes: Intake[];
  round: Round;
  claimed: Claimed[];
  /** Worker contracts that were not claimed from, and why. */
  unclaimed: { worker: Address; error: unknown }[];
}

/** One round: collect, settle, claim. `all` settles whatever brings more than it costs. Rejects only when the store fails. */
export async function providerRound(deps: ProviderDeps, { all = false } = {}): Promise<ProviderRound> {
  const { store, settlement, clock } = deps;
  const intakes = await Promise.all(
    deps.sources.map((source) =>
      takeFrom(source, { chain: deps.chain, receipts: store.receipts, workers: deps.workers }),
    ),
  );
  store.receipts.prune(Math.floor(clock.now()) - SETTLE_LIMITS.keepEndedSeconds);
  // Lines that ended lately too: what they lost is told.
  const held = store.receipts.all(Math.floor(clock.now()) - SETTLE_LIMITS.keepEndedSeconds);
  const round = await settlement.run(held, { all });
  return { intakes, round, ...(await claimAll(workersOf(held, deps.workers), deps)) };
}

async function claimAll(
  workers: readonly Address[],
  { chain, claim }: ProviderDeps,
): Promise<Pick<ProviderRound, 'claimed' | 'unclaimed'>> {
  const claimed: Claimed[] = [];
  const unclaimed: ProviderRound['unclaimed'] = [];
  for (const worker of claim ? workers : []) {
    try {
      const one = await claimFrom(worker, chain, claim!);
      if (one) claimed.push(one);
    } catch (error) {
      unclaimed.push({ worker, error });
    }
  }
  return { claimed, unclaimed };
}

/** Null when there is too little to take. */
async function claimFrom(
  worker: Address,
  chain: Pick<Chain, 'worker'>,
  { wallet, aboveNano }: NonNullable<ProviderDeps['claim']>,
): Promise<Claimed | null> {
  const state = await chain.worker(worker);
  if (!state)
    throw new CocoonError('not_found', `There is no Worker of this registry at ${worker.toString()}.`);
  if (!state.provider.equals(wallet.address)) {
    throw new CocoonError(
      'chain_refused',
      `${worker.toString()} pays its provider ${state.provider.toString()} alone, not this wallet.`,
    );
  }
  if (state.claimableNano <= aboveNano) return null;
  const { spentNano } = await claimEarnings(wallet, worker);
  return { worker, claimableNano: state.claimableNano, receivedNano: 0n - spentNano };
}

function workersOf(held: readonly HeldReceipt[], named: readonly Address[] | null): Address[] {
  if (named) return [...named];
  const found = new Map(held.map(({ line }) => [line.workerAddress.toString('hex'), line.workerAddress]));
  return [...found.values()].map((hash) => new Address(0, hash));
}
