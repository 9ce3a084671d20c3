import OpenAI from 'openai';
import { createClient, type Client, type ClientConfig } from '../../../../src/client';
import { keyPairFromSeed } from '../../../../src/protocol/ed25519';
import type { Ask } from '../../../../src/protocol/signed';
import type { CocoonError } from '../../../../src/protocol/errors';
import { ANY_FMSPC } from '../../../../src/protocol/tcb';
import { createFakeChain, ESCROW, type FakeChain } from './chain';
import { createManualClock, createTestTimers, type ManualClock } from './clock';
import { talkativeEngine } from './engine';
import { createFakeRouter, ROUTER_URL, type FakeRouter } from './router';
import { createFakeWorker, MODEL_HASH, TCB, type FakeWorker } from './worker';

export interface Network {
  client: Client;
  openai: OpenAI;
  chain: FakeChain;
  router: FakeRouter;
  workers: FakeWorker[];
  clock: ManualClock;
  timers: ReturnType<typeof createTestTimers>;
  faults: { worker: string | null; error: CocoonError }[];
  /** A second client with the same books, chain and network: a restart. */
  restart(): Client;
}

export interface NetworkOptions {
  workers?: number;
  engine?: Parameters<typeof createFakeWorker>[1]['engine'];
  ask?: Partial<Ask>;
  depositNano?: bigint;
  signerBudgetNano?: bigint;
  config?: Partial<ClientConfig>;
}

export const SIGNER = keyPairFromSeed(Buffer.alloc(32, 0x51));

export function createNetwork(options: NetworkOptions = {}): Network {
  const clock = createManualClock();
  const timers = createTestTimers(clock);
  const chain = createFakeChain(clock, {
    signer: SIGNER.publicKey,
    depositNano: options.depositNano ?? 1_000_000_000n,
    ...(options.signerBudgetNano === undefined ? {} : { signerBudgetNano: options.signerBudgetNano }),
  });
  const workers = Array.from({ length: options.workers ?? 1 }, (_, index) =>
    createFakeWorker(clock, {
      index: index + 1,
      engine: options.engine ?? talkativeEngine,
      ask: options.ask ?? {},
    }),
  );
  for (const worker of workers) {
    chain.workerStates.set(worker.address.hash.toString('hex'), worker.state);
    chain.rules.images.set(worker.state.imageId.toString('hex'), 2 ** 32 - 1);
    chain.rules.shapes.add(worker.state.shape.toString('hex'));
  }
  chain.rules.floors.set(ANY_FMSPC, TCB);
  chain.rules.models.set(MODEL_HASH.toString('hex'), HELLO.model);
  const router = createFakeRouter(clock, () => workers);
  const faults: Network['faults'] = [];
  const start = (): Client =>
    createClient(
      {
        routers: [ROUTER_URL],
        escrow: ESCROW,
        signer: SIGNER,
        dataDir: null,
        ...options.config,
        policy: { allowSimulated: true, ...options.config?.policy },
      },
      {
        chain,
        clock,
        timers,
        fetch: router.fetch,
        onFault: (worker, error) => faults.push({ worker, error }),
      },
    );
  const client = start();
  return { client, openai: openaiFor(client), chain, router, workers, clock, timers, faults, restart: start };
}

export function openaiFor(client: Client): OpenAI {
  return new OpenAI({
    fetch: client.fetch,
    baseURL: 'https://cocoon.invalid/v1',
    apiKey: 'unused',
    maxRetries: 0,
  });
}

export const HELLO = { model: 'tiny', messages: [{ role: 'user' as const, content: 'Hi' }], max_tokens: 16 };
