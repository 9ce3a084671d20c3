import { openE2eClient, type E2eClient } from './clients';
import { createGround, type Ends, type Ground } from './ground';
import { startRouter, type E2eRouter } from './routers';
import { startWorker, type E2eWorker } from './workers';

/** A whole network on one machine: real contracts, engine, workers, routers; shared by the tests of one file. */
export interface Network extends Ground {
  routers: E2eRouter[];
  workers: E2eWorker[];
  openClient(name: string, options?: Parameters<typeof openE2eClient>[3]): Promise<E2eClient>;
  close(): Promise<void>;
}

export interface NetworkOptions {
  routers?: number;
  workers?: number;
  slots?: number;
  /** Slows the engine down, so that a stream can be met in its middle. */
  delayMsPerToken?: number;
  /** Workers also offer the model that hears. */
  hears?: boolean;
  /** Keeps everything that passes the routers' sockets. */
  recorded?: boolean;
}

/** For `beforeAll`: the engine makes its model, and every contract is deployed. */
export const NETWORK_START_MS = 180_000;

export async function createNetwork(options: NetworkOptions = {}): Promise<Network> {
  const ends: Ends = [];
  const close = async (): Promise<void> => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  try {
    return { ...(await start(options, ends)), close };
  } catch (error) {
    // A child that is left over would keep the test run alive for ever.
    await close();
    throw error;
  }
}

async function start(options: NetworkOptions, ends: Ends): Promise<Omit<Network, 'close'>> {
  const { slots = 4, delayMsPerToken = 0, recorded = false } = options;
  const flags = ['--slots', String(slots), '--delay-ms-per-token', String(delayMsPerToken)];
  const ground = await createGround(flags, ends);
  const routers: E2eRouter[] = [];
  for (let n = 1; n <= (options.routers ?? 1); n++) {
    const router = await startRouter(ground, `router ${n}`, recorded);
    ends.push(() => router.close());
    routers.push(router);
  }
  const workers: E2eWorker[] = [];
  for (let n = 1; n <= (options.workers ?? 1); n++) {
    const worker = await startWorker(ground, `worker ${n}`, routers, slots, options.hears);
    ends.push(() => worker.close());
    workers.push(worker);
  }
  return {
    ...ground,
    ...{ routers, workers },
    async openClient(name, clientOptions) {
      const opened: E2eClient = await openE2eClient(ground, name, routers, clientOptions);
      ends.push(() => opened.close());
      return opened;
    },
  };
}
