import type { NetworkProvider } from '@ton/blueprint';
import { stakeWorker } from '../src/chain/accounts';
import { withAccount } from '../src/operate/deployments';
import { operate, sayCode } from '../src/operate/session';
import { nano } from '../src/protocol/amounts';
import { GET_WORKER, parseWorker, workerAddress, workerInit } from '../wrappers/Worker';

/** Provider: deploys a worker, or brings its stake up to an amount. Takes index (0), stake, operator. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { wallet, client, answers, deployments } = session;
    const { registry } = await session.chain();
    const index = await answers.integer('index', 'Number of the worker', 0);
    const stakeNano = await answers.coins('stake', 'Stake in all', '10');
    const operator = await answers.address('operator', 'Operator, who announces', wallet.address);
    const worker = await workerAddress(registry, wallet.address, index);
    const { code } = await workerInit(registry, wallet.address, index);
    const { deployed } = await client.account(worker);
    const state = deployed ? parseWorker(await client.getMethod(worker, GET_WORKER)) : null;
    const missing = stakeNano - (state?.stakeNano ?? 0n);
    if (state && missing <= 0n && state.unstakeAt === 0 && state.operator.equals(operator)) {
      session.say(`staked    already: ${worker.toString()}`);
    } else {
      const stake = { registry, index, stakeNano: nano(missing > 0n ? missing : 0n), operator, deployed };
      await session.measured('staked', [worker, registry], () => stakeWorker(wallet, stake));
    }
    const codeHash = sayCode(session, code);
    const entry = { address: worker.toString(), codeHash, owner: wallet.address.toString(), index };
    deployments.write((known) => ({ ...known, workers: withAccount(known.workers, entry) }));
  });
}
