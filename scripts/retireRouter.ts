import type { NetworkProvider } from '@ton/blueprint';
import { retireRouter } from '../src/chain/accounts';
import { operate } from '../src/operate/session';
import { GET_ROUTER, parseRouter, routerAddress } from '../wrappers/Router';

/** Router: ends this wallet's listing and takes the deposit back. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const router = await routerAddress(registry, session.wallet.address);
    if (!(await session.client.account(router)).deployed) return session.say('retired   there is no router');
    const { listed } = parseRouter(await session.client.getMethod(router, GET_ROUTER));
    if (!listed) return session.say('retired   already');
    await session.measured('router retired', [router, registry], () => retireRouter(session.wallet, router));
  });
}
