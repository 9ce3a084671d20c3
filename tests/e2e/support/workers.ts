import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import { systemTimers } from '../../../src/channel';
import type { Actor } from '../../../src/demo/cast';
import { DEMO_TERMS } from '../../../src/demo/maintainer';
import { stake } from '../../../src/demo/provider';
import { createSettlement, openSettleStore } from '../../../src/settle';
import { createAdmission } from '../../../src/worker/attestation';
import { workerConfigSchema } from '../../../src/worker/config';
import { silentLogger } from '../../../src/worker/logger';
import { simulatedMeasurements } from '../../../src/worker/quotes/simulator';
import { ensureStateDir } from '../../../src/worker/stateFiles';
import { createWorker, type Worker } from '../../../src/worker/worker';
import { EAR, MODEL, type Ground } from './ground';
import { ROUTER_FEE_BPS, type E2eRouter } from './routers';
import { until } from './until';

/** Nanotons per million tokens; far above any real price, so that a few answers can be seen on the chain. */
export const PRICES = {
  prompt_nano: '20000000000',
  cached_nano: '5000000000',
  completion_nano: '80000000000',
};
const CONTEXT_LENGTH = 1_024;
/** A nanoton per millisecond. */
const EAR_PRICES = { prompt_nano: '0', cached_nano: '0', completion_nano: '0', audio_nano: '60000' };

export interface E2eWorker {
  address: Address;
  provider: Actor;
  stateDir: string;
  /** The one that runs now. */
  worker(): Worker;
  /** A new process in all but name: the same state directory, nothing else is carried over. */
  restart(end: 'drain' | 'close'): Promise<void>;
  close(): Promise<void>;
}

/** Stakes and starts a worker, which attests itself, and waits until all its routers list it. */
export async function startWorker(
  ground: Ground,
  name: string,
  routers: readonly E2eRouter[],
  slots: number,
  hears = false,
): Promise<E2eWorker> {
  const { chain, clock } = ground;
  const [provider, operator] = await Promise.all([
    ground.person(`${name} provider`, '40'),
    ground.person(`${name} operator`, '5'),
  ]);
  const share = { feeTo: routers[0]!.feeTo, feeBps: ROUTER_FEE_BPS };
  const { imageId } = await simulatedMeasurements();
  const plan = { name, provider, operator, index: 0, imageId };
  const address = await stake(plan, chain, DEMO_TERMS.minStakeNano, share);
  const stateDir = join(ground.folder, name);
  const config = workerConfigSchema.parse({
    stateDir,
    network: { endpoint: ground.devnet.apiUrl, registry: ground.registry.toString() },
    worker: address.toString(),
    imageId: imageId.toString('hex'),
    attestation: { source: 'simulated' },
    routers: routers.map(({ url }) => url),
    engine: { url: ground.engine.url },
    models: [
      {
        id: MODEL,
        hash: ground.engine.modelHash,
        contextLength: CONTEXT_LENGTH,
        maxOutputTokens: CONTEXT_LENGTH,
        capabilities: ['chat', 'completions', 'embeddings'],
        floor: PRICES,
      },
      ...(hears ? [earOf(ground)] : []),
    ],
    slots,
  });
  ensureStateDir(stateDir);
  const surroundings = { chain, clock, randomBytes, timers: systemTimers, log: silentLogger };
  const start = async (): Promise<Worker> => {
    const store = openSettleStore(join(stateDir, 'settlements.sqlite'));
    return createWorker(config, {
      ...surroundings,
      random: Math.random,
      ...(await createAdmission(config, operator.wallet, surroundings)),
      settlement: createSettlement({ chain, clock, wallet: provider.wallet, store }),
      receipts: store.receipts,
      onEnd: () => store.close(),
    });
  };

  let worker = await start();
  await untilListed(routers, worker.workerKey);
  return {
    ...{ address, provider, stateDir },
    worker: () => worker,
    async restart(end) {
      await worker[end]();
      worker = await start();
      await untilListed(routers, worker.workerKey);
    },
    close: () => worker.close(),
  };
}

function earOf({ engine }: Ground): object {
  const context = { contextLength: 1, maxOutputTokens: 1 };
  return { id: EAR, hash: engine.earHash, ...context, capabilities: ['audio'], floor: EAR_PRICES };
}

/** A book names a worker with free slots. */
async function untilListed(routers: readonly E2eRouter[], workerKey: Buffer): Promise<void> {
  for (const { router } of routers) {
    await until(async () => {
      const text = await (await fetch(`${router.url}/v1/book`)).text();
      const { entries } = JSON.parse(text) as { entries: { offer: { text: string }; freeSlots: number }[] };
      return entries.some(
        ({ offer, freeSlots }) => freeSlots > 0 && offer.text.includes(workerKey.toString('hex')),
      );
    });
  }
}
