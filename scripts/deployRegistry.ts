import type { NetworkProvider } from '@ton/blueprint';
import { deployRegistry } from '../src/chain/accounts';
import { chooseRoot, usualRoot } from '../src/operate/root';
import { operate, sayCode } from '../src/operate/session';
import { registryAddress, registryInit } from '../wrappers/Registry';

/** Maintainer: deploys the wallet's registry. Takes root (intel or simulated), salt (0); one wallet can have several. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { wallet, client, answers, deployments, networkId } = session;
    const said = await answers.text('root', 'Root of trust: intel or simulated', usualRoot(networkId));
    const root = chooseRoot(networkId, said);
    const salt = await answers.integer('salt', 'Salt of the registry', 0);
    const address = await registryAddress(root, wallet.address, salt);
    const { code } = await registryInit(root, wallet.address, salt);
    if ((await client.account(address)).deployed) {
      session.say(`deployed  already: ${address.toString()}`);
    } else {
      await session.measured('registry deployed', [address], () => deployRegistry(wallet, root, salt));
    }
    session.say(`root      ${root}`);
    const codeHash = sayCode(session, code);
    deployments.write((known) => ({
      ...known,
      registry: { address: address.toString(), codeHash, owner: wallet.address.toString() },
    }));
  });
}
