import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import { registryAddress } from '../../../wrappers/Registry';
import { createChain, type ConnectedChain } from '../../../src/chain/chain';
import { createChainClock, devnetTimeSource, type ChainClock } from '../../../src/chain/clock';
import { walletOf } from '../../../src/chain/wallet';
import { createActor, demoKeys, type Actor } from '../../../src/demo/cast';
import { foundNetwork } from '../../../src/demo/maintainer';
import { createDevnet, type Devnet } from '../../../src/devnet/devnet';
import { parseCoins } from '../../../src/protocol/amounts';
import { startEngine, type EngineProcess } from '../engineProcess';

export const MODEL = 'tiny-llama';
export const EAR = 'tiny-ear';
const SEED = 20_261_125;

/** What every end-to-end test stands on: a chain in this process, a sealed registry, an engine in its own process. */
export interface Ground {
  folder: string;
  devnet: Devnet;
  chain: ConnectedChain;
  clock: ChainClock;
  registry: Address;
  maintainer: Actor;
  engine: EngineProcess;
  modelHash: Buffer;
  /** A new person with a funded wallet. */
  person(name: string, coins: string): Promise<Actor>;
  keys(name: string): ReturnType<typeof demoKeys>;
}

/** What must be ended, in the reverse order of its start. */
export type Ends = (() => Promise<unknown>)[];

/** Blocks come at once (interval 0), so that a transfer is final as soon as it is sent. */
export async function createGround(engineFlags: readonly string[], ends: Ends): Promise<Ground> {
  const folder = mkdtempSync(join(tmpdir(), 'cocoon-e2e-'));
  ends.push(async () => rmSync(folder, { recursive: true, force: true }));
  const engine = await startEngine(...engineFlags);
  ends.push(() => engine.stop());
  const devnet = await createDevnet({ dataDir: null, port: 0, blockIntervalMs: 0 });
  ends.push(() => devnet.close());
  const owner = walletOf('v5r1', demoKeys(SEED, 'maintainer').publicKey, devnet.networkId);
  const registry = await registryAddress('simulated', owner.address);
  const chain = await createChain({ endpoint: devnet.apiUrl, registry });
  const clock = await createChainClock({ source: devnetTimeSource(devnet.url), follow: 'chain' });
  ends.push(async () => clock.stop());

  const person = async (name: string, coins: string): Promise<Actor> => {
    const actor = createActor(chain, SEED, name);
    await devnet.faucet(actor.wallet.address, parseCoins(coins));
    return actor;
  };
  const maintainer = await person('maintainer', '50');
  const treasury = await person('treasury', '1');
  const modelHash = Buffer.from(engine.modelHash, 'hex');
  const ear = { id: EAR, hash: Buffer.from(engine.earHash, 'hex') };
  const models = [{ id: MODEL, hash: modelHash }, ear];
  await foundNetwork(maintainer, treasury.wallet.address, models, Math.floor(clock.now()));

  return {
    ...{ folder, devnet, chain, clock, registry, maintainer, engine, modelHash, person },
    keys: (name) => demoKeys(SEED, name),
  };
}
