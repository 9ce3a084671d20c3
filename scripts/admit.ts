import type { NetworkProvider } from '@ton/blueprint';
import { admitWorker } from '../src/chain/accounts';
import { operate } from '../src/operate/session';
import { GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Maintainer: confirms what a worker's operator announced. Takes worker, imageId and shape (hex), as measured. */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const worker = await session.answers.address('worker', 'Address of the worker');
    const imageId = await session.answers.bytes('imageId', 'Image id of its quote', 32);
    const shape = await session.answers.bytes('shape', 'Shape of its quote', 32);
    const state = parseWorker(await session.client.getMethod(worker, GET_WORKER));
    if (!state.pending) return session.say('admitted  nothing waits for an admission');
    const { provider: owner, index, pending } = state;
    session.say(`statement ${pending.statementHash.toString('hex')}`);
    session.say(`key       ${pending.receiptKey.toString('hex')}`);
    await session.measured('admitted', [worker, registry], () =>
      admitWorker(session.wallet, registry, {
        provider: owner,
        index,
        statementHash: pending.statementHash,
        imageId,
        shape,
      }),
    );
  });
}
