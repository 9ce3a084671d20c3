import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { parseModels, REGISTRY_GETTERS, revokeModelBody } from '../wrappers/Registry';

/** Maintainer: takes a model's name off the list, at once. Takes modelHash (hex). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const modelHash = await session.answers.bytes('modelHash', 'Hash of the model', 32);
    const models = parseModels(await session.client.getMethod(registry, REGISTRY_GETTERS.models));
    if (!models.some((model) => model.modelHash.equals(modelHash))) return session.say('revoked   already');
    await order(session, 'model revoked', revokeModelBody(modelHash));
  });
}
