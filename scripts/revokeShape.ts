import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { parseShapes, REGISTRY_GETTERS, revokeShapeBody } from '../wrappers/Registry';

/** Maintainer: ends the admission of a shape, at once. Takes shape (hex). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const shape = await session.answers.bytes('shape', 'Shape', 32);
    const shapes = parseShapes(await session.client.getMethod(registry, REGISTRY_GETTERS.shapes));
    if (!shapes.some((known) => known.equals(shape))) return session.say('revoked   already');
    await order(session, 'shape revoked', revokeShapeBody(shape));
  });
}
