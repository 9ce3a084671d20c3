import { AEAD_ID, KDF_ID, KEM_ID } from '../channel';
import type { Chain, RegistryRules, WorkerState } from '../chain/types';
import { workerDomain } from '../protocol/domain';
import { LIMITS } from '../protocol/limits';
import {
  askLayout,
  decodeSigned,
  encodeSigned,
  hpkeCertificateLayout,
  verifySigned,
  type Ask,
  type Signed,
} from '../protocol/signed';
import { modelsRoot, parseStatement, statementHash, type Statement } from '../protocol/statement';
import { floorFor, isAtOrAbove } from '../protocol/tcb';
import type { OfferedModel, WorkerOffer } from '../protocol/wire';

/** A worker that may be sent a prompt: everything below was signed by a key that its contract has admitted. */
export interface VerifiedWorker {
  /** Ed25519 key in hex: the worker's name in this room. */
  id: string;
  key: Buffer;
  /** Account hash of its contract. */
  address: Buffer;
  /** What the escrow computes that address from. */
  provider: Buffer;
  index: number;
  imageId: Buffer;
  statementHash: Buffer;
  hpkeKey: Buffer;
  /** `image ‖ signature` of the HPKE certificate, for evidence. */
  certificate: Buffer;
  /** All that the statement's root is of, also models that are not for sale. */
  modelHashes: readonly Buffer[];
  slots: number;
  maxFeeBps: number;
  /** Highest share per listed recipient, keyed by `feeTo` in hex. */
  listedFees: ReadonlyMap<string, number>;
  /** Unix seconds; no line to this key may end later. */
  lastSettleBy: number;
  /** Unix seconds until which all that was verified holds. */
  validUntil: number;
  models: readonly PricedModel[];
}

export interface PricedModel {
  model: OfferedModel;
  ask: Ask;
  askHash: Buffer;
  /** `image ‖ signature`, for evidence. */
  signedAsk: Buffer;
}

export type Verdict = { ok: true; worker: VerifiedWorker } | { ok: false; reason: string };

/**
 * Compares an offer with the finalized Worker contract and the registry's lists. `state` must come from `Chain.worker`,
 * which answers null for anything but a genuine child of the registry. The reasons name the first thing that is wrong.
 */
export function verifyWorker(
  offer: WorkerOffer,
  state: WorkerState | null,
  rules: RegistryRules,
  chain: Pick<Chain, 'networkId' | 'registry'>,
  nowUnix: number,
): Verdict {
  try {
    return { ok: true, worker: check(offer, state, rules, chain, nowUnix) };
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, reason: error.message };
    throw error;
  }
}

// Every check throws RangeError, as the codecs do; the caller above turns it into a value.
function check(
  offer: WorkerOffer,
  state: WorkerState | null,
  rules: RegistryRules,
  chain: Pick<Chain, 'networkId' | 'registry'>,
  now: number,
): VerifiedWorker {
  const key = Buffer.from(offer.workerKey, 'hex');
  const address = Buffer.from(offer.worker, 'hex');
  const image = Buffer.from(offer.statement, 'base64');
  const hash = statementHash(image);
  const domain = workerDomain({ networkId: chain.networkId, registry: chain.registry.hash, self: address });

  const statement = parseStatement(image);
  checkStatement(statement, offer, chain, now);
  const admitted = checkContract(state, offer, chain, hash, now);
  checkRules(offer, admitted.state, rules, now);
  const certificate = checkCertificate(offer, key, domain, hash, now);
  return {
    id: offer.workerKey,
    key,
    address,
    provider: admitted.state.provider.hash,
    index: admitted.state.index,
    imageId: Buffer.from(offer.imageId, 'hex'),
    statementHash: hash,
    hpkeKey: certificate.hpkeKey,
    certificate: Buffer.from(offer.certificate, 'base64'),
    modelHashes: offer.models.map((model) => Buffer.from(model.hash, 'hex')),
    slots: offer.slots,
    maxFeeBps: offer.maxFeeBps,
    listedFees: new Map(
      admitted.state.feeRecipients.map(({ feeTo, maxBps }) => [feeTo.toString('hex'), maxBps]),
    ),
    lastSettleBy: admitted.lastSettleBy,
    validUntil: Math.min(certificate.notAfter, statement.notAfter, admitted.activeUntil),
    models: checkAsks(offer, rules, key, domain, now),
  };
}

