import { sign, type KeyPair } from '../protocol/ed25519';
import { askLayout, encodeSigned, type Ask, type Signed } from '../protocol/signed';
import { nextPosition, pricesAt, type PriceBand, type PricePosition } from './autopilot';
import { WORKER_LIMITS } from './limits';

export interface PricedModel {
  hash: Buffer;
  band: PriceBand;
  minCapNano: bigint;
}

/** Signed prices per model. */
export interface Asks {
  /** One per model, encoded as an offer carries them. */
  encoded(): Buffer[];
  /** An ask for that model that still binds: the named one, else the cheapest a client may have seen. */
  binding(modelHash: Buffer, askHash: Buffer | null): BindingAsk | null;
  /** Moves the price by how busy the worker was and renews what is about to expire; true when an ask changed. */
  step(utilisation: number): boolean;
  /** True when an ask was close to its end and was renewed. */
  renew(): boolean;
}

export interface BindingAsk {
  ask: Ask;
  hash: Buffer;
}

export function createAsks(
  config: { domain: Buffer; models: readonly PricedModel[]; keys: KeyPair },
  deps: { now: () => number; nextSeq: () => number },
): Asks {
  let position: PricePosition = 0;
  const books = config.models.map((model) => ({ model, issued: [] as (Signed<Ask> & { hash: Buffer })[] }));

  const issue = (book: (typeof books)[number]): void => {
    const now = Math.floor(deps.now());
    const value: Ask = {
      domain: config.domain,
      modelHash: book.model.hash,
      ...pricesAt(book.model.band, position),
      minCap: book.model.minCapNano,
      seq: deps.nextSeq(),
      // Clocks differ: an ask must not look as if it came from the future.
      notBefore: now - 60,
      notAfter: now + WORKER_LIMITS.askSeconds,
    };
    const hash = askLayout.hash(value);
    const bound = book.issued.filter((ask) => ask.value.notAfter >= now);
    book.issued = [{ value, signature: sign(hash, config.keys), hash }, ...bound];
  };

  const renew = (): boolean => {
    const soon = deps.now() + WORKER_LIMITS.askRenewSeconds;
    const due = books.filter((book) => !book.issued[0] || book.issued[0].value.notAfter < soon);
    due.forEach(issue);
    return due.length > 0;
  };
  renew();

  return {
    encoded: () => books.map((book) => encodeSigned(askLayout, book.issued[0]!)),
    binding(modelHash, askHash) {
      const book = books.find(({ model }) => model.hash.equals(modelHash));
      if (!book) return null;
      const now = deps.now();
      const valid = book.issued.filter(({ value }, i) => i === 0 || value.notAfter >= now);
      const named = askHash && valid.find(({ hash }) => hash.equals(askHash));
      const chosen = named ?? valid.reduce((best, ask) => (isCheaper(ask.value, best.value) ? ask : best));
      return { ask: chosen.value, hash: chosen.hash };
    },
    step(utilisation) {
      const next = nextPosition(position, utilisation);
      if (next === position) return renew();
      position = next;
      books.forEach(issue);
      return true;
    },
    renew,
  };
}

/** All prices of one worker move together, so one of them orders two asks. */
function isCheaper(a: Ask, b: Ask): boolean {
  if (a.completionPrice !== b.completionPrice) return a.completionPrice < b.completionPrice;
  if (a.promptPrice !== b.promptPrice) return a.promptPrice < b.promptPrice;
  return a.audioPrice < b.audioPrice;
}
