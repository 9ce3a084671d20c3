import type { Chain, Clock } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import type { BookEntry, OrderBook } from '../protocol/wire';
import { CLIENT_LIMITS } from './limits';
import { isPriceAllowed, isWorkerAllowed, type Policy } from './policy';
import type { AttestationCrypto } from '../attestation';
import type { Timers } from '../channel';
import type { Root } from '../protocol/root';
import type { CollateralDeps } from './verify/collateral';
import type { Link } from './verify/refusal';
import { registryRoot } from './verify/root';
import { soonest } from './verify/soonest';
import { createRules, createWorkerStates } from './verify/readings';
import { createWorkerChecks, type Offered } from './verify/workers';
import { createBooks, createOffers, type OpenBook } from './orderBooks';
import type { PricedModel } from './verify/signedByKey';
import type { VerifiedWorker, Verdict } from './verifyWorker';

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
  /** What it offers, as far as the offer can be read. */
  models: readonly string[];
  /** The first link that does not hold. */
  link: Link;
  reason: string;
}

export interface Market {
  /** All that may be used now. Throws CocoonError `router_unreachable` when no order book is to be had. */
  candidates(): Promise<Candidate[]>;
  /** Something went wrong that may be news: order books from before it are read again. */
  renew(): void;
  /** What the last look at the order books left out, and why. */
  refused(): readonly Refused[];
  /** Whether a verified worker ever offered that model to this client. */
  knowsModel(id: string): boolean;
  /** The ask of that hash among all that this client has verified of the worker. */
  knownAsk(workerId: string, askHash: Buffer): PricedModel | null;
}

export interface MarketDeps {
  chain: Chain;
  clock: Clock;
  fetch: typeof globalThis.fetch;
  timers: Timers;
  crypto: AttestationCrypto;
  /** Where Intel's collateral comes from: by default from the router that lists the worker. */
  loadCollateral: CollateralDeps['load'];
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
  const checks = createWorkerChecks(config.policy, deps);
  const asks = new Map<string, PricedModel>();
  const offers = createOffers();
  let refused: Refused[] = [];

  const judge = async (shown: Omit<Offered, 'state' | 'rules'>, sinceUnix: number): Promise<Verdict> => {
    const address = Buffer.from(shown.offer.worker, 'hex');
    const [state, rules] = await Promise.all([
      states.read(address, sinceUnix).catch(asDisagreement),
      readRules(),
    ]);
    if (state instanceof CocoonError) return { ok: false, link: 'chain', reason: state.message };
    return checks.verify({ ...shown, state, rules });
  };

  const read = async ({ router, book, atUnix }: OpenBook, entry: BookEntry, root: Root): Promise<Looked> => {
    const opened = offers.open(entry);
    if (!opened) return left('offer', 'the offer is not signed by its key');
    const { offer, text } = opened;
    const models = offer.models.map(({ id }) => id);
    if (entry.draining) return left('offer', 'draining', models);
    if (!isWorkerAllowed(config.policy, offer.worker))
      return left('policy', "not in this client's policy", models);
    if (isAvoided(offer.workerKey)) return left('policy', 'avoided after a failure or a wrong bill', models);
    const lookedAt = clock.now();
    const shown = { text, router, offer, root };
    let verdict = await judge(shown, 0);
    // The contract may have changed since it was read, as when its worker has just renewed its statement.
    if (!verdict.ok && MAY_BE_OLD.has(verdict.link)) verdict = await judge(shown, lookedAt);
    if (!verdict.ok) return left(verdict.link, verdict.reason, models);
    const fee = feeThrough(book, verdict.worker, config.policy);
    if (!fee)
      return left('fee', 'the router asks for more than the worker or the policy lets it have', models);
    offers.verified(opened);
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
      const root = await registryRoot(chain, config.policy);
      const looked = await Promise.allSettled(config.routers.map((router) => books.read(router)));
      const reachable = looked.flatMap((book) => (book.status === 'fulfilled' ? [book.value] : []));
      const failure = looked.find((book) => book.status === 'rejected');
      if (reachable.length === 0 && failure) throw failure.reason;

      const rows = reachable.flatMap((opened) => opened.book.entries.map((entry) => ({ opened, entry })));
      const found = await soonest(
        rows.map(({ opened, entry }) => read(opened, entry, root)),
        Array.isArray,
        CLIENT_LIMITS.verifyGraceMs,
        deps.timers,
      );
      refused = rows.flatMap(({ opened, entry }, i) => {
        const result = found[i] ?? STILL_LOOKING;
        return Array.isArray(result) ? [] : [{ worker: nameOf(entry), router: opened.router, ...result }];
      });
      return found.flatMap((result) => (Array.isArray(result) ? result : []));
    },
    renew: () => books.renew(),
    refused: () => refused,
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

/** Candidates of one row of a book, or why there are none. */
type Looked = Candidate[] | Left;
type Left = Omit<Refused, 'worker' | 'router'>;

function left(link: Link, reason: string, models: readonly string[] = []): Left {
  return { link, reason, models };
}

/** Links that a Worker contract mends when its worker attests itself anew. */
const MAY_BE_OLD: ReadonlySet<Link> = new Set<Link>(['contract', 'statement', 'evidence', 'freshness']);

const STILL_LOOKING = left('evidence', 'it is being verified');

/** Endpoints that contradict each other leave one worker out; a chain that cannot be read leaves nobody. */
function asDisagreement(error: unknown): CocoonError {
  if (error instanceof CocoonError && error.code === 'chain_disagrees') return error;
  throw error;
}
