import type { NetworkProvider } from '@ton/blueprint';
import { isoTime } from '../src/operate/orders';
import { coins, operate } from '../src/operate/session';
import { GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Anybody: a worker's stake, keys and money. Takes worker. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { say } = session;
    const address = await session.answers.address('worker', 'Address of the worker');
    const worker = parseWorker(await session.client.getMethod(address, GET_WORKER));
    say(`registry  ${worker.registry.toString()}`);
    say(`provider  ${worker.provider.toString()}, worker ${worker.index}`);
    say(`operator  ${worker.operator.toString()}`);
    say(`active    ${worker.active ? 'yes' : 'no'}, until ${isoTime(worker.activeUntil)}`);
    say(`stake     ${coins(worker.stakeNano)}, free ${isoTime(worker.unstakeAt)}`);
    say(`balance   ${coins(worker.balanceNano)}`);
    say(`claimable ${coins(worker.claimableNano)}, of it earnings ${coins(worker.earningsNano)}`);
    if (worker.terms)
      say(`terms     fee ${worker.terms.feeBps} bps, unbonding ${worker.terms.unbondingSeconds} s`);
    if (worker.admitted) say(`image     ${worker.admitted.imageId.toString('hex')}`);
    if (worker.pending) say(`pending   ${worker.pending.statementHash.toString('hex')}`);
    for (const key of worker.keys) {
      say(
        `key       ${key.workerKey.toString('hex')} until ${isoTime(key.activeUntil)}, last ${isoTime(key.lastSettleBy)}`,
      );
    }
    for (const router of worker.feeRecipients) {
      say(
        `router    ${router.feeTo.toString('hex')} up to ${router.maxBps} bps, owed ${coins(router.owedNano)}`,
      );
    }
  });
}
