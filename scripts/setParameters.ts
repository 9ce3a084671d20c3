import type { NetworkProvider } from '@ton/blueprint';
import { order } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { formatCoins } from '../src/protocol/amounts';
import { parseRegistry, REGISTRY_GETTERS, setParametersBody } from '../wrappers/Registry';

/** Maintainer: sets the terms of later stakes. Takes minStake, unbondingSeconds, protocolFeeBps, routerDeposit, treasury. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { answers, client } = session;
    const { registry } = await session.chain();
    const { parameters: now } = parseRegistry(await client.getMethod(registry, REGISTRY_GETTERS.registry));
    const body = setParametersBody({
      minStakeNano: await answers.coins('minStake', 'Least stake', formatCoins(now.minStakeNano)),
      unbondingSeconds: await answers.integer('unbondingSeconds', 'Unbonding time', now.unbondingSeconds),
      protocolFeeBps: await answers.integer(
        'protocolFeeBps',
        'Protocol fee, basis points',
        now.protocolFeeBps,
      ),
      routerDepositNano: await answers.coins('routerDeposit', 'Deposit', formatCoins(now.routerDepositNano)),
      treasury: await answers.address('treasury', 'Treasury', now.treasury),
    });
    if (body.equals(setParametersBody(now))) return session.say('set       already');
    await order(session, 'parameters set', body);
  });
}
