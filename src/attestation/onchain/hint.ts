import { beginCell, type Cell } from '@ton/core';
import {
  inverse,
  inverses,
  isOnCurve,
  mod,
  P256_G,
  P256_N,
  P256_P,
  slopeFraction,
  sumBySlope,
  type Point,
} from './p256';
import { p256Multiples, type P256Multiples } from './p256Multiples';

/** SHA-256 of p as 32 bytes: the first of the two fixed messages of contracts/shared/p256.tact. */
export const FIRST_FIXED_DIGEST = 0xbd942c11c8c490aa0d9986d342ce5454672197de88c64a511640b9615944243dn;

/** What a contract needs beside digest, key and signature to check one; contracts/shared/p256.tact says why. */
export interface SignatureHint {
  r: bigint;
  s: bigint;
  /** With k = (digest - FIRST_FIXED_DIGEST) / r: FIRST_FIXED_DIGEST + x(G) * k modulo n. */
  u: bigint;
  /** k * G. */
  multiple: Point;
  /** Of the line through the key and `multiple`. */
  slope: bigint;
}

/** A signature for which no hint exists; the message says what is wrong with it or with its key. */
export class HintError extends Error {
  override readonly name = 'HintError';

  constructor(reason: string) {
    super(`This P-256 signature cannot be checked on chain: ${reason}.`);
  }
}

/**
 * The hint for a signature (r ‖ s, 64 bytes) of a 32-byte SHA-256 digest under `key`. Verifies the signature first:
 * throws HintError when it does not hold, when r or s is not in 1..n-1, or when the key is no point.
 */
export function signatureHint(
  key: Point,
  digest: Uint8Array,
  signature: Uint8Array,
  multiples: P256Multiples = p256Multiples(),
): SignatureHint {
  const hint = unverifiedHint(key, digest, signature, multiples);
  if (!isSigned(key, toBigInt(digest), hint, multiples)) {
    throw new HintError('it does not sign this digest under this key');
  }
  return hint;
}

/** The same for a signature that the caller has verified: three times as fast. Only the verification is left out. */
export function unverifiedHint(
  key: Point,
  digest: Uint8Array,
  signature: Uint8Array,
  multiples: P256Multiples = p256Multiples(),
): SignatureHint {
  const { r, s } = readSignature(signature);
  if (digest.length !== 32) throw new HintError(`a digest has 32 bytes, not ${digest.length}`);
  if (!isOnCurve(key)) throw new HintError('its key is no point of the curve');

  const k = mod((toBigInt(digest) - FIRST_FIXED_DIGEST) * inverse(r, P256_N), P256_N);
  // It takes a message with a chosen SHA-256 digest.
  if (k === 0n) throw new HintError('its digest is the fixed one');
  const multiple = multiples.ofBase(k);
  // It takes the secret of the key.
  if (key.x === multiple.x && key.y !== multiple.y) throw new HintError('its key is -k * G');
  const [rise, run] = slopeFraction(key, multiple);
  return {
    r,
    s,
    u: mod(FIRST_FIXED_DIGEST + P256_G.x * k, P256_N),
    multiple,
    slope: mod(rise * inverse(run, P256_P), P256_P),
  };
}

/** p256_hint#_ r:uint256 s:uint256 u:uint256 ^[ prefix:uint8 xT:uint256 slope:uint256 ] = P256Hint */
export function hintCell({ r, s, u, multiple, slope }: SignatureHint): Cell {
  const point = beginCell()
    .storeUint(2n + (multiple.y & 1n), 8)
    .storeUint(multiple.x, 256)
    .storeUint(slope, 256)
    .endCell();
  return beginCell().storeUint(r, 256).storeUint(s, 256).storeUint(u, 256).storeRef(point).endCell();
}

/**
 * ECDSA with one multiplication of which x is enough: e*G + r*Q = r * (Q + (e/r)*G), so r has to be x of r/s times that
 * sum. Refuses a digest of zero and a sum without slope, which nobody meets.
 */
function isSigned(
  key: Point,
  e: bigint,
  { r, s }: { r: bigint; s: bigint },
  multiples: P256Multiples,
): boolean {
  const [inverseR, inverseS] = inverses(r, s, P256_N);
  const scalar = mod(e * inverseR, P256_N);
  if (scalar === 0n) return false;
  const ofBase = multiples.ofBase(scalar);
  if (key.x === ofBase.x && key.y !== ofBase.y) return false;
  const [rise, run] = slopeFraction(key, ofBase);
  const sum = sumBySlope(key, ofBase, mod(rise * inverse(run, P256_P), P256_P));
  return multiples.xOf(mod(r * inverseS, P256_N), sum) % P256_N === r;
}

function readSignature(signature: Uint8Array): { r: bigint; s: bigint } {
  if (signature.length !== 64) throw new HintError(`a signature has 64 bytes, not ${signature.length}`);
  const [r, s] = [toBigInt(signature.subarray(0, 32)), toBigInt(signature.subarray(32))];
  if (r < 1n || r >= P256_N) throw new HintError('r is not in 1..n-1');
  if (s < 1n || s >= P256_N) throw new HintError('s is not in 1..n-1');
  return { r, s };
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`);
}
