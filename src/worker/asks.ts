import { sign, type KeyPair } from '../protocol/ed25519';
import {
  askLayout,
  decodeSigned,
  encodeSigned,
  verifySigned,
  type Ask,
  type Signed,
} from '../protocol/signed';
import type { AskFile } from './askFile';
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
  deps: { now: () => number; nextSeq: () => number; file: AskFile },
): Asks {
  let position: PricePosition = 0;
  const earlier = bindingStill(config, deps);
  const books = config.models.map((model) => ({
    model,
    issued: earlier.filter(({ value }) => value.modelHash.equals(model.hash)),
  }));

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

  /** Signs new asks and writes down all that bind, before anybody sees the new ones. */
  const issueAll = (due: readonly (typeof books)[number][]): void => {
    due.forEach(issue);
    deps.file.save(books.flatMap(({ issued }) => issued.map((ask) => encodeSigned(askLayout, ask))));
  };

  const renew = (): boolean => {
    const soon = deps.now() + WORKER_LIMITS.askRenewSeconds;
    const due = books.filter(({ issued }) => issued[0]!.value.notAfter < soon);
    if (due.length > 0) issueAll(due);
    return due.length > 0;
  };
  // The prices of the configuration may have changed: a new process begins with new asks.
  issueAll(books);

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
      issueAll(books);
      return true;
    },
    renew,
  };
}

/** What an earlier process under this key offered and is still in date. */
function bindingStill(
  config: { domain: Buffer; keys: KeyPair },
  deps: { now: () => number; file: AskFile },
): (Signed<Ask> & { hash: Buffer })[] {
  return deps.file
    .load()
    .map((bytes) => decodeSigned(askLayout, bytes))
    .filter(
      (ask) =>
        ask.value.domain.equals(config.domain) &&
        ask.value.notAfter >= deps.now() &&
        verifySigned(askLayout, ask, config.keys.publicKey),
    )
    .map((ask) => ({ ...ask, hash: askLayout.hash(ask.value) }));
}

/** All prices of one worker move together, so one of them orders two asks. */
function isCheaper(a: Ask, b: Ask): boolean {
  if (a.completionPrice !== b.completionPrice) return a.completionPrice < b.completionPrice;
  if (a.promptPrice !== b.promptPrice) return a.promptPrice < b.promptPrice;
  return a.audioPrice < b.audioPrice;
}
