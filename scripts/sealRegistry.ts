import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { parseRegistry, REGISTRY_GETTERS, sealBody } from '../wrappers/Registry';

/** Maintainer: from now on, and for ever, everything that loosens waits for the timelock. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const { sealed } = parseRegistry(await session.client.getMethod(registry, REGISTRY_GETTERS.registry));
    if (sealed) return session.say('sealed    already');
    await order(session, 'registry sealed', sealBody());
  });
}
