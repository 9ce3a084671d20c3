import type { Cell } from '@ton/core';
import { REGISTRY_GETTERS, parseDates } from '../../wrappers/Registry';
import { orderRegistry } from '../chain/accounts';
import type { Session } from './session';

/**
 * Gives the registry an order. Once it is sealed, what loosens is sent twice: the first time it is queued, the second time,
 * after the timelock, it is carried out; this says which of the two it was.
 */
export async function order(session: Session, title: string, body: Cell): Promise<void> {
  const { registry } = await session.chain();
  await session.measured(title, [registry], () => orderRegistry(session.wallet, registry, body));
  const queue = parseDates(await session.client.getMethod(registry, REGISTRY_GETTERS.orders));
  const queued = queue.find(({ hash }) => hash.equals(body.hash()));
  if (queued) {
    session.say(`queued    carry it out with the same command after ${isoTime(queued.at)}`);
    session.say(`order     ${queued.hash.toString('hex')}`);
  }
}

export function isoTime(unix: number): string {
  return unix === 0 ? 'never' : new Date(unix * 1000).toISOString();
}
