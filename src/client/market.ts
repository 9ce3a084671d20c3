import { Address } from '@ton/core';
import type { Chain, Clock, RegistryRules, WorkerState } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { openOffer, orderBookSchema, type BookEntry, type OrderBook } from '../protocol/wire';
import { requireHardware } from './hardware';
import { CLIENT_LIMITS } from './limits';
import { isPriceAllowed, isWorkerAllowed, type Policy } from './policy';
import { readLimited } from './readLimited';
import { verifyWorker, type PricedModel, type VerifiedWorker } from './verifyWorker';

/** One way to have one model run: a worker, behind a router, at a price. */
export interface Candidate extends PricedModel {
  worker: VerifiedWorker;
  router: string;
  /** What a line through this router pays it. */
  feeBps: number;
  feeTo: Buffer;
  freeSlots: number;
  /** When the order book was read, Unix seconds. */
  bookAtUnix: number;
  successRate: number;
  medianLatencyMs: number | null;
}

/** Why a worker of an order book is not a candidate. */
export interface Refused {
  worker: string;
  router: string;
  reason: string;
}

export interface Market {
  /** All that may be used now. Throws CocoonError `router_unreachable` when no order book is to be had. */
  candidates(): Promise<Candidate[]>;
  /** What the last look at the order books left out, and why. */
  refused(): readonly Refused[];
  /** Whether a verified worker ever offered that model to this client. */
  knowsModel(id: string): boolean;
  /** The ask of that hash among all that this client has verified of the worker. */
  knownAsk(workerId: string, askHash: Buffer): PricedModel | null;
}

interface MarketDeps {
  chain: Chain;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  isAvoided(workerId: string): boolean;
}

export function createMarket(
  config: { routers: readonly string[]; policy: Policy },
  deps: MarketDeps,
): Market {
  const { chain, clock, isAvoided } = deps;
  const books = createBooks(deps);
  const states = createWorkerStates(chain, clock);
  const readRules = createRules(chain, clock);
  const asks = new Map<string, PricedModel>();
  let left: Refused[] = [];

  const read = async (
    { router, book, atUnix }: OpenBook,
    entry: BookEntry,
  ): Promise<Candidate[] | string> => {
    if (entry.draining) return 'draining';
    const offer = openOffer(entry.offer);
    if (!offer) return 'the offer is not signed by its key';
    if (!isWorkerAllowed(config.policy, offer.worker)) return "not in this client's policy";
    if (isAvoided(offer.workerKey)) return 'avoided after a failure or a wrong bill';
    const [state, rules] = await Promise.all([states.read(Buffer.from(offer.worker, 'hex')), readRules()]);
    const verdict = verifyWorker(offer, state, rules, chain, clock.now());
    if (!verdict.ok) {
      // The contract may have changed since it was read: the next look at the book reads it again.
      states.forget(offer.worker);
      return verdict.reason;
    }
    const fee = feeThrough(book, verdict.worker, config.policy);
    if (!fee) return 'the router asks for more than the worker or the policy lets it have';
    for (const priced of verdict.worker.models) remember(verdict.worker.id, priced);
    return verdict.worker.models.map((priced) => ({
      ...priced,
      ...fee,
      worker: verdict.worker,
      router,
      freeSlots: entry.freeSlots,
      bookAtUnix: atUnix,
      successRate: entry.successRate,
      medianLatencyMs: entry.medianLatencyMs,
    }));
  };

  const remember = (workerId: string, priced: PricedModel): void => {
    const name = workerId + priced.askHash.toString('hex');
    if (!asks.has(name) && asks.size >= 4_096) asks.delete(asks.keys().next().value!);
    asks.set(name, priced);
  };

  return {
    async candidates() {
      await requireHardware(chain, config.policy);
      const looked = await Promise.allSettled(config.routers.map((router) => books.read(router)));
      const reachable = looked.flatMap((book) => (book.status === 'fulfilled' ? [book.value] : []));
      const failure = looked.find((book) => book.status === 'rejected');
      if (reachable.length === 0 && failure) throw failure.reason;

      const refused: Refused[] = [];
      const rows = reachable.flatMap((opened) => opened.book.entries.map((entry) => ({ opened, entry })));
      const found = await Promise.all(
        rows.map(async ({ opened, entry }) => {
          const result = await read(opened, entry);
          if (typeof result !== 'string') return result;
          refused.push({ worker: nameOf(entry), router: opened.router, reason: result });
          return [];
        }),
      );
      left = refused;
      return found.flat();
    },
    refused: () => left,
    knowsModel: (id) => [...asks.values()].some(({ model }) => model.id === id),
    knownAsk: (workerId, askHash) => asks.get(workerId + askHash.toString('hex')) ?? null,
  };
}

