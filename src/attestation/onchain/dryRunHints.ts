import type { Quote } from '../quote';
import { unbuildable, type Chain } from './chain';
import type { AttestKind } from './kind';
import { isOnCurve, P256_N, type Point } from './p256';

/**
 * A hint has the inverse of r in it, and a line through the key. Throws AttestationError `quote_unbuildable` where there
 * is none of either, so that not even a forger could make a message.
 */
export function requireHints(
  { attestationKey, signature, qeReportSignature }: Quote,
  chain: Chain,
  kind: AttestKind,
): void {
  const { leaf, ca } = chain;
  requireHint("the quote's signature", attestationKey, signature);
  if (kind === 'key') return;
  requireHint("the QE report's signature", leaf.publicKey, qeReportSignature);
  if (kind === 'pck') return;
  requireHint("the leaf's signature", ca.publicKey, leaf.signature);
  if (kind === 'ca') requireInverse("the CA's signature", ca.signature);
}

function requireHint(what: string, key: Uint8Array, signature: Uint8Array): void {
  requireInverse(what, signature);
  if (!isOnCurve(pointOf(key))) throw unbuildable(`${what} is by a key that is no point of the curve`);
}

function requireInverse(what: string, signature: Uint8Array): void {
  if (numberOf(signature.subarray(0, 32)) % P256_N === 0n) throw unbuildable(`${what} has an r of zero`);
}

function pointOf(key: Uint8Array): Point {
  return { x: numberOf(key.subarray(0, 32)), y: numberOf(key.subarray(32)) };
}

function numberOf(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}
