import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { parseRegistry, REGISTRY_GETTERS, setGuardianBody } from '../wrappers/Registry';

/** Maintainer: names who else may block. Takes guardian (address). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const guardian = await session.answers.address('guardian', 'Address of the guardian');
    const state = parseRegistry(await session.client.getMethod(registry, REGISTRY_GETTERS.registry));
    if (state.guardian.equals(guardian)) return session.say('set       already');
    await order(session, 'guardian set', setGuardianBody(guardian));
  });
}