export function isAffordable(policy: Policy, candidate: Candidate): boolean {
  return isPriceAllowed(policy, candidate.ask);
}

/** The share that a line through this router names, or null when the two cannot agree. */
function feeThrough(
  book: OrderBook,
  worker: VerifiedWorker,
  policy: Policy,
): { feeBps: number; feeTo: Buffer } | null {
  const { feeBps, feeTo } = book.router;
  if (feeBps === 0) return { feeBps: 0, feeTo: Buffer.alloc(20) };
  const listed = Math.min(worker.maxFeeBps, worker.listedFees.get(feeTo) ?? 0);
  if (feeBps > listed || feeBps > policy.maxRouterFeeBps) return null;
  return { feeBps, feeTo: Buffer.from(feeTo, 'hex') };
}

function nameOf(entry: BookEntry): string {
  return /"worker":"([0-9a-f]{64})"/.exec(entry.offer.text)?.[1] ?? 'unreadable';
}

interface OpenBook {
  router: string;
  book: OrderBook;
  atUnix: number;
}

/** Order books, one look every two seconds however many requests ask. */
function createBooks(deps: MarketDeps): { read(router: string): Promise<OpenBook> } {
  const { chain, clock } = deps;
  const cache = new Map<string, OpenBook>();
  const reading = new Map<string, Promise<OpenBook>>();

  const load = async (router: string): Promise<OpenBook> => {
    const known = cache.get(router);
    try {
      const book = await fetchBook(router, deps.fetch);
      const own = book.networkId === chain.networkId && book.registry === chain.registry.hash.toString('hex');
      if (!own) throw new CocoonError('router_unreachable', `The router ${router} serves another network.`);
      const opened = { router, book, atUnix: clock.now() };
      cache.set(router, opened);
      return opened;
    } catch (error) {
      if (known && clock.now() - known.atUnix < CLIENT_LIMITS.bookStaleSeconds) return known;
      throw error;
    }
  };

  return {
    read(router) {
      const known = cache.get(router);
      if (known && clock.now() - known.atUnix < CLIENT_LIMITS.bookFreshSeconds) return Promise.resolve(known);
      const running = reading.get(router) ?? load(router).finally(() => reading.delete(router));
      reading.set(router, running);
      return running;
    },
  };
}

async function fetchBook(router: string, fetch: typeof globalThis.fetch): Promise<OrderBook> {
  try {
    const response = await fetch(`${router}/v1/book`, {
      signal: AbortSignal.timeout(CLIENT_LIMITS.bookTimeoutMs),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return orderBookSchema.parse(JSON.parse(await readLimited(response, CLIENT_LIMITS.bookMaxBytes)));
  } catch (cause) {
    throw new CocoonError('router_unreachable', `The router ${router} gives no order book.`, { cause });
  }
}

/** The registry's lists, read at most every 20 s. */
function createRules(chain: Chain, clock: Clock): () => Promise<RegistryRules> {
  let known: { atUnix: number; rules: Promise<RegistryRules> } | null = null;
  return () => {
    if (known && clock.now() - known.atUnix < CLIENT_LIMITS.workerFreshSeconds) return known.rules;
    const rules = chain.registryRules().catch((cause: unknown) => {
      known = null;
      throw new CocoonError('chain_unavailable', "The registry's lists cannot be read.", { cause });
    });
    known = { atUnix: clock.now(), rules };
    return rules;
  };
}

/** Finalized Worker contracts, read at most every 20 s. */
function createWorkerStates(
  chain: Chain,
  clock: Clock,
): { read(address: Buffer): Promise<WorkerState | null>; forget(address: string): void } {
  const cache = new Map<string, { atUnix: number; state: Promise<WorkerState | null> }>();
  return {
    forget: (address) => cache.delete(address),
    read(address) {
      const name = address.toString('hex');
      const known = cache.get(name);
      if (known && clock.now() - known.atUnix < CLIENT_LIMITS.workerFreshSeconds) return known.state;
      const state = chain.worker(new Address(0, address)).catch((cause: unknown) => {
        cache.delete(name);
        throw new CocoonError('chain_unavailable', 'A Worker contract cannot be read.', { cause });
      });
      if (!known && cache.size >= 4_096) cache.delete(cache.keys().next().value!);
      cache.set(name, { atUnix: clock.now(), state });
      return state;
    },
  };
}
