import type { NetworkProvider } from '@ton/blueprint';
import { claimEarnings } from '../src/chain/accounts';
import { coins, operate } from '../src/operate/session';
import { GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Provider: takes a worker's earnings out. Takes worker. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const worker = await session.answers.address('worker', 'Address of the worker');
    const { claimableNano, earningsNano, terms } = parseWorker(
      await session.client.getMethod(worker, GET_WORKER),
    );
    if (claimableNano === 0n) return session.say('claimed   nothing is claimable');
    session.say(`claimable ${coins(claimableNano)}, of it earnings ${coins(earningsNano)}`);
    const others = terms ? [worker, terms.treasury] : [worker];
    await session.measured('claimed', others, () => claimEarnings(session.wallet, worker));
  });
}
