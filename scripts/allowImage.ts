import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { allowImageBody, parseImages, REGISTRY_GETTERS } from '../wrappers/Registry';

/** Maintainer: allows a measured image. Takes imageId (hex), expiresAt (Unix seconds). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const imageId = await session.answers.bytes('imageId', 'Image id', 32);
    const expiresAt = await session.answers.integer('expiresAt', 'Allowed until, Unix seconds');
    const images = parseImages(await session.client.getMethod(registry, REGISTRY_GETTERS.images));
    if (images.some((image) => image.imageId.equals(imageId) && image.expiresAt === expiresAt)) {
      return session.say('allowed   already');
    }
    await order(session, 'image allowed', allowImageBody(imageId, expiresAt));
  });
}
