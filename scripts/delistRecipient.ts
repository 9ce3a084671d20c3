import type { NetworkProvider } from '@ton/blueprint';
import { delistRecipient } from '../src/chain/accounts';
import { isoTime } from '../src/operate/orders';
import { operate } from '../src/operate/session';
import { feeToOf, GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Provider: ends a router's share of payouts, after the delay. Takes worker, recipient (address). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const worker = await session.answers.address('worker', 'Address of the worker');
    const recipient = await session.answers.address('recipient', "Address of the router's wallet");
    const feeTo = feeToOf(recipient);
    const listing = async () =>
      parseWorker(await session.client.getMethod(worker, GET_WORKER)).feeRecipients.find((known) =>
        known.feeTo.equals(feeTo),
      );
    const known = await listing();
    if (!known) return session.say('delisted  there is no such listing');
    if (known.delistAt !== 0) return session.say(`delisted  already; ends ${isoTime(known.delistAt)}`);
    await session.measured('delisted', [worker], () => delistRecipient(session.wallet, worker, feeTo));
    session.say(`ends      ${isoTime((await listing())?.delistAt ?? 0)}`);
  });
}
