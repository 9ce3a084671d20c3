import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { allowModelBody, parseModels, REGISTRY_GETTERS } from '../wrappers/Registry';

/** Maintainer: names a model. Takes modelHash (hex), name (as clients ask for it). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const modelHash = await session.answers.bytes('modelHash', 'Hash of the model', 32);
    const name = await session.answers.text('name', 'Name of the model');
    const models = parseModels(await session.client.getMethod(registry, REGISTRY_GETTERS.models));
    if (models.some((model) => model.modelHash.equals(modelHash) && model.name === name)) {
      return session.say('allowed   already');
    }
    await order(session, 'model allowed', allowModelBody(modelHash, name));
  });
}
