import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { BLOCKED_FOR_GOOD, blockBody, parseDates, REGISTRY_GETTERS } from '../wrappers/Registry';

/** Guardian or maintainer: no new admission of an image or a worker. Takes subject (image id or account hash, hex). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const subject = await session.answers.bytes('subject', "Image id, or the worker's account hash", 32);
    const blocks = parseDates(await session.client.getMethod(registry, REGISTRY_GETTERS.blocks));
    if (blocks.some(({ hash, at }) => hash.equals(subject) && at === BLOCKED_FOR_GOOD)) {
      return session.say('blocked   already, for good');
    }
    await order(session, 'blocked', blockBody(subject));
  });
}
