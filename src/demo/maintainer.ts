import type { Address } from '@ton/core';
import {
  allowImageBody,
  allowModelBody,
  allowShapeBody,
  registryAddress,
  registryInit,
  REGISTRY_VALUES,
  sealBody,
  setParametersBody,
} from '../../wrappers/Registry';
import { GET_WORKER, parseWorker } from '../../wrappers/Worker';
import { admitWorker, nameOfExitCode } from '../chain/accounts';
import type { ConnectedChain } from '../chain/chain';
import { nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import type { Actor } from './cast';

/** Stand-ins for what a measured image and a VM's shape would hash to. */
export const DEMO_IMAGE = sha256(Buffer.from('cocoon/demo/image'));
export const UNLISTED_IMAGE = sha256(Buffer.from('cocoon/demo/an image that nobody allowed'));
export const DEMO_SHAPE = sha256(Buffer.from('cocoon/demo/shape'));

export const DEMO_TERMS = {
  minStakeNano: nano(10_000_000_000n),
  unbondingSeconds: 7 * 86_400,
  protocolFeeBps: 100,
  routerDepositNano: nano(1_000_000_000n),
} as const;
const IMAGE_SECONDS = 180 * 86_400;

/** Deploys the registry, fills its lists and seals it: from then on whatever loosens waits for the timelock. */
export async function foundNetwork(
  owner: Actor,
  treasury: Address,
  model: { id: string; hash: Buffer },
  nowUnix: number,
): Promise<Address> {
  const registry = await registryAddress('simulated', owner.wallet.address);
  const orders = [
    setParametersBody({ ...DEMO_TERMS, treasury }),
    allowImageBody(DEMO_IMAGE, nowUnix + IMAGE_SECONDS),
    allowShapeBody(DEMO_SHAPE),
    allowModelBody(model.hash, model.id),
    sealBody(),
  ];
  // One external message carries them all, in this order.
  const { failure } = await owner.wallet.transfer([
    {
      to: registry,
      valueNano: REGISTRY_VALUES.deploy,
      init: await registryInit('simulated', owner.wallet.address),
    },
    ...orders.map((body) => ({ to: registry, valueNano: REGISTRY_VALUES.order, body })),
  ]);
  if (failure) throw new Error(`the registry refused an order: ${nameOfExitCode(failure.exitCode)}`);
  return registry;
}

/**
 * Confirms what a worker announced; the answer is null, or the reason of the refusal. `imageId` is what the
 * maintainer was shown off chain: the quote verified on chain will take this person's place.
 */
export async function admit(
  owner: Actor,
  chain: ConnectedChain,
  worker: { address: Address; provider: Address; index: number },
  imageId: Buffer,
): Promise<string | null> {
  const { pending } = parseWorker(await chain.client.getMethod(worker.address, GET_WORKER));
  if (!pending) return 'nothing was announced';
  const { provider, index } = worker;
  const { statementHash } = pending;
  try {
    await admitWorker(owner.wallet, chain.registry, {
      provider,
      index,
      statementHash,
      imageId,
      shape: DEMO_SHAPE,
    });
    return null;
  } catch (error) {
    if (error instanceof CocoonError && error.code === 'chain_refused') return error.message;
    throw error;
  }
}
