import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import { claimEarnings, listRecipient, pullFees, stakeWorker } from '../chain/accounts';
import type { ConnectedChain } from '../chain/chain';
import { nano, type Nano } from '../protocol/amounts';
import type { KeyPair } from '../protocol/ed25519';
import type { Actor } from './cast';

export interface WorkerPlan {
  name: string;
  provider: Actor;
  operator: Actor;
  index: number;
  imageId: Buffer;
}

/** A provider's worker: its contract, and the configuration file of its process. */
export interface DemoWorker extends WorkerPlan {
  address: Address;
  configFile: string;
  stateDir: string;
}

/** Stakes, and lists the router as a fee recipient. */
export async function stake(
  plan: WorkerPlan,
  chain: ConnectedChain,
  stakeNano: Nano,
  router: { feeTo: Buffer; feeBps: number },
): Promise<Address> {
  const { provider, operator, index } = plan;
  const { registry } = chain;
  const report = await stakeWorker(provider.wallet, {
    registry,
    index,
    stakeNano,
    operator: operator.wallet.address,
  });
  if (router.feeBps > 0) await listRecipient(provider.wallet, report.contract, router.feeTo, router.feeBps);
  return report.contract;
}

export interface WorkerSurroundings {
  endpoint: string;
  networkId: number;
  registry: Address;
  devnetUrl: string;
  engineUrl: string;
  routerUrl: string;
  model: { id: string; hash: Buffer; contextLength: number };
  /** Nanotons per million tokens. */
  prices: { prompt: bigint; cached: bigint; completion: bigint };
  slots: number;
  folder: string;
}

/** Writes the files that a provider would write: the worker's configuration, and wallet keys with mode 0600. */
export function writeWorkerFiles(plan: WorkerPlan, address: Address, around: WorkerSurroundings): DemoWorker {
  const folder = join(around.folder, plan.name);
  mkdirSync(folder, { recursive: true });
  const { model, prices } = around;
  const stateDir = join(folder, 'state');
  const config = {
    stateDir,
    network: {
      endpoint: around.endpoint,
      networkId: around.networkId,
      registry: around.registry.toString(),
      devnet: around.devnetUrl,
    },
    worker: address.toString(),
    imageId: plan.imageId.toString('hex'),
    attestation: { source: 'simulated' },
    routers: [around.routerUrl],
    engine: { url: around.engineUrl },
    models: [
      {
        id: model.id,
        hash: model.hash.toString('hex'),
        contextLength: model.contextLength,
        maxOutputTokens: model.contextLength,
        capabilities: ['chat', 'completions', 'embeddings'],
        floor: {
          prompt_nano: prices.prompt.toString(),
          cached_nano: prices.cached.toString(),
          completion_nano: prices.completion.toString(),
        },
      },
    ],
    slots: around.slots,
    operatorKeyFile: writeKey(join(folder, 'operator.key'), plan.operator.keys),
    settlementKeyFile: writeKey(join(folder, 'settlement.key'), plan.provider.keys),
  };
  const configFile = join(folder, 'worker.json');
  writeFileSync(configFile, JSON.stringify(config, null, 2));
  return { ...plan, address, configFile, stateDir };
}

/** Takes out everything that a worker earned, and says how much that was. */
export async function claim(worker: DemoWorker, chain: ConnectedChain): Promise<Nano> {
  const claimable = (await chain.worker(worker.address))?.claimableNano ?? nano(0n);
  if (claimable > 0n) await claimEarnings(worker.provider.wallet, worker.address);
  return claimable;
}

/** A router's share waits in the Worker contract until the router takes it. */
export async function takeRouterShare(
  router: Actor,
  feeTo: Buffer,
  worker: DemoWorker,
  chain: ConnectedChain,
): Promise<Nano> {
  const recipients = (await chain.worker(worker.address))?.feeRecipients ?? [];
  const owed = recipients.find((recipient) => recipient.feeTo.equals(feeTo))?.owedNano ?? nano(0n);
  if (owed > 0n) await pullFees(router.wallet, worker.address);
  return owed;
}

/** A 32-byte seed in hex, readable by its owner only. */
function writeKey(file: string, keys: KeyPair): string {
  writeFileSync(file, `${keys.seed.toString('hex')}\n`, { mode: 0o600 });
  return file;
}
