import type { Address } from '@ton/core';
import OpenAI from 'openai';
import type { Chain, WalletSender } from '../../../../src/chain/types';
import { createClient, type Client, type ClientConfig, type ClientDeps } from '../../../../src/client';
import { keyPairFromSeed } from '../../../../src/protocol/ed25519';
import type { Ask } from '../../../../src/protocol/signed';
import type { CocoonError } from '../../../../src/protocol/errors';
import { ANY_FMSPC } from '../../../../src/protocol/tcb';
import { workerAddress } from '../../../../wrappers/Worker';
import { createFakeChain, ESCROW, PROVIDER, REGISTRY, type FakeChain } from './chain';
import { createManualClock, createTestTimers, type ManualClock } from './clock';
import { createEmulatedChain, type EmulatedChain } from './emulatedChain';
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
  /** A second client on the same chain and network: a restart when it has the same books, else another process. */
  restart(over?: Partial<ClientConfig & Pick<ClientDeps, 'wallet'>>): Client;
}

export interface NetworkOptions {
  workers?: number;
  engine?: Parameters<typeof createFakeWorker>[1]['engine'];
  ask?: Partial<Ask>;
  depositNano?: bigint;
  signerBudgetNano?: bigint;
  config?: Partial<ClientConfig>;
  /** Whether an emulated network's client has a wallet that pays for prunes. */
  housekeeping?: boolean;
}

export const SIGNER = keyPairFromSeed(Buffer.alloc(32, 0x51));

export function createNetwork(options: NetworkOptions = {}): Network {
  const clock = createManualClock();
  const chain = createFakeChain(clock, escrowOf(options));
  const workers = Array.from({ length: options.workers ?? 1 }, (_, index) =>
    createFakeWorker(clock, workerOptions(options, index + 1)),
  );
  return { ...connect(chain, ESCROW, workers, clock, options), chain };
}

/** The same around the genuine Escrow contract, whose Workers are where their code says. */
export interface EmulatedNetwork extends Omit<Network, 'chain'> {
  chain: EmulatedChain;
  /** Every worker boots again, under a new key. */
  reboot(boot: number): void;
}

export async function createEmulatedNetwork(options: NetworkOptions = {}): Promise<EmulatedNetwork> {
  const clock = createManualClock();
  const chain = await createEmulatedChain(clock, escrowOf(options));
  const places = await Promise.all(
    Array.from({ length: options.workers ?? 1 }, (_, index) => workerAddress(REGISTRY, PROVIDER, index + 1)),
  );
  const boot = (number: number): FakeWorker[] =>
    places.map((address, index) =>
      createFakeWorker(clock, { ...workerOptions(options, index + 1), address, boot: number }),
    );
  const network = connect(
    chain,
    chain.address,
    boot(0),
    clock,
    options,
    options.housekeeping ? chain.wallet : undefined,
  );
  return {
    ...network,
    chain,
    reboot(number) {
      network.workers.splice(0, places.length, ...boot(number));
      enter(chain, network.workers);
    },
  };
}

function escrowOf({ depositNano = 1_000_000_000n, signerBudgetNano }: NetworkOptions) {
  return {
    signer: SIGNER.publicKey,
    depositNano,
    ...(signerBudgetNano === undefined ? {} : { signerBudgetNano }),
  };
}

function workerOptions(options: NetworkOptions, index: number) {
  return { index, engine: options.engine ?? talkativeEngine, ask: options.ask ?? {} };
}

/** Lists workers on the chain as the registry and their contracts would. */
function enter(chain: Pick<FakeChain, 'workerStates' | 'rules'>, workers: readonly FakeWorker[]): void {
  for (const worker of workers) {
    chain.workerStates.set(worker.address.hash.toString('hex'), worker.state);
    chain.rules.images.set(worker.state.imageId.toString('hex'), 2 ** 32 - 1);
    chain.rules.shapes.add(worker.state.shape.toString('hex'));
  }
}

function connect(
  chain: Chain & Pick<FakeChain, 'workerStates' | 'rules'>,
  escrow: Address,
  workers: FakeWorker[],
  clock: ManualClock,
  options: NetworkOptions,
  housekeeper?: WalletSender,
): Omit<Network, 'chain'> {
  const timers = createTestTimers(clock);
  enter(chain, workers);
  chain.rules.floors.set(ANY_FMSPC, TCB);
  chain.rules.models.set(MODEL_HASH.toString('hex'), HELLO.model);
  const router = createFakeRouter(clock, () => workers);
  const faults: Network['faults'] = [];
  const start = (over: Partial<ClientConfig & Pick<ClientDeps, 'wallet'>> = {}): Client => {
    const { wallet = housekeeper, ...config } = over;
    return createClient(
      {
        ...{ routers: [ROUTER_URL], escrow, signer: SIGNER, dataDir: null },
        ...options.config,
        ...config,
        policy: { allowSimulated: true, ...options.config?.policy, ...config.policy },
      },
      {
        ...{ chain, clock, timers, fetch: router.fetch },
        ...(wallet && { wallet }),
        onFault: (worker, error) => faults.push({ worker, error }),
      },
    );
  };
  const client = start();
  return { client, openai: openaiFor(client), router, workers, clock, timers, faults, restart: start };
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
