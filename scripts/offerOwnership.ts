import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { offerOwnershipBody, parseRegistry, REGISTRY_GETTERS } from '../wrappers/Registry';

/** Maintainer: offers the registry to another wallet, which has to accept it. Takes newOwner (address). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const newOwner = await session.answers.address('newOwner', 'Address of the next owner');
    const state = parseRegistry(await session.client.getMethod(registry, REGISTRY_GETTERS.registry));
    if (state.offeredOwner?.equals(newOwner)) return session.say('offered   already');
    await order(session, 'ownership offered', offerOwnershipBody(newOwner));
  });
}
