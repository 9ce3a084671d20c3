import type { Address } from '@ton/core';
import { MAX_PLATFORM_SLOTS, platformAddress } from '../../../wrappers/Platform';
import { parseRegistry, REGISTRY_GETTERS } from '../../../wrappers/Registry';
import { readChain } from '../../attestation/onchain/chain';
import type { DryRunInput } from '../../attestation/onchain/dryRun';
import { NEW_PLATFORM, type PlatformState } from '../../attestation/onchain/dryRunPlatform';
import type { WorkerStanding } from '../../attestation/onchain/dryRunWorker';
import { chooseKind, type AttestKind } from '../../attestation/onchain/kind';
import type { Quote } from '../../attestation/quote';
import type { ConnectedChain } from '../../chain/chain';
import { sharedBlocks, type MasterchainBlock } from '../../chain/masterchain';
import { readPlatform } from '../../chain/platformState';
import type { WorkerState } from '../../chain/types';
import { sha256 } from '../../protocol/hash';

/** Everything that a dry run needs of the chain, for a quote of one Worker. Throws CocoonError `chain_unavailable`. */
export async function chainFacts(
  chain: ConnectedChain,
  quote: Quote,
  workerAddress: Address | null,
  kind: AttestKind | null,
): Promise<DryRunInput> {
  const root = await chain.registryRoot();
  const platform = await platformAddress(root, chain.registry, sha256(readChain(quote, root).leaf.ppid));
  const [nowUnix, terms, held, rules, workers, worker, blocks] = await Promise.all([
    chain.blockTime(),
    chain.client.getMethod(chain.registry, REGISTRY_GETTERS.registry).then(parseRegistry),
    readPlatform(chain.client, platform),
    chain.registryRules(),
    chain.workers(),
    workerAddress && chain.worker(workerAddress),
    sharedBlocks(chain.client),
  ]);
  const state = platformState(held, workerAddress, nowUnix);
  return {
    quote,
    root,
    kind: kind ?? chooseKind(quote, root, state.cache),
    nowUnix,
    networkId: chain.networkId,
    platform: state,
    registry: {
      ...rules,
      listed: workerAddress && workers.some((listed) => listed.equals(workerAddress)),
      worker: workerAddress?.hash.toString('hex') ?? null,
      platform: platform.hash.toString('hex'),
    },
    worker: worker && {
      ...workerStanding(worker, blocks, nowUnix),
      stakeSuffices: worker.stakeNano >= terms.parameters.minStakeNano,
    },
  };
}

function platformState(
  held: Awaited<ReturnType<typeof readPlatform>>,
  worker: Address | null,
  nowUnix: number,
): PlatformState {
  if (held === null) return NEW_PLATFORM;
  const others = held.slots.filter(
    ({ worker: who, heldUntil }) => heldUntil >= nowUnix && !worker?.hash.equals(who),
  );
  return {
    cache: held.cache,
    full: others.length >= MAX_PLATFORM_SLOTS,
    ppidHash: held.ppidHash.toString('hex'),
  };
}

function workerStanding(
  worker: WorkerState,
  recentBlocks: readonly MasterchainBlock[],
  nowUnix: number,
): Omit<WorkerStanding, 'stakeSuffices'> {
  const { pending } = worker;
  const known = worker.keys.find(({ workerKey }) => pending?.receiptKey.equals(workerKey));
  return {
    pending: pending && {
      statementDigest: pending.statementDigest,
      cleared: pending.cleared,
      notAfterUnix: pending.notAfter,
      keyTooOld: known !== undefined && known.lastSettleBy <= nowUnix,
    },
    unstaking: worker.unstakeAt !== 0,
    quoteSeqno: worker.quoteSeqno,
    recentBlocks,
  };
}
