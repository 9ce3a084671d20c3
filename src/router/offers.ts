import { Address } from '@ton/core';
import type { Chain } from '../chain/types';
import { workerDomain } from '../protocol/domain';
import { verify } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import { askLayout, decodeSigned, hpkeCertificateLayout, verifySigned, type Ask } from '../protocol/signed';
import { parseStatement, statementHash, type Statement } from '../protocol/statement';
import { helloDigest, openOffer, type SignedOffer, type WorkerOffer } from '../protocol/wire';

/** An offer whose every part was found genuine, with the numbers that admission compares. */
export interface CheckedOffer {
  signed: SignedOffer;
  offer: WorkerOffer;
  workerKey: Buffer;
  workerAddress: Buffer;
  /** The smallest line that any of its asks serves. */
  minCapNano: bigint;
}

/** What a Worker contract says that admission compares with lines. */
export interface WorkerTerms {
  /** Latest settleBy of any line to this key. */
  lastSettleBy: number;
  /** Its machine's family, 12 hex digits; null before its first quote. */
  fmspc: string | null;
  /** Highest fee that the provider lists for a recipient, basis points; 0 for one that is not listed. */
  listedFeeBps(feeTo: Buffer): number;
}

export type OfferChain = Pick<Chain, 'networkId' | 'registry' | 'worker'>;

/** Opens an offer and checks all that needs no chain. Throws CocoonError `worker_unverified`. */
export function checkOffer(signed: SignedOffer, chain: OfferChain): CheckedOffer {
  const offer = openOffer(signed);
  if (!offer) throw unverified('The offer is malformed or not signed by the key that it names.');
  const workerKey = Buffer.from(offer.workerKey, 'hex');
  const workerAddress = Buffer.from(offer.worker, 'hex');
  const image = Buffer.from(offer.statement, 'base64');
  const domain = workerDomain({
    networkId: chain.networkId,
    registry: chain.registry.hash,
    self: workerAddress,
  });

  checkStatement(readStatement(image), chain, workerKey, workerAddress);
  const minCaps = offer.asks.map((ask) => checkAsk(ask, domain, workerKey, offer).minCap);
  checkCertificate(offer, domain, workerKey, statementHash(image));
  return {
    signed,
    offer,
    workerKey,
    workerAddress,
    minCapNano: minCaps.reduce((least, cap) => (cap < least ? cap : least), minCaps[0] ?? 0n),
  };
}

/** True when the worker holds its key now: the proof is over this router's own fresh nonce. */
export function checkProof(checked: CheckedOffer, nonce: Buffer, proof: string): void {
  if (!verify(helloDigest(nonce, checked.signed), Buffer.from(proof, 'hex'), checked.workerKey)) {
    throw unverified('The proof does not fit the nonce.');
  }
}

/**
 * Compares the offer with its Worker contract: a genuine child of the registry, active, with this key admitted and
 * this statement recorded. `Chain.worker` answers null for anything but a genuine Worker.
 */
export async function checkWorker(
  checked: CheckedOffer,
  chain: OfferChain,
  nowUnix: number,
): Promise<WorkerTerms> {
  const state = await chain.worker(new Address(0, checked.workerAddress));
  if (!state || !state.registry.equals(chain.registry)) {
    throw unverified('The Worker contract is not a child of the registry.');
  }
  if (!state.active) throw unverified('The Worker contract is not active.');
  const key = state.keys.find(({ workerKey }) => workerKey.equals(checked.workerKey));
  if (!key) throw unverified('The key is not admitted to the Worker contract.');
  if (key.activeUntil <= nowUnix) throw unverified('The admission of the key has run out.');
  const announced = statementHash(Buffer.from(checked.offer.statement, 'base64'));
  if (!state.statementHash.equals(announced)) {
    throw unverified('The statement is not the one that the Worker contract recorded.');
  }
  return {
    lastSettleBy: key.lastSettleBy,
    fmspc: state.tcb?.fmspc.toString('hex') ?? null,
    listedFeeBps: (feeTo) => state.feeRecipients.find((one) => one.feeTo.equals(feeTo))?.maxBps ?? 0,
  };
}

function readStatement(image: Buffer): Statement {
  try {
    return parseStatement(image);
  } catch (cause) {
    throw unverified('The statement cannot be read.', cause);
  }
}

function checkStatement(statement: Statement, chain: OfferChain, key: Buffer, address: Buffer): void {
  const fits =
    statement.networkId === chain.networkId &&
    statement.registry.equals(chain.registry.hash) &&
    statement.worker.equals(address) &&
    statement.receiptKey.equals(key);
  if (!fits) throw unverified('The statement is for another network, registry, worker or key.');
}

function checkAsk(encoded: string, domain: Buffer, key: Buffer, offer: WorkerOffer): Ask {
  let ask;
  try {
    ask = decodeSigned(askLayout, Buffer.from(encoded, 'base64'));
  } catch (cause) {
    throw unverified('An ask cannot be read.', cause);
  }
  const model = ask.value.modelHash.toString('hex');
  const genuine = ask.value.domain.equals(domain) && verifySigned(askLayout, ask, key);
  if (!genuine) throw unverified(`The ask for model ${model} is not signed for this Worker.`);
  if (!offer.models.some(({ hash }) => hash === model)) {
    throw unverified(`The ask names model ${model}, which is not offered.`);
  }
  return ask.value;
}

function checkCertificate(offer: WorkerOffer, domain: Buffer, key: Buffer, statement: Buffer): void {
  let certificate;
  try {
    certificate = decodeSigned(hpkeCertificateLayout, Buffer.from(offer.certificate, 'base64'));
  } catch (cause) {
    throw unverified('The HPKE certificate cannot be read.', cause);
  }
  const genuine =
    certificate.value.domain.equals(domain) &&
    certificate.value.statementHash.equals(statement) &&
    verifySigned(hpkeCertificateLayout, certificate, key);
  if (!genuine) throw unverified('The HPKE certificate is not signed for this Worker and statement.');
}

function unverified(message: string, cause?: unknown): CocoonError {
  return new CocoonError('worker_unverified', message, { cause });
}
