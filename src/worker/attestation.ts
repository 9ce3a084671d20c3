import { join } from 'node:path';
import { nodeCrypto } from '../attestation/crypto/node';
import { imageId } from '../attestation/image';
import { parseQuote } from '../attestation/quote';
import { announceStatement } from '../chain/accounts';
import { attestWorker } from '../chain/attest';
import type { ConnectedChain } from '../chain/chain';
import { newestSharedBlock, type MasterchainBlock } from '../chain/masterchain';
import type { Clock, WalletSender } from '../chain/types';
import type { Timers } from '../channel';
import type { AttestationConfig, WorkerConfig } from './config';
import { createHandOver } from './handOver';
import type { Logger } from './logger';
import { createConfigfsQuotes } from './quotes/configfs';
import { createSimulatedQuotes } from './quotes/simulator';
import { requireRoot, type QuoteSource } from './quotes/source';
import type { Announce, Attestation } from './renewal';

export interface AttestationDeps {
  chain: ConnectedChain;
  clock: Clock;
  timers: Timers;
  log: Logger;
  randomBytes: (bytes: number) => Buffer;
}

/** The source that a configuration names. `stateDir` must be there. */
export function createQuoteSource(
  { attestation, stateDir }: { attestation: AttestationConfig; stateDir: string },
  deps: Pick<AttestationDeps, 'clock' | 'timers' | 'randomBytes'>,
): QuoteSource {
  switch (attestation.source) {
    case 'tdx':
      return createConfigfsQuotes(attestation, deps);
    case 'simulated':
      return createSimulatedQuotes(
        { stateDir, ...attestation },
        { ...deps, nowUnix: () => deps.clock.now() },
      );
  }
}

/**
 * How this worker gets itself admitted: by the operator's wallet, which pays; without one, by files that are laid ready.
 * Empty where the configuration names neither. Throws QuoteSourceError `root_mismatch` where the registry is under another
 * root than the quotes, CocoonError `chain_unavailable`.
 */
export async function createAdmission(
  config: Pick<WorkerConfig, 'stateDir' | 'worker' | 'imageId' | 'attestation' | 'models'>,
  operator: WalletSender | null,
  deps: AttestationDeps,
): Promise<{ announce?: Announce; attestation?: Attestation }> {
  const { chain, log } = deps;
  const { worker, attestation } = config;
  const models = config.models.map(({ hash }) => Buffer.from(hash, 'hex'));
  const byWallet: Announce | null =
    operator && ((image) => announceStatement(operator, worker, image, models));
  if (!attestation) return byWallet ? { announce: byWallet } : {};

  const source = createQuoteSource({ stateDir: config.stateDir, attestation }, deps);
  requireRoot(source, await chain.registryRoot());
  if (source.root === 'simulated') log.warn({ source: source.describe() }, 'SIMULATED attestation');
  const compare = imageWarning({ imageId: config.imageId, source }, log);
  const newestBlock = (): Promise<MasterchainBlock> => newestSharedBlock(chain.client);
  if (operator && byWallet) {
    const attest = async (quote: Uint8Array): Promise<unknown> => {
      await compare(quote);
      return attestWorker(operator, chain, { worker, quote });
    };
    return { announce: byWallet, attestation: { source, newestBlock, attest, handsOver: false } };
  }
  const folder = attestation.handOverDir ?? join(config.stateDir, 'hand-over');
  const handOver = createHandOver({ folder, worker, models }, log);
  const attest = async (quote: Uint8Array): Promise<void> => {
    await compare(quote);
    handOver.layQuote(quote);
  };
  return {
    announce: async (image) => handOver.layStatement(image),
    attestation: { source, newestBlock, attest, handsOver: true },
  };
}

/** Offers name the configured image: clients refuse a worker whose offer differs from what the chain recorded. */
function imageWarning(
  { imageId: configured, source }: { imageId: Buffer; source: QuoteSource },
  log: Logger,
): (quote: Uint8Array) => Promise<void> {
  let warned = false;
  return async (quote) => {
    const measured = Buffer.from(await imageId(parseQuote(quote).body, source.root, nodeCrypto));
    if (warned || measured.equals(configured)) return;
    warned = true;
    const fields = { measured: measured.toString('hex'), configured: configured.toString('hex') };
    log.warn(fields, 'the quote measures another image than imageId says: clients will not come');
  };
}
