import type { NetworkProvider } from '@ton/blueprint';
import { executeOrder, findOrder, isoTime } from '../src/operate/orders';
import { operate } from '../src/operate/session';

/** Anybody: carries out a queued order that is due. Takes order (its hash, hex, as showRegistry lists it). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const wanted = await session.answers.bytes('order', 'Hash of the order', 32);
    const queued = await findOrder(session, wanted);
    if (!queued) return session.say('executed  no such order is queued');
    const { atUnix } = await session.client.account(registry);
    if (atUnix < queued.dueAt) return session.say(`executed  not yet; due ${isoTime(queued.dueAt)}`);
    await executeOrder(session, wanted);
  });
}
