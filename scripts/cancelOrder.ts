import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { cancelOrderBody, parseDates, REGISTRY_GETTERS } from '../wrappers/Registry';

/** Maintainer: takes a queued order back. Takes order (its hash, hex, as showRegistry lists it). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const queued = await session.answers.bytes('order', 'Hash of the order', 32);
    const orders = parseDates(await session.client.getMethod(registry, REGISTRY_GETTERS.orders));
    if (!orders.some(({ hash }) => hash.equals(queued)))
      return session.say('cancelled no such order is queued');
    await order(session, 'order cancelled', cancelOrderBody(queued));
  });
}
