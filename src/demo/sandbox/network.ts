import { join } from 'node:path';
import type { Address } from '@ton/core';
import type { Logger } from 'pino';
import { registryAddress } from '../../../wrappers/Registry';
import { createChain, type ConnectedChain } from '../../chain/chain';
import { walletOf } from '../../chain/wallet';
import { createDevnet, type Devnet } from '../../devnet/devnet';
import { parseCoins } from '../../protocol/amounts';
import { parseRouterFile } from '../../router/config';
import { startRouter } from '../../router/main';
import { readWorkerConfig } from '../../worker/config';
import { startWorker } from '../../worker/main';
import { simulatedMeasurements } from '../../worker/quotes/simulator';
import { createActor, demoKeys, type Actor } from '../cast';
import { DEMO_TERMS, foundNetwork } from '../maintainer';
import { stake } from '../provider';
import type { SandboxEngine } from './engine';
import { writeSandboxWorker } from './workerFile';

const SEED = 7;
const ROUTER_FEE_BPS = 100;
const LISTED_TRIES = 300;
const LISTED_POLL_MS = 50;

/** Chain, registry and people of a sandbox. */
export interface SandboxGround {
  folder: string;
  devnet: Devnet;
  registry: Address;
  chain: ConnectedChain;
  /** A person with a funded wallet. */
  person(name: string, coins: string): Promise<Actor>;
  keys(name: string): ReturnType<typeof demoKeys>;
}

/** What must be ended, in the reverse order of its start. */
export type Ends = (() => Promise<unknown> | void)[];

/** An embedded chain whose blocks come at once, and a registry on it that is filled and sealed. */
export async function foundSandbox(
  folder: string,
  engine: SandboxEngine,
  ends: Ends,
): Promise<SandboxGround> {
  const devnet = await createDevnet({ dataDir: null, port: 0, blockIntervalMs: 0 });
  ends.push(() => devnet.close());
  const owner = walletOf('v5r1', demoKeys(SEED, 'maintainer').publicKey, devnet.networkId);
  const registry = await registryAddress('simulated', owner.address);
  const chain = await createChain({ endpoint: devnet.apiUrl, registry });
  const person = async (name: string, coins: string): Promise<Actor> => {
    const actor = createActor(chain, SEED, name);
    await devnet.faucet(actor.wallet.address, parseCoins(coins));
    return actor;
  };
  const [maintainer, treasury] = await Promise.all([person('maintainer', '50'), person('treasury', '1')]);
  await foundNetwork(maintainer, treasury.wallet.address, engine.models, Math.floor(devnet.nowUnix()));
  return { folder, devnet, registry, chain, person, keys: (name) => demoKeys(SEED, name) };
}

export interface SandboxRouter {
  url: string;
  feeTo: Buffer;
  feeBps: number;
}

/** The router as its program starts it. */
export async function openRouter(ground: SandboxGround, log: Logger, ends: Ends): Promise<SandboxRouter> {
  const feeTo = ground.keys('router').publicKey.subarray(0, 20);
  const config = {
    listen: { port: 0 },
    chain: chainOf(ground),
    ledger: join(ground.folder, 'router.sqlite'),
    fee: { bps: ROUTER_FEE_BPS, to: feeTo.toString('hex') },
  };
  const router = await startRouter(parseRouterFile(JSON.stringify(config)), log);
  ends.push(() => router.close());
  return { url: router.url, feeTo, feeBps: ROUTER_FEE_BPS };
}

/** A staked worker that attests itself; resolves when the router lists it. */
export async function openWorker(
  ground: SandboxGround,
  engine: SandboxEngine,
  router: SandboxRouter,
  options: { slots: number; log: Logger },
  ends: Ends,
): Promise<void> {
  const [provider, operator] = await Promise.all([
    ground.person('provider', '40'),
    ground.person('operator', '5'),
  ]);
  const { imageId } = await simulatedMeasurements();
  const plan = { name: 'worker', provider, operator, index: 0, imageId };
  const address = await stake(plan, ground.chain, DEMO_TERMS.minStakeNano, router);
  const file = writeSandboxWorker(plan, address, {
    folder: ground.folder,
    network: chainOf(ground),
    ...{ engine, router, slots: options.slots },
  });
  const worker = await startWorker(readWorkerConfig(file), options.log, () => undefined);
  ends.push(() => worker.close());
  for (let tries = 0; tries < LISTED_TRIES; tries += 1) {
    const book = (await (await fetch(`${router.url}/v1/book`)).json()) as {
      entries: { freeSlots: number }[];
    };
    // An engine that does not answer yet has no slots.
    if (book.entries.some(({ freeSlots }) => freeSlots > 0)) return;
    await new Promise((resolve) => setTimeout(resolve, LISTED_POLL_MS));
  }
  throw new Error(`the worker offers no slots: does the engine at ${engine.url} answer?`);
}

/** How configuration files name the chain. */
export function chainOf({ devnet, registry }: Pick<SandboxGround, 'devnet' | 'registry'>) {
  return {
    endpoint: devnet.apiUrl,
    networkId: devnet.networkId,
    registry: registry.toString(),
    devnet: devnet.url,
  };
}
