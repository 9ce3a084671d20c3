import { stakeBody, unstakeBody, withdrawStakeBody, WORKER_RESERVE_NANO, workerInit } from '../../wrappers/Worker';
import { balanceOf } from '../support/chain';
import * as N from '../support/network';

const RESERVE = WORKER_RESERVE_NANO;

test('provider stakes, and the registry lists the worker and grants terms', async () => {
  const net = await N.createNetwork();
  expect(N.story(net, await N.stake(net))).toEqual([
    'provider -> worker: Stake 0',
    'worker -> registry: WorkerStaked 0',
    'registry -> worker: TermsGranted 0',
    'worker -> provider: Excesses 0',
  ]);
  expect(await N.readWorker(net)).toMatchObject({
    stakeNano: 10n * N.COIN,
    claimableNano: 0n,
    terms: { feeBps: 100, minStakeNano: 10n * N.COIN, unbondingSeconds: 14 * N.DAY },
  });
  expect((await N.readRegistry(net)).counts.workers).toBe(1);
});
