import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { parseImages, REGISTRY_GETTERS, revokeImageBody } from '../wrappers/Registry';

/** Maintainer: ends the admission of an image, at once. Takes imageId (hex). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const imageId = await session.answers.bytes('imageId', 'Image id', 32);
    const images = parseImages(await session.client.getMethod(registry, REGISTRY_GETTERS.images));
    if (!images.some((image) => image.imageId.equals(imageId))) return session.say('revoked   already');
    await order(session, 'image revoked', revokeImageBody(imageId));
  });
}