function checkStatement(
  statement: Statement,
  offer: WorkerOffer,
  chain: Pick<Chain, 'networkId' | 'registry'>,
  now: number,
): void {
  demand(statement.networkId === chain.networkId, 'the statement is for another network');
  demand(statement.registry.equals(chain.registry.hash), 'the statement is for another registry');
  demand(statement.worker.toString('hex') === offer.worker, 'the statement is for another Worker contract');
  demand(statement.receiptKey.toString('hex') === offer.workerKey, 'the statement is for another key');
  const algorithms = statement.kemId === KEM_ID && statement.kdfId === KDF_ID && statement.aeadId === AEAD_ID;
  demand(algorithms, 'the statement names algorithms that this client does not speak');
  demand(isInDate(statement, now), 'the statement is out of date');
  const root = modelsRoot(offer.models.map(({ hash }) => Buffer.from(hash, 'hex')));
  demand(statement.modelsRoot.equals(root), 'the models are not those of the statement');
}

function checkContract(
  state: WorkerState | null,
  offer: WorkerOffer,
  chain: Pick<Chain, 'registry'>,
  hash: Buffer,
  now: number,
): { state: WorkerState; activeUntil: number; lastSettleBy: number } {
  if (!state?.registry.equals(chain.registry))
    throw new RangeError('no Worker contract of this registry has that address');
  demand(state.address.hash.toString('hex') === offer.worker, 'another contract was read');
  demand(state.active, 'the contract is not active');
  const admitted = state.keys.find(({ workerKey }) => workerKey.toString('hex') === offer.workerKey);
  if (!admitted) throw new RangeError('the key is not admitted');
  demand(admitted.activeUntil > now, 'the admission of the key has run out');
  demand(state.statementHash.equals(hash), 'the statement is not the one that the contract recorded');
  demand(
    state.imageId.toString('hex') === offer.imageId,
    'the image is not the one that the contract recorded',
  );
  return { state, activeUntil: admitted.activeUntil, lastSettleBy: admitted.lastSettleBy };
}

function checkCertificate(offer: WorkerOffer, key: Buffer, domain: Buffer, hash: Buffer, now: number) {
  const certificate = decodeSigned(hpkeCertificateLayout, Buffer.from(offer.certificate, 'base64'));
  const { value } = certificate;
  demand(value.domain.equals(domain), 'the HPKE certificate is for another Worker contract');
  demand(value.statementHash.equals(hash), 'the HPKE certificate is for another statement');
  demand(
    verifySigned(hpkeCertificateLayout, certificate, key),
    'the HPKE certificate is not signed by the key',
  );
  demand(isInDate(value, now), 'the HPKE certificate is out of date');
  return value;
}

/** A Worker contract does not learn of a revocation, a block or a new floor: each stops new requests here, at once (I-7). */
function checkRules(offer: WorkerOffer, state: WorkerState, rules: RegistryRules, now: number): void {
  const isBlocked = (subject: string): boolean => now <= (rules.blocks.get(subject) ?? 0);
  demand(now <= (rules.images.get(offer.imageId) ?? 0), "the image is not on the registry's list");
  demand(!isBlocked(offer.imageId), 'the image is blocked');
  demand(rules.shapes.has(state.shape.toString('hex')), "the shape is not on the registry's list");
  demand(isTcbAllowed(state, rules), "the machine's TCB is below the registry's floor");
  demand(!isBlocked(state.platform.toString('hex')), 'the machine is blocked');
  demand(!isBlocked(offer.worker), 'the worker is blocked');
}

function isTcbAllowed({ tcb }: WorkerState, { floors }: RegistryRules): boolean {
  if (!tcb) return false;
  const floor = floorFor(floors, tcb.fmspc.toString('hex'));
  return floor !== null && isAtOrAbove(tcb, floor);
}

/**
 * The newest ask in date of each model that the registry knows by that name: other weights under a known name are not
 * sold as if they were it. A model without an ask is not for sale.
 */
function checkAsks(
  offer: WorkerOffer,
  rules: RegistryRules,
  key: Buffer,
  domain: Buffer,
  now: number,
): PricedModel[] {
  const asks = offer.asks.map((text) => decodeSigned(askLayout, Buffer.from(text, 'base64')));
  for (const ask of asks) {
    demand(ask.value.domain.equals(domain), 'an ask is for another Worker contract');
    demand(verifySigned(askLayout, ask, key), 'an ask is not signed by the key');
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

function isInDate(dated: { notBefore: number; notAfter: number }, now: number): boolean {
  return dated.notBefore <= now + LIMITS.clockSkewSeconds && now < dated.notAfter;
}

function demand(condition: boolean, reason: string): void {
  if (!condition) throw new RangeError(reason);
}
