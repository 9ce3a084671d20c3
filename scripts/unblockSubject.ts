import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { askSubject } from '../src/operate/subjects';
import { parseBlocks, REGISTRY_GETTERS, unblockBody } from '../wrappers/Registry';

/** Maintainer: lifts a block. Takes subject (image id, or an account by hash or address). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const subject = await askSubject(session);
    const blocks = parseBlocks(await session.client.getMethod(registry, REGISTRY_GETTERS.blocks));
    if (!blocks.some(({ hash }) => hash.equals(subject))) return session.say('unblocked already');
    await order(session, 'unblocked', unblockBody(subject));
  });
}
