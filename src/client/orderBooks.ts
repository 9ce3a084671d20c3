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
      signal: AbortSignal.timeout(CLIENT_LIMITS.bookTimeoutMs),
    });
    if (!response.ok) throw new Error(`status ${response.status}`);
    return orderBookSchema.parse(JSON.parse(await readLimited(response, CLIENT_LIMITS.bookMaxBytes)));
  } catch (cause) {
    throw new CocoonError('router_unreachable', `The router ${router} gives no order book.`, { cause });
  }
}

/** Offers by their text and signature: each is read, and its signature checked, once. */
export function createOffers(): { open(entry: BookEntry): WorkerOffer | null } {
  const known = new Map<string, WorkerOffer | null>();
  return {
    open({ offer }) {
      const name = offer.signature + offer.text;
      const found = known.get(name);
      if (found !== undefined) return found;
      const opened = openOffer(offer);
      known.set(name, opened);
      if (known.size > CLIENT_LIMITS.verifiedMost) known.delete(known.keys().next().value!);
      return opened;
    },
  };
}
