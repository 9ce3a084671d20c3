import type { NetworkProvider } from '@ton/blueprint';
import { announceStatement } from '../src/chain/accounts';
import { operate } from '../src/operate/session';
import { CocoonError } from '../src/protocol/errors';
import { modelsRoot, parseStatement, STATEMENT_BYTES, statementHash } from '../src/protocol/statement';
import { GET_WORKER, parseWorker } from '../wrappers/Worker';

/** Operator: announces the statement of a booted machine. Takes worker, statement (217 bytes, hex), models (hashes). */
export async function run(provider: NetworkProvider, args: string[]): Promise<void> {
  await operate(provider, args, async (session) => {
    const { registry } = await session.chain();
    const worker = await session.answers.address('worker', 'Address of the worker');
    const image = await session.answers.bytes('statement', 'Statement', STATEMENT_BYTES);
    const models = await session.answers.byteList('models', 'Hashes of its models', 32);
    if (!parseStatement(image).modelsRoot.equals(modelsRoot(models))) {
      throw new CocoonError('invalid_request', 'The statement names other models.', {
        remedy: 'Name the hash of every model of the statement, and of no other.',
      });
    }
    const hash = statementHash(image);
    const { pending, admitted } = parseWorker(await session.client.getMethod(worker, GET_WORKER));
    if (pending?.statementHash.equals(hash)) return session.say('announced already');
    if (admitted?.statementHash.equals(hash)) return session.say('admitted  already');
    await session.measured('announced', [worker, registry], () =>
      announceStatement(session.wallet, worker, image, models),
    );
    session.say(`statement ${hash.toString('hex')}`);
  });
}
