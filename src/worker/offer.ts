import { encodeSigned, hpkeCertificateLayout } from '../protocol/signed';
import type { KeyPair } from '../protocol/ed25519';
import { signOffer, WIRE_VERSION, type OfferedModel, type SignedOffer } from '../protocol/wire';
import type { Asks } from './asks';
import type { HpkeKeyring } from './hpkeKeys';
import type { Standing } from './standing';

/** The signed offer, and who wants to hear when it changes. */
export interface OfferBoard {
  /** Null until a statement was written and its certificate exists. */
  current(): SignedOffer | null;
  /** Signs anew from what is true now. */
  refresh(): void;
  subscribe(listener: (offer: SignedOffer) => void): () => void;
}

export function createOfferBoard(
  config: { worker: Buffer; imageId: Buffer; models: readonly OfferedModel[]; slots: number; keys: KeyPair },
  deps: { now: () => number; nextSeq: () => number; standing: () => Standing; asks: Asks; hpke: HpkeKeyring },
): OfferBoard {
  let current: SignedOffer | null = null;
  const listeners = new Set<(offer: SignedOffer) => void>();

  const build = (): SignedOffer | null => {
    const { statement, fees } = deps.standing();
    // A router compares the statement with the contract: an unrecorded one would only be refused.
    const certificate = statement && deps.hpke.certificate(statement.hash);
    if (!statement || !certificate) return null;
    return signOffer(
      {
        version: WIRE_VERSION,
        seq: deps.nextSeq(),
        issuedAt: Math.floor(deps.now()),
        worker: config.worker.toString('hex'),
        workerKey: config.keys.publicKey.toString('hex'),
        imageId: config.imageId.toString('hex'),
        statement: statement.image.toString('base64'),
        certificate: encodeSigned(hpkeCertificateLayout, certificate).toString('base64'),
        asks: deps.asks.encoded().map((ask) => ask.toString('base64')),
        models: [...config.models],
        slots: config.slots,
        maxFeeBps: Math.max(0, ...fees.values()),
      },
      config.keys,
    );
  };

  return {
    current: () => current,
    refresh() {
      current = build();
      if (current) for (const listener of listeners) listener(current);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
