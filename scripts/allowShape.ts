import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { allowShapeBody, parseShapes, REGISTRY_GETTERS } from '../wrappers/Registry';

/** Maintainer: allows the shape of a VM. Takes shape (SHA-256 of RTMR0 and XFAM, hex). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const shape = await session.answers.bytes('shape', 'Shape', 32);
    const shapes = parseShapes(await session.client.getMethod(registry, REGISTRY_GETTERS.shapes));
    if (shapes.some((known) => known.equals(shape))) return session.say('allowed   already');
    await order(session, 'shape allowed', allowShapeBody(shape));
  });
}
