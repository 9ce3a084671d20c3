import type { Cell } from '@ton/core';
import { executeOrderBody, loadOrders, REGISTRY_GETTERS, type PendingOrder } from '../../wrappers/Registry';
import { orderRegistry } from '../chain/accounts';
import { multisigFor, propose } from './multisig';
import type { Session } from './session';

/**
 * Gives the registry an order, or proposes it to the multisig that may give it, when this wallet has a part in that. Once the
 * registry is sealed, what loosens waits for the timelock; this says whether it does.
 */
export async function order(session: Session, title: string, body: Cell): Promise<void> {
  const { registry } = await session.chain();
  const multisig = await multisigFor(session, body);
  if (multisig) return propose(session, multisig, title, body);
  await session.measured(title, [registry], () => orderRegistry(session.wallet, registry, body));
  const queued = await findOrder(session, body.hash());
  if (!queued) return;
  session.say(`queued    anybody may carry it out with executeOrder after ${isoTime(queued.dueAt)}`);
  session.say(`order     ${queued.hash.toString('hex')}`);
}

/** Carries out what waits, by the hash of its body. */
export async function executeOrder(session: Session, hash: Buffer): Promise<void> {
  const { registry } = await session.chain();
  const body = executeOrderBody(hash);
  await session.measured('order carried out', [registry], () =>
    orderRegistry(session.wallet, registry, body),
  );
}

/** The order in the queue whose body has this hash. */
export async function findOrder(session: Session, wanted: Buffer): Promise<PendingOrder | undefined> {
  const { registry } = await session.chain();
  const orders = loadOrders(await session.client.getMethod(registry, REGISTRY_GETTERS.orders));
  return orders.find(({ hash }) => hash.equals(wanted));
}

export function isoTime(unix: number): string {
  return unix === 0 ? 'never' : new Date(unix * 1000).toISOString();
}
