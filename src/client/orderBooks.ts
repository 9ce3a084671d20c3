import type { Chain, Clock } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import {
  openOffer,
  orderBookSchema,
  type BookEntry,
  type OrderBook,
  type WorkerOffer,
} from '../protocol/wire';
import { CLIENT_LIMITS } from './limits';
import { readLimited } from './readLimited';

export interface OpenBook {
  router: string;
  book: OrderBook;
  atUnix: number;
}

/** Order books, one look every two seconds however many requests ask. */
export function createBooks(deps: {
  chain: Pick<Chain, 'networkId' | 'registry'>;
  clock: Clock;
  fetch: typeof globalThis.fetch;
}): { read(router: string): Promise<OpenBook>; renew(): void } {
  const { chain, clock } = deps;
  const cache = new Map<string, OpenBook>();
  const reading = new Map<string, Promise<OpenBook>>();
  /** Their books serve only where no newer ones are to be had. */
  const outdated = new Set<string>();

  const load = async (router: string): Promise<OpenBook> => {
    const known = cache.get(router);
    try {
      const book = await fetchBook(router, deps.fetch);
      const own = book.networkId === chain.networkId && book.registry === chain.registry.hash.toString('hex');
      if (!own) throw new CocoonError('router_unreachable', `The router ${router} serves another network.`);
      const opened = { router, book, atUnix: clock.now() };
      cache.set(router, opened);
      outdated.delete(router);
      return opened;
    } catch (error) {
      if (known && clock.now() - known.atUnix < CLIENT_LIMITS.bookStaleSeconds) return known;
      throw error;
    }
  };

  return {
    read(router) {
      const known = cache.get(router);
      const isFresh = known && clock.now() - known.atUnix < CLIENT_LIMITS.bookFreshSeconds;
      if (isFresh && !outdated.has(router)) return Promise.resolve(known);
      const running = reading.get(router) ?? load(router).finally(() => reading.delete(router));
      reading.set(router, running);
      return running;
    },
    renew() {
      for (const router of cache.keys()) outdated.add(router);
    },
  };
}

async function fetchBook(router: string, fetch: typeof globalThis.fetch): Promise<OrderBook> {
  try {
    const response = await fetch(`${router}/v1/book`, {
      redirect: 'error',
      signal: AbortSignal.timeout(CLIENT_LIMITS.bookTimeoutMs),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return orderBookSchema.parse(JSON.parse(await readLimited(response, CLIENT_LIMITS.bookMaxBytes)));
  } catch (cause) {
    throw new CocoonError('router_unreachable', `The router ${router} gives no order book.`, { cause });
  }
}

/** An offer, and the words in which it is signed. */
export interface OpenedOffer {
  offer: WorkerOffer;
  text: string;
}

/**
 * Offers by their text and signature: each is read, and its signature checked, once. A worker's word counts whoever
 * shows it: where a router shows an older one than is known and verified, the newest takes its place.
 */
export function createOffers(): {
  open(entry: BookEntry): OpenedOffer | null;
  /** Notes that this offer was verified in full. */
  verified(opened: OpenedOffer): void;
} {
  const known = new Map<string, WorkerOffer | null>();
  const newest = new Map<string, OpenedOffer>();
  let bytes = 0;

  const read = ({ offer: signed }: BookEntry): WorkerOffer | null => {
    const name = signed.signature + signed.text;
    const found = known.get(name);
    if (found !== undefined) return found;
    const opened = openOffer(signed);
    known.set(name, opened);
    bytes += name.length;
    // A router can make up as many as it likes, of a quarter of a megabyte each.
    while (known.size > CLIENT_LIMITS.verifiedMost || bytes > CLIENT_LIMITS.offersBytes) {
      const oldest = known.keys().next().value!;
      known.delete(oldest);
      bytes -= oldest.length;
    }
    return opened;
  };

  return {
    open(entry) {
      const offer = read(entry);
      if (!offer) return null;
      const latest = newest.get(offer.workerKey);
      return latest && isNewer(latest.offer, offer) ? latest : { offer, text: entry.offer.text };
    },
    verified(opened) {
      const { workerKey } = opened.offer;
      newest.delete(workerKey);
      newest.set(workerKey, opened);
      if (newest.size > CLIENT_LIMITS.newestOffers) newest.delete(newest.keys().next().value!);
    },
  };
}

function isNewer(one: WorkerOffer, other: WorkerOffer): boolean {
  return one.issuedAt === other.issuedAt ? one.seq > other.seq : one.issuedAt > other.issuedAt;
}
