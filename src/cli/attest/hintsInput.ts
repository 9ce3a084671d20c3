import type { Address } from '@ton/core';
import { InvalidArgumentError } from 'commander';
import { workerAddress } from '../../../wrappers/Worker';
import type { DryRunInput } from '../../attestation/onchain/dryRun';
import { NEW_PLATFORM } from '../../attestation/onchain/dryRunPlatform';
import { chooseKind, EMPTY_CACHE, type AttestKind } from '../../attestation/onchain/kind';
import type { Quote } from '../../attestation/quote';
import type { Root } from '../../protocol/root';
import { connect } from '../connect';
import { chainFacts } from './chainFacts';

export interface HintsFlags {
  provider: Address;
  index: number;
  root: Root;
  kind?: AttestKind;
  /** Unix seconds. */
  at?: number;
  endpoint?: string;
  registry?: Address;
}

/**
 * What a dry run is made with: the chain's own facts where an endpoint is named, else those of a new Platform alone.
 * Throws InvalidArgumentError for an endpoint without a registry, or the other way round.
 */
export async function hintsInput(quote: Quote, flags: HintsFlags, nowUnix: number): Promise<DryRunInput> {
  const { endpoint, registry, root, kind, at } = flags;
  if (endpoint !== undefined && registry !== undefined) {
    const chain = await connect({ endpoint, registry, json: false });
    const worker = await workerAddress(registry, flags.provider, flags.index);
    const facts = await chainFacts(chain, quote, worker, kind ?? null);
    return at === undefined ? facts : { ...facts, nowUnix: at };
  }
  if (endpoint !== undefined || registry !== undefined)
    throw new InvalidArgumentError('--endpoint and --registry go together.');
  return {
    quote,
    root,
    kind: kind ?? chooseKind(quote, root, EMPTY_CACHE),
    nowUnix: at ?? nowUnix,
    networkId: null,
    platform: NEW_PLATFORM,
    registry: null,
    worker: null,
  };
}
