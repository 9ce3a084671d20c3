import type { NetworkProvider } from '@ton/blueprint';
import { findOrder, order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { cancelOrderBody } from '../wrappers/Registry';

/** Maintainer: takes a queued order back. Takes order (its hash, hex, as showRegistry lists it). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const queued = await session.answers.bytes('order', 'Hash of the order', 32);
    if (!(await findOrder(session, queued))) return session.say('cancelled no such order is queued');
    await order(session, 'order cancelled', cancelOrderBody(queued));
  });
}
