import type { RegistryRules } from '../../chain/types';
import { LIMITS } from '../../protocol/limits';
import {
  askLayout,
  decodeSigned,
  encodeSigned,
  hpkeCertificateLayout,
  verifySigned,
  type Ask,
  type HpkeCertificate,
  type Signed,
} from '../../protocol/signed';
import type { OfferedModel, WorkerOffer } from '../../protocol/wire';
import { demand, under } from './refusal';

/** What the admitted key has signed: the certificate of the encryption key, and prices. */

export interface PricedModel {
  model: OfferedModel;
  ask: Ask;
  askHash: Buffer;
  /** `image ‖ signature`, for evidence. */
  signedAsk: Buffer;
}

/** The encryption key of now, for that statement. Throws Refusal `certificate`. */
export function checkCertificate(
  offer: WorkerOffer,
  key: Buffer,
  domain: Buffer,
  hash: Buffer,
  now: number,
): HpkeCertificate {
  const certificate = under('certificate', () =>
    decodeSigned(hpkeCertificateLayout, Buffer.from(offer.certificate, 'base64')),
  );
  const { value } = certificate;
  demand(value.domain.equals(domain), 'certificate', 'the HPKE certificate is for another Worker contract');
  demand(value.statementHash.equals(hash), 'certificate', 'the HPKE certificate is for another statement');
  demand(
    verifySigned(hpkeCertificateLayout, certificate, key),
    'certificate',
    'the HPKE certificate is not signed by the key',
  );
  demand(isInDate(value, now), 'certificate', 'the HPKE certificate is out of date');
  return value;
}

/**
 * The newest ask in date of each model that the registry knows by that name: other weights under a known name are not
 * sold as if they were it. A model without an ask is not for sale. Throws Refusal `price`.
 */
export function checkAsks(
  offer: WorkerOffer,
  rules: RegistryRules,
  key: Buffer,
  domain: Buffer,
  now: number,
): PricedModel[] {
  const asks = under('price', () =>
    offer.asks.map((text) => decodeSigned(askLayout, Buffer.from(text, 'base64'))),
  );
  for (const ask of asks) {
    demand(ask.value.domain.equals(domain), 'price', 'an ask is for another Worker contract');
    demand(verifySigned(askLayout, ask, key), 'price', 'an ask is not signed by the key');
  }
  const named = offer.models.filter((model) => rules.models.get(model.hash) === model.id);
  return named.flatMap((model) => {
    const own = asks
      .filter(({ value }) => value.modelHash.toString('hex') === model.hash && isInDate(value, now))
      .sort((a, b) => b.value.seq - a.value.seq)[0];
    return own ? [pricedModel(model, own)] : [];
  });
}

function pricedModel(model: OfferedModel, ask: Signed<Ask>): PricedModel {
  return {
    model,
    ask: ask.value,
    askHash: askLayout.hash(ask.value),
    signedAsk: encodeSigned(askLayout, ask),
  };
}

export function isInDate(dated: { notBefore: number; notAfter: number }, now: number): boolean {
  return dated.notBefore <= now + LIMITS.clockSkewSeconds && now < dated.notAfter;
}
