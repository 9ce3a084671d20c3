import { Address } from '@ton/core';
import { keyPairFromSeed, type KeyPair } from '../../../src/protocol/ed25519';
import { sha256 } from '../../../src/protocol/hash';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../../src/protocol/line';
import { Worker } from '../../../build/Worker/Worker_Worker';
import { TEST_GENESIS } from '../../support/chain';

// Who there is. Everybody has a number; people are addresses without a contract, whose messages the schedule writes.

const named = (name: string): Address => new Address(0, sha256(Buffer.from(name)));
const keys = (name: string): KeyPair => keyPairFromSeed(sha256(Buffer.from(`key of ${name}`)));

export const DAY = 86_400;
export const HOUR = 3_600;
/** When every schedule begins. */
export const BEGIN = TEST_GENESIS + 20 * DAY;

export const CLIENTS = [named('client 0'), named('client 1')] as const;
export const PROVIDERS = [named('provider 0'), named('provider 1')] as const;
/** The first two are listed by the first Worker, the second by the second too, the last by nobody. */
export const ROUTERS = [named('router 0'), named('router 1'), named('router 2')] as const;
export const REGISTRY = named('registry');
export const OUTSIDER = named('outsider');
export const TREASURY = named('treasury');
/** Account hash of the Platform that verified every quote. */
export const PLATFORM = Buffer.alloc(32, 1);

/** Of each client one after the other; the last is the one of a thief who stole nothing yet. */
export const SIGNERS: readonly KeyPair[] = ['signer 0', 'signer 1', 'signer 2', 'thief'].map(keys);
export const THIEF = 3;

export interface WorkerRole {
  provider: number;
  index: number;
  deployed: boolean;
  /** Admitted a moment before the beginning, twelve and a half days before it, and never. */
  keys: { fresh: KeyPair; old: KeyPair; never: KeyPair };
}

export const WORKERS: readonly WorkerRole[] = [
  { provider: 0, index: 0, deployed: true, keys: keysOf(0) },
  { provider: 0, index: 1, deployed: true, keys: keysOf(1) },
  { provider: 1, index: 0, deployed: true, keys: keysOf(2) },
  { provider: 1, index: 1, deployed: false, keys: keysOf(3) },
];
/** How long before the beginning the old keys were admitted. */
export const OLD_KEY_SECONDS = 12.5 * DAY;

function keysOf(worker: number): WorkerRole['keys'] {
  const key = (kind: string): KeyPair => keys(`worker ${worker}, ${kind}`);
  return { fresh: key('fresh'), old: key('old'), never: key('never') };
}

/** A line that clients may open, with whoever signs its receipts. */
export interface LineRole {
  worker: number;
  key: keyof WorkerRole['keys'];
  line: Line;
  id: Buffer;
}

export interface Cast {
  workers: readonly Address[];
  lines: readonly LineRole[];
}

const LINE_ROLES: readonly [
  worker: number,
  key: LineRole['key'],
  days: number,
  feeBps: number,
  router: number,
][] = [
  [0, 'fresh', 10, 100, 0],
  [0, 'old', 9, 0, 0],
  [0, 'never', 2, 0, 0],
  // More than the Worker grants this router, and a router that it does not know.
  [1, 'fresh', 1, 3_000, 1],
  [2, 'fresh', 6, 500, 2],
  [2, 'never', 13, 0, 0],
  [3, 'fresh', 5, 0, 0],
  // Longer than a line may live, until a day has passed.
  [1, 'fresh', 15, 250, 1],
];
export const LINES = LINE_ROLES.length;

export async function createCast(): Promise<Cast> {
  const workers = await Promise.all(
    WORKERS.map(async ({ provider, index }) => {
      return (await Worker.fromInit(REGISTRY, PROVIDERS[provider]!, BigInt(index))).address;
    }),
  );
  const lines = LINE_ROLES.map(([worker, key, days, feeBps, router]): LineRole => {
    const line: Line = {
      workerAddress: workers[worker]!.hash,
      settleBy: BEGIN + days * DAY,
      feeBps,
      feeTo: feeBps === 0 ? NO_FEE_RECIPIENT : ROUTERS[router]!.hash.subarray(0, 20),
      workerKey: WORKERS[worker]!.keys[key].publicKey,
    };
    return { worker, key, line, id: lineId(line) };
  });
  return { workers, lines };
}

/** The last escrow is the second of the last client. */
export const clientOf = (escrow: number): Address => CLIENTS[Math.min(escrow, CLIENTS.length - 1)]!;
export const saltOf = (escrow: number): bigint => (escrow < CLIENTS.length ? 0n : 1n);
