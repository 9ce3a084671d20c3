import type { AttestationCrypto } from './crypto/types';
import { INTEL_ROOT } from './roots';
import { verifierOf, type QuoteVerifier } from './verify';

/**
 * Verifies Intel TDX quotes, in Node and in browsers. Give it `nodeCrypto` (crypto/node.ts) or `webCrypto()`
 * (crypto/web.ts); clock, collateral and policy are arguments of each call, the root is Intel's and no argument.
 */
export function createQuoteVerifier(crypto: AttestationCrypto): QuoteVerifier {
  return verifierOf(INTEL_ROOT, crypto);
}

export type { AttestationCrypto } from './crypto/types';
export { CHECK_NAMES, type Check, type CheckName } from './checks';
export type { Collateral } from './collateral';
export { AttestationError, type AttestationErrorCode } from './errors';
export { parsePolicy, STRICT_POLICY, type Policy } from './policy';
export type { PreparedCollateral } from './prepare';
export { parseQuote, type Quote } from './quote';
export { TCB_STATUSES, type TcbStatus } from './status';
export type { QuotedTcb, QuoteVerifier, Verdict, VerifyInput } from './verify';
