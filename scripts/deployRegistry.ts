import type { NetworkProvider } from '@ton/blueprint';
import { deployRegistry } from '../src/chain/accounts';
import { operate, sayCode } from '../src/operate/session';
import { registryAddress, registryInit } from '../wrappers/Registry';

/** Maintainer: deploys the wallet's registry. Takes salt (0); one wallet can have several registries. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { wallet, client, answers, deployments } = session;
    const salt = await answers.integer('salt', 'Salt of the registry', 0);
    const address = await registryAddress(wallet.address, salt);
    const { code } = await registryInit(wallet.address, salt);
    if ((await client.account(address)).deployed) {
      session.say(`deployed  already: ${address.toString()}`);
    } else {
      await session.measured('registry deployed', [address], () => deployRegistry(wallet, salt));
    }
    const codeHash = sayCode(session, code);
    deployments.write((known) => ({
      ...known,
      registry: { address: address.toString(), codeHash, owner: wallet.address.toString() },
    }));
  });
}
