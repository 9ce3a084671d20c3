import type { NetworkProvider } from '@ton/blueprint';
import { listRecipient } from '../src/chain/accounts';
import { operate } from '../src/operate/session';
import { feeToOf, GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Provider: lets a router keep a share of payouts. Takes worker, recipient (address), maxBps. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const worker = await session.answers.address('worker', 'Address of the worker');
    const recipient = await session.answers.address('recipient', "Address of the router's wallet");
    const maxBps = await session.answers.integer('maxBps', 'Highest share, basis points');
    const feeTo = feeToOf(recipient);
    const { feeRecipients } = parseWorker(await session.client.getMethod(worker, GET_WORKER));
    if (
      feeRecipients.some(
        (known) => known.feeTo.equals(feeTo) && known.maxBps === maxBps && known.delistAt === 0,
      )
    ) {
      return session.say('listed    already');
    }
    await session.measured('listed', [worker], () => listRecipient(session.wallet, worker, feeTo, maxBps));
  });
}
