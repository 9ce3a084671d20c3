import type { Collateral, TcbStatus } from '../attestation';
import { AEAD_ID, KDF_ID, KEM_ID } from '../channel';
import type { Chain, MeasuredTcb, RegistryRules, WorkerState } from '../chain/types';
import { workerDomain } from '../protocol/domain';
import { LIMITS } from '../protocol/limits';
import {
  modelsRoot,
  parseStatement,
  statementDigest,
  statementHash,
  type Statement,
} from '../protocol/statement';
import type { WorkerOffer } from '../protocol/wire';
import { isModelAllowed, type Policy } from './policy';
import { checkRules } from './verify/lists';
import { isSameTcb, type ProvenQuote, type WantedQuote } from './verify/quote';
import { demand, Refusal, under, type Link } from './verify/refusal';
import { checkAsks, checkCertificate, isInDate, type PricedModel } from './verify/signedByKey';

/**
 * A worker that may be sent a prompt: its quote was verified here, up to Intel's root, and everything below was signed by
 * the key that this quote binds and that its contract has admitted.
 */
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
  evidence: VerifiedEvidence;
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

/** What was verified of a worker, by which clock, and against which block. */
export interface VerifiedEvidence {
  statement: Buffer;
  quote: Buffer;
  collateral: Collateral;
  tcbStatus: TcbStatus;
  advisories: readonly string[];
  /** Unix seconds. */
  atUnix: number;
  /** Masterchain block that the quote is bound to. */
  blockSeqno: number;
}

export type Verdict<T = VerifiedWorker> = { ok: true; worker: T } | { ok: false; link: Link; reason: string };

/** What is looked at. `state` must come from `Chain.worker`: null for anything but a genuine child of the registry. */
export interface Examined {
  offer: WorkerOffer;
  state: WorkerState | null;
  rules: RegistryRules;
  chain: Pick<Chain, 'networkId' | 'registry'>;
  policy: Policy;
  nowUnix: number;
}

/** Everything up to the quote: the verdict is what a quote has to show. It names the first link that does not hold. */
export function examineContract(examined: Examined): Verdict<WantedQuote> {
  return verdictOf(() => {
    const { image, digest, state, tcb } = checkClaims(examined);
    return {
      statement: image,
      reportData: Buffer.concat([digest, tcb.blockRoot]),
      blockSeqno: state.quoteSeqno,
      fmspc: tcb.fmspc.toString('hex'),
    };
  });
}

/** Everything, with a quote that was proven: the contract again, and whether the two say the same. */
export function verifyWorker(examined: Examined, proven: ProvenQuote): Verdict {
  return verdictOf(() => check(examined, proven));
}

function verdictOf<T>(work: () => T): Verdict<T> {
  try {
    return { ok: true, worker: work() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, link: error.link, reason: error.message };
    throw error;
  }
}

interface Claims {
  image: Buffer;
  hash: Buffer;
  /** First half of the report data. */
  digest: Buffer;
  statement: Statement;
  state: WorkerState;
  tcb: MeasuredTcb;
  activeUntil: number;
  lastSettleBy: number;
}

/** What an offer says of its statement: it is looked at again and again, and never changes. */
type Said = Pick<Claims, 'image' | 'hash' | 'digest' | 'statement'> & { modelsRoot: Buffer };
const said = new WeakMap<WorkerOffer, Said>();

function saidIn(offer: WorkerOffer): Said {
  const known = said.get(offer);
  if (known) return known;
  const image = Buffer.from(offer.statement, 'base64');
  const found = under('statement', () => ({
    ...{ image, statement: parseStatement(image) },
    ...{ hash: statementHash(image), digest: statementDigest(image) },
    modelsRoot: modelsRoot(offer.models.map(({ hash }) => Buffer.from(hash, 'hex'))),
  }));
  said.set(offer, found);
  return found;
}

function checkClaims({ offer, state: read, rules, chain, policy, nowUnix }: Examined): Claims {
  const { image, hash, digest, statement } = saidIn(offer);
  const { state, tcb, ...admitted } = checkContract(read, offer, chain, nowUnix);
  demand(
    state.statementHash.equals(hash),
    'statement',
    'the statement is not the one that the contract recorded',
  );
  checkStatement(statement, offer, chain, nowUnix);
  const tier = `the statement claims host tier ${statement.hostTier}, and the policy wants ${policy.minHostTier}`;
  demand(statement.hostTier >= policy.minHostTier, 'policy', tier);
  checkRules(offer, state, tcb, rules, nowUnix);
  checkAge(state, policy, nowUnix);
  return { image, hash, digest, statement, state, tcb, ...admitted };
}

