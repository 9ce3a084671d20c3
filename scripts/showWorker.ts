import type { NetworkProvider } from '@ton/blueprint';
import { floorText } from '../src/operate/floors';
import { isoTime } from '../src/operate/orders';
import { coins, operate } from '../src/operate/session';
import { GET_WORKER, KEY_SLASHED, parseWorker, type AdmittedStatement } from '../wrappers/Worker';

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
    if (worker.admitted) sayAdmitted(say, worker.admitted);
    if (worker.pending) {
      const { statementDigest, cleared } = worker.pending;
      say(
        `pending   ${statementDigest.toString('hex')}, ${cleared ? 'a quote may confirm it' : 'not cleared'}`,
      );
    }
    for (const key of worker.keys) {
      const until = key.activeUntil === KEY_SLASHED ? 'slashed' : `until ${isoTime(key.activeUntil)}`;
      say(`key       ${key.workerKey.toString('hex')} ${until}, last ${isoTime(key.lastSettleBy)}`);
    }
    for (const router of worker.feeRecipients) {
      say(
        `router    ${router.feeTo.toString('hex')} up to ${router.maxBps} bps, owed ${coins(router.owedNano)}`,
      );
    }
  });
}

function sayAdmitted(say: (line: string) => void, admitted: AdmittedStatement): void {
  say(`statement ${admitted.statementDigest.toString('hex')}`);
  say(`image     ${admitted.imageId.toString('hex')}`);
  say(`shape     ${admitted.shape.toString('hex')}`);
  say(`platform  0:${admitted.platform.toString('hex')}`);
  say(`attested  ${isoTime(admitted.attestedAt)}, family ${admitted.tcb.fmspc.toString('hex')}`);
  say(`tcb       ${floorText(admitted.tcb)}`);
}
