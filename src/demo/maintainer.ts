import type { Address } from '@ton/core';
import {
  allowImageBody,
  allowModelBody,
  allowShapeBody,
  allowTcbBody,
  registryAddress,
  registryInit,
  REGISTRY_VALUES,
  sealBody,
  setParametersBody,
} from '../../wrappers/Registry';
import { nameOfExitCode } from '../chain/accounts';
import { nano } from '../protocol/amounts';
import { ANY_FMSPC, type TcbFloor } from '../protocol/tcb';
import { simulatedMeasurements } from '../worker/quotes/simulator';
import type { Actor } from './cast';

export const DEMO_TERMS = {
  minStakeNano: nano(10_000_000_000n),
  unbondingSeconds: 7 * 86_400,
  protocolFeeBps: 100,
  routerDepositNano: nano(1_000_000_000n),
} as const;
/** Every simulated machine is good enough. */
const DEMO_FLOOR: TcbFloor = {
  pceId: 0,
  pceSvn: 0,
  sgxSvns: Buffer.alloc(16),
  teeTcbSvn: Buffer.alloc(16),
  qeIsvSvn: 0,
};
const IMAGE_SECONDS = 180 * 86_400;

/** Deploys the registry, fills its lists and seals it: from then on whatever loosens waits for the timelock. */
export async function foundNetwork(
  owner: Actor,
  treasury: Address,
  models: { id: string; hash: Buffer } | readonly { id: string; hash: Buffer }[],
  nowUnix: number,
): Promise<Address> {
  const measured = await simulatedMeasurements();
  const registry = await registryAddress('simulated', owner.wallet.address);
  const orders = [
    setParametersBody({ ...DEMO_TERMS, treasury }),
    allowImageBody(measured.imageId, nowUnix + IMAGE_SECONDS),
    allowShapeBody(measured.shape),
    allowTcbBody(Buffer.from(ANY_FMSPC, 'hex'), DEMO_FLOOR),
    ...[models].flat().map(({ hash, id }) => allowModelBody(hash, id)),
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
