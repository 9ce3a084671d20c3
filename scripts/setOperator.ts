import type { NetworkProvider } from '@ton/blueprint';
import { setOperator } from '../src/chain/accounts';
import { operate } from '../src/operate/session';
import { GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Provider: changes who announces for a worker. Takes worker, operator (address). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const worker = await session.answers.address('worker', 'Address of the worker');
    const operator = await session.answers.address('operator', 'Operator, who announces');
    const state = parseWorker(await session.client.getMethod(worker, GET_WORKER));
    if (state.operator.equals(operator)) return session.say('set       already');
    await session.measured('operator set', [worker], () => setOperator(session.wallet, worker, operator));
  });
}