function check(examined: Examined, proven: ProvenQuote): VerifiedWorker {
  const { offer, rules, chain, policy, nowUnix } = examined;
  const key = Buffer.from(offer.workerKey, 'hex');
  const address = Buffer.from(offer.worker, 'hex');
  const domain = workerDomain({ networkId: chain.networkId, registry: chain.registry.hash, self: address });
  const claims = checkClaims(examined);
  const { hash, statement, state } = claims;
  checkMeasured(proven, claims, nowUnix);
  const certificate = checkCertificate(offer, key, domain, hash, nowUnix);
  const listed = checkAsks(offer, rules, key, domain, nowUnix);
  const models = listed.filter(({ model }) => isModelAllowed(policy, model));
  demand(models.length > 0 || listed.length === 0, 'model', 'the policy pins other weights to these names');
  const { tcbStatus, advisories, atUnix, quote, collateral } = proven;
  return {
    id: offer.workerKey,
    key,
    address,
    provider: state.provider.hash,
    index: state.index,
    imageId: state.imageId,
    statementHash: hash,
    hpkeKey: certificate.hpkeKey,
    certificate: Buffer.from(offer.certificate, 'base64'),
    modelHashes: offer.models.map((model) => Buffer.from(model.hash, 'hex')),
    evidence: {
      ...{ statement: claims.image, quote, collateral, tcbStatus, advisories, atUnix },
      blockSeqno: state.quoteSeqno,
    },
    slots: offer.slots,
    maxFeeBps: offer.maxFeeBps,
    listedFees: new Map(state.feeRecipients.map(({ feeTo, maxBps }) => [feeTo.toString('hex'), maxBps])),
    lastSettleBy: claims.lastSettleBy,
    validUntil: Math.min(
      certificate.notAfter,
      statement.notAfter,
      claims.activeUntil,
      proven.validUntil,
      state.attestedAt + policy.maxAgeSeconds + 1,
      rules.images.get(offer.imageId)! + 1,
    ),
    models,
  };
}

/** What Intel's signatures prove, and what the contract recorded of it: they are the same, or somebody lies. */
function checkMeasured(proven: ProvenQuote, { image, state, tcb }: Claims, now: number): void {
  const { imageId, shape } = state;
  demand(proven.statement.equals(image), 'evidence', 'the quote is of another statement');
  demand(now < proven.validUntil, 'quote', 'something in its chain, or its collateral, is out of date');
  demand(proven.imageId === imageId.toString('hex'), 'image', 'the quote measures another image');
  demand(proven.shape === shape.toString('hex'), 'shape', 'the quote measures another shape');
  demand(isSameTcb(proven.tcb, tcb), 'tcb', 'the quote is of another TCB than the contract recorded');
  demand(proven.platform.equals(state.platform), 'platform', 'the quote is of another machine');
}

/** By the block in which the contract compared the quote's block with the last ones. */
function checkAge({ attestedAt }: WorkerState, { maxAgeSeconds }: Policy, now: number): void {
  const age = Math.floor(now) - attestedAt;
  demand(age >= -LIMITS.clockSkewSeconds, 'freshness', 'the quote was admitted in the future');
  demand(
    age <= maxAgeSeconds,
    'freshness',
    `the quote was admitted ${age} seconds ago, and the policy allows ${maxAgeSeconds}`,
  );
}

function checkStatement(
  statement: Statement,
  offer: WorkerOffer,
  chain: Pick<Chain, 'networkId' | 'registry'>,
  now: number,
): void {
  demand(statement.networkId === chain.networkId, 'statement', 'the statement is for another network');
  demand(
    statement.registry.equals(chain.registry.hash),
    'statement',
    'the statement is for another registry',
  );
  demand(
    statement.worker.toString('hex') === offer.worker,
    'statement',
    'the statement is for another Worker contract',
  );
  demand(
    statement.receiptKey.toString('hex') === offer.workerKey,
    'statement',
    'the statement is for another key',
  );
  const algorithms = statement.kemId === KEM_ID && statement.kdfId === KDF_ID && statement.aeadId === AEAD_ID;
  demand(algorithms, 'statement', 'the statement names algorithms that this client does not speak');
  demand(isInDate(statement, now), 'statement', 'the statement is out of date');
  demand(
    statement.modelsRoot.equals(saidIn(offer).modelsRoot),
    'statement',
    'the models are not those of the statement',
  );
}

function checkContract(
  state: WorkerState | null,
  offer: WorkerOffer,
  chain: Pick<Chain, 'registry'>,
  now: number,
): Pick<Claims, 'state' | 'tcb' | 'activeUntil' | 'lastSettleBy'> {
  if (!state?.registry.equals(chain.registry))
    throw new Refusal('contract', 'no Worker contract of this registry has that address');
  demand(state.address.hash.toString('hex') === offer.worker, 'contract', 'another contract was read');
  demand(state.active, 'contract', 'the contract is not active');
  const admitted = state.keys.find(({ workerKey }) => workerKey.toString('hex') === offer.workerKey);
  demand(admitted !== undefined, 'contract', 'the key is not admitted');
  demand(admitted.activeUntil > now, 'contract', 'the admission of the key has run out');
  const { tcb } = state;
  demand(tcb !== null, 'contract', 'the contract has recorded no quote');
  demand(
    state.imageId.toString('hex') === offer.imageId,
    'image',
    'the image is not the one that the contract recorded',
  );
  return { state, tcb, activeUntil: admitted.activeUntil, lastSettleBy: admitted.lastSettleBy };
}
