import type { NetworkProvider } from '@ton/blueprint';
import { publishRouter } from '../src/chain/accounts';
import { withAccount } from '../src/operate/deployments';
import { operate, sayCode } from '../src/operate/session';
import { nano } from '../src/protocol/amounts';
import { GET_ROUTER, parseRouter, routerAddress, routerInit } from '../wrappers/Router';

/** Router: publishes a listing, or changes it. Takes endpoint (URL), feeBps, deposit (in all). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { wallet, client, answers, deployments } = session;
    const { registry } = await session.chain();
    const endpoint = await answers.text('endpoint', 'URL of the router');
    const feeBps = await answers.integer('feeBps', 'Fee, basis points');
    const depositNano = await answers.coins('deposit', 'Deposit in all', '1');
    const router = await routerAddress(registry, wallet.address);
    const { code } = await routerInit(registry, wallet.address);
    const { deployed } = await client.account(router);
    const now = deployed ? parseRouter(await client.getMethod(router, GET_ROUTER)) : null;
    const missing = nano(
      depositNano > (now?.depositNano ?? 0n) ? depositNano - (now?.depositNano ?? 0n) : 0n,
    );
    if (now?.listed && now.endpoint === endpoint && now.feeBps === feeBps && missing === 0n) {
      session.say(`listed    already: ${router.toString()}`);
    } else {
      const listing = { registry, endpoint, feeBps, depositNano: missing, deployed };
      await session.measured('router listed', [router, registry], () => publishRouter(wallet, listing));
    }
    const codeHash = sayCode(session, code);
    const entry = { address: router.toString(), codeHash, owner: wallet.address.toString() };
    deployments.write((known) => ({ ...known, routers: withAccount(known.routers, entry) }));
  });
}
