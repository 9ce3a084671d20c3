import { randomBytes } from 'node:crypto';
import { refusalOf } from '../chain/accounts';
import { attestWorker } from '../chain/attest';
import type { ConnectedChain } from '../chain/chain';
import type { Clock } from '../chain/types';
import { createSimulatedQuotes, type SimulatedSoftware } from '../worker/quotes/simulator';
import type { DemoWorker } from './provider';
import type { Refusal } from './result';

/** Software that the chain must not take, though its quote is signed as well as any other. */
const UNFIT: readonly { what: string; software: Partial<SimulatedSoftware> }[] = [
  { what: 'a quote of an image that is not on the list', software: { image: 'nobody allowed this' } },
  { what: 'a quote of a TD in debug mode', software: { debug: true } },
];

/**
 * Brings quotes of unfit software to the chain for a worker, from the machine that the worker runs on, and tells how each
 * was refused. Throws when one is taken. What they say of the worker does not matter: the software is looked at first.
 */
export async function refusedQuotes(
  worker: DemoWorker,
  { chain, clock }: { chain: ConnectedChain; clock: Clock },
): Promise<Refusal[]> {
  const refusals: Refusal[] = [];
  for (const { what, software } of UNFIT) {
    const machine = createSimulatedQuotes(
      { stateDir: worker.stateDir, ...software },
      { randomBytes, nowUnix: () => clock.now() },
    );
    const quote = await machine.quote(randomBytes(64));
    const error: unknown = await attestWorker(worker.provider.wallet, chain, {
      worker: worker.address,
      quote,
    }).catch((refused: unknown) => refused);
    const reason = refusalOf(error);
    if (reason === null) throw error instanceof Error ? error : new Error(`${what} was accepted`);
    refusals.push({ who: worker.provider.name, what, code: reason, message: (error as Error).message });
  }
  return refusals;
}
