import type { NetworkProvider } from '@ton/blueprint';
import { unstakeWorker, withdrawStake } from '../src/chain/accounts';
import { isoTime } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Provider: ends a worker's service, and, called again after unbonding, takes the stake back. Takes worker. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { wallet, client } = session;
    const { registry, blockTime } = await session.chain();
    const worker = await session.answers.address('worker', 'Address of the worker');
    const { unstakeAt, stakeNano } = parseWorker(await client.getMethod(worker, GET_WORKER));
    if (stakeNano === 0n) return session.say('unstaked  nothing is staked');
    if (unstakeAt === 0) {
      await session.measured('unstaked', [worker, registry], () => unstakeWorker(wallet, worker));
      const { unstakeAt: freeAt } = parseWorker(await client.getMethod(worker, GET_WORKER));
      return session.say(`free      ${isoTime(freeAt)}: run this again then`);
    }
    if ((await blockTime()) < unstakeAt) return session.say(`unstaked  already; free ${isoTime(unstakeAt)}`);
    await session.measured('stake withdrawn', [worker], () => withdrawStake(wallet, worker));
  });
}
