import type { Cell } from '@ton/core';
import {
  FIRST_FIXED_DIGEST,
  hintCell,
  signatureHint,
  type SignatureHint,
} from '../../src/attestation/onchain/hint';
import { inverse, mod, P256_G, P256_N, P256_P, type Point } from '../../src/attestation/onchain/p256';
import * as P from '../support/p256';

// Hints for a digest that the key never signed; each passes when one step of contracts/shared/p256.tact is left out.

const H0 = FIRST_FIXED_DIGEST;
const H1 = P.integer(P.digestOfBytes(P.bytes32(P256_N)));
const over = (a: bigint, b: bigint): bigint => mod(a * inverse(b, P256_N), P256_N);

const NONCE = P.scalarOf('nonce of a forger');
const R = mod(P.publicKey(NONCE).x, P256_N);

/** s for a digest under a secret, with the forger's nonce. */
const signWith = (secret: bigint, digest: bigint): bigint => over(digest + R * secret, NONCE);

/** What is as it must be for the forger's r and this digest. */
function honestParts(digest: bigint): { k: bigint; r: bigint; u: bigint } {
  const k = over(digest - H0, R);
  return { k, r: R, u: mod(H0 + P256_G.x * k, P256_N) };
}

/** Without the equation of u: the hint of what the key did sign. */
export function hintOfAnother(key: Point, signed: Buffer, signature: Buffer): Cell {
  return hintCell(signatureHint(key, signed, signature));
}

/** Without the checks of T: a T that makes of the key one whose secret is known. */
export function anyMultiple(key: Point, digest: bigint): Cell {
  const secret = P.scalarOf('secret of a forger');
  const multiple = P.sum(P.publicKey(secret), P.negative(key));
  const { r, u } = honestParts(digest);
  return hintCell({ r, s: signWith(secret, H0), u, multiple, slope: P.slopeOf(key, multiple) });
}

/** With one check of T only: the mirror of that check, and a signature of what it stands for. */
export function mirror(remaining: 'first' | 'second', secret: bigint, digest: bigint): Cell {
  const { k, r, u } = honestParts(digest);
  const scalar = mod(-(over(2n * (remaining === 'first' ? H0 : H1), P256_G.x) + k), P256_N);
  const multiple = P.publicKey(scalar);
  const s = signWith(secret, mod(H0 + r * scalar, P256_N));
  return hintCell({ r, s, u, multiple, slope: P.slopeOf(P.publicKey(secret), multiple) });
}

/** Without the parity: the line through -T, and a signature of 2 * h0 - e. */
export function oppositeMultiple(secret: bigint, digest: bigint): Cell {
  const { k, r, u } = honestParts(digest);
  const multiple = P.publicKey(k);
  const slope = P.slopeOf(P.publicKey(secret), P.negative(multiple));
  return hintCell({ r, s: signWith(secret, mod(2n * H0 - digest, P256_N)), u, multiple, slope });
}

/** Without the equation of the slope: a line that leads to a point whose logarithm is known. */
export function anySlope(key: Point, digest: bigint): Cell {
  const { k, r, u } = honestParts(digest);
  const multiple = P.publicKey(k);
  for (let i = 0; ; i++) {
    const secret = P.scalarOf(`aim ${i}`);
    const aim = P.publicKey(secret);
    const root = P.squareRoot(aim.x + key.x + multiple.x);
    if (root === null) continue;
    for (const slope of [root, P256_P - root]) {
      const y = mod(key.y + slope * (multiple.x - key.x), P256_P);
      if ((y & 1n) !== (multiple.y & 1n)) continue;
      const aimY = mod(slope * (key.x - aim.x) - key.y, P256_P);
      const ofAim = (aimY & 1n) === (aim.y & 1n) ? secret : P256_N - secret;
      return hintCell({ r, s: signWith(ofAim, H0), u, multiple, slope });
    }
  }
}

/** A key off the curve, and a hint for this digest under it: the line is chosen, and the key is put onto it. */
export function keyOffTheCurve(digest: bigint): { key: Point; hint: Cell } {
  const { k, r, u } = honestParts(digest);
  const multiple = P.publicKey(k);
  for (let i = 0; ; i++) {
    const secret = P.scalarOf(`aim ${i}`);
    const aim = P.publicKey(secret);
    const slope = P.scalarOf(`slope ${i}`) % P256_P;
    const x = mod(slope * slope - aim.x - multiple.x, P256_P);
    // The three abscissas of a line y = slope * x + m on a cubic with a = -3.
    const pairs = x * multiple.x + x * aim.x + multiple.x * aim.x;
    const m = mod(-(3n + pairs) * inverse(2n * slope, P256_P), P256_P);
    const key = { x, y: mod(slope * x + m, P256_P) };
    const [yT, aimY] = [mod(slope * multiple.x + m, P256_P), mod(-(slope * aim.x + m), P256_P)];
    if ((yT & 1n) !== (multiple.y & 1n)) continue;
    const ofAim = (aimY & 1n) === (aim.y & 1n) ? secret : P256_N - secret;
    const hint: SignatureHint = { r, s: signWith(ofAim, H0), u, multiple, slope };
    return { key, hint: hintCell(hint) };
  }
}
