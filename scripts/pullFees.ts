import type { NetworkProvider } from '@ton/blueprint';
import { pullFees } from '../src/chain/accounts';
import { coins, operate } from '../src/operate/session';
import { feeToOf, GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Router: takes what a worker set aside for this wallet. Takes worker. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const worker = await session.answers.address('worker', 'Address of the worker');
    const feeTo = feeToOf(session.wallet.address);
    const { feeRecipients } = parseWorker(await session.client.getMethod(worker, GET_WORKER));
    const owed = feeRecipients.find((known) => known.feeTo.equals(feeTo))?.owedNano ?? 0n;
    if (owed === 0n) return session.say('pulled    nothing is owed');
    session.say(`owed      ${coins(owed)}`);
    await session.measured('pulled', [worker], () => pullFees(session.wallet, worker));
  });
}
