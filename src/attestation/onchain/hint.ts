import { beginCell, type Cell } from '@ton/core';
import {
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

/** A signature for which no hint exists: `reason` says what is wrong with it or with its key. */
export class HintError extends Error {
  override readonly name = 'HintError';

  constructor(readonly reason: string) {
    super(`This P-256 signature cannot be checked on chain: ${reason}.`);
  }
}

/**
 * The hint for a signature (r ‖ s, 64 bytes) of a 32-byte SHA-256 digest under `key`. Verifies the signature on the
 * way: throws HintError when it does not hold, when r or s is not in 1..n-1, or when the key is no point.
 */
export function signatureHint(
  key: Point,
  digest: Uint8Array,
  signature: Uint8Array,
  multiples: P256Multiples = p256Multiples(),
): SignatureHint {
  if (digest.length !== 32) throw new HintError(`a digest has 32 bytes, not ${digest.length}`);
  if (signature.length !== 64) throw new HintError(`a signature has 64 bytes, not ${signature.length}`);
  if (!isOnCurve(key)) throw new HintError('its key is no point of the curve');
  const e = toBigInt(digest);
  const r = toBigInt(signature.subarray(0, 32));
  const s = toBigInt(signature.subarray(32));
  if (r < 1n || r >= P256_N) throw new HintError('r is not in 1..n-1');
  if (s < 1n || s >= P256_N) throw new HintError('s is not in 1..n-1');

  const [inverseR, inverseS] = inverses(r, s, P256_N);
  const k = mod((e - FIRST_FIXED_DIGEST) * inverseR, P256_N);
  const whole = mod(e * inverseR, P256_N);
  // Either needs a chosen SHA-256 digest; there would be no point to bring.
  if (k === 0n || whole === 0n) throw new HintError('its digest is zero or the fixed one');
  const multiple = multiples.ofBase(k);

  // e*G + r*Q = r * (Q + (e/r)*G): one sum, and one multiplication of which x is enough.
  const ofWhole = multiples.ofBase(whole);
  const [multipleRise, multipleRun] = fractionOrThrow(key, multiple);
  const [wholeRise, wholeRun] = fractionOrThrow(key, ofWhole);
  const [inverseRun, inverseWholeRun] = inverses(multipleRun, wholeRun, P256_P);
  const sum = sumBySlope(key, ofWhole, mod(wholeRise * inverseWholeRun, P256_P));
  if (multiples.xOf(mod(r * inverseS, P256_N), sum) % P256_N !== r) {
    throw new HintError('it does not sign this digest under this key');
  }
  return {
    r,
    s,
    u: mod(FIRST_FIXED_DIGEST + P256_G.x * k, P256_N),
    multiple,
    slope: mod(multipleRise * inverseRun, P256_P),
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

function fractionOrThrow(key: Point, multiple: Point): [bigint, bigint] {
  if (key.x === multiple.x && key.y !== multiple.y) {
    throw new HintError('its key is a known multiple of the base point');
  }
  return slopeFraction(key, multiple);
}

function toBigInt(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')}`);
}
