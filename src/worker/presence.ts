import type { Chain, Clock } from '../chain/types';
import type { Timers } from '../channel';
import { workerDomain } from '../protocol/domain';
import type { KeyPair } from '../protocol/ed25519';
import { createAskFile } from './askFile';
import { createAsks, type Asks } from './asks';
import type { WorkerConfig } from './config';
import type { RequestRules } from './engineRequest';
import { createHpkeKeyring, type HpkeKeyring } from './hpkeKeys';
import type { Logger } from './logger';
import { createOfferBoard, type OfferBoard } from './offer';
import type { Announce, Attestation } from './renewal';
import { createStandingWatch, type StandingWatch } from './standing';
import { createStatements } from './statement';

/** A model as the engine, the market and the bill know it. */
export interface ConfiguredModel {
  offered: RequestRules['model'];
  hash: Buffer;
  band: Parameters<typeof createAsks>[0]['models'][number]['band'];
  minCapNano: bigint;
}

/** How this worker shows itself to the chain and to its routers. */
export interface Presence {
  hpke: HpkeKeyring;
  asks: Asks;
  standing: StandingWatch;
  offers: OfferBoard;
}

export function configuredModels(config: WorkerConfig): ConfiguredModel[] {
  return config.models.map(({ engineModel, engineUrl, floor, ceiling, minCap_nano, ...offered }) => ({
    offered: { ...offered, engineModel: engineModel ?? offered.id, engineUrl },
    hash: Buffer.from(offered.hash, 'hex'),
    band: { floor, ceiling: ceiling ?? floor },
    minCapNano: minCap_nano,
  }));
}

export function createPresence(
  config: WorkerConfig,
  models: readonly ConfiguredModel[],
  keys: KeyPair,
  deps: {
    chain: Chain;
    clock: Clock;
    log: Logger;
    randomBytes: (bytes: number) => Buffer;
    timers: Timers;
    random: () => number;
    announce?: Announce;
    attestation?: Attestation;
    onAttestationFailure?: (reason: string) => void;
    nextSeq: () => number;
    onChange: () => void;
  },
): Presence {
  const { chain, clock, log, nextSeq } = deps;
  const now = (): number => clock.now();
  const scope = { networkId: chain.networkId, registry: chain.registry.hash, self: config.worker.hash };
  const domain = workerDomain(scope);
  const { stateDir } = config;

  const hpke = createHpkeKeyring({ stateDir, domain, receiptKeys: keys }, { now, random: deps.randomBytes });
  const facts = {
    networkId: scope.networkId,
    registry: scope.registry,
    worker: scope.self,
    receiptKey: keys.publicKey,
    modelHashes: models.map(({ hash }) => hash),
    gpuEvidenceHash: config.gpuEvidenceHash,
    hostTier: config.hostTier,
  };
  const statements = createStatements(stateDir, facts, hpke);
  const asks = createAsks({ domain, models, keys }, { now, nextSeq, file: createAskFile(stateDir) });
  const standing = createStandingWatch(
    { worker: config.worker, receiptKey: keys.publicKey, stateDir },
    {
      ...{ chain, clock, log, statements, timers: deps.timers, random: deps.random },
      ...{ announce: deps.announce, attestation: deps.attestation, onFailure: deps.onAttestationFailure },
      onChange: () => {
        offers.refresh();
        deps.onChange();
      },
    },
  );
  const published = models.map(({ offered: { engineModel: _, engineUrl: __, ...model } }) => model);
  const { imageId, slots } = config;
  const offers = createOfferBoard(
    { worker: scope.self, imageId, models: published, slots, keys },
    { now, nextSeq, standing: () => standing.current(), asks, hpke },
  );
  return { hpke, asks, standing, offers };
}
