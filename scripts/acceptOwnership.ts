import type { NetworkProvider } from '@ton/blueprint';
import { ownMultisig } from '../src/operate/multisig';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { acceptOwnershipBody, parseRegistry, REGISTRY_GETTERS } from '../wrappers/Registry';

/** Next maintainer: takes over the registry that was offered to this wallet, or to a multisig of which it is a member. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const { owner, offeredOwner } = parseRegistry(
      await session.client.getMethod(registry, REGISTRY_GETTERS.registry),
    );
    const { address } = session.wallet;
    if (offeredOwner?.equals(address)) await order(session, 'ownership accepted', acceptOwnershipBody());
    else if (offeredOwner && (await ownMultisig(session, offeredOwner))) {
      return order(session, 'ownership accepted', acceptOwnershipBody());
    } else if (!owner.equals(address)) return session.say('accepted  nothing is offered to this wallet');
    else session.say('accepted  already');
    session.deployments.write((known) =>
      known.registry?.address === registry.toString()
        ? { ...known, registry: { ...known.registry, owner: address.toString() } }
        : known,
    );
  });
}
