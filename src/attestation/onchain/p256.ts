/** Curve P-256 (FIPS 186-4, D.1.2.3; y^2 = x^3 - 3x + b) over BigInt: affine points and what hints need of them. */

/** An affine point, both coordinates below P256_P. Infinity has none. */
export interface Point {
  x: bigint;
  y: bigint;
}

export const P256_P = 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn;
export const P256_N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
export const P256_B = 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn;
export const P256_G: Point = {
  x: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  y: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
};

/** The residue of `value` in 0..modulus-1, of a negative value too. */
export function mod(value: bigint, modulus: bigint): bigint {
  const rest = value % modulus;
  return rest < 0n ? rest + modulus : rest;
}

/** 1 / value modulo a prime. Throws on a multiple of the modulus: it has no inverse. */
export function inverse(value: bigint, modulus: bigint): bigint {
  let [a, b] = [modulus, mod(value, modulus)];
  if (b === 0n) throw new RangeError('zero has no inverse');
  let [u, v] = [0n, 1n];
  while (b > 1n) {
    const quotient = a / b;
    [a, b] = [b, a - quotient * b];
    [u, v] = [v, u - quotient * v];
  }
  return mod(v, modulus);
}

/** Both inverses for the price of one: 1/a = b / (ab). */
export function inverses(a: bigint, b: bigint, modulus: bigint): [bigint, bigint] {
  const product = inverse(mod(a * b, modulus), modulus);
  return [mod(product * b, modulus), mod(product * a, modulus)];
}

/** Whether both coordinates are reduced and the equation holds. */
export function isOnCurve({ x, y }: Point): boolean {
  const reduced = x >= 0n && x < P256_P && y >= 0n && y < P256_P;
  return reduced && (y * y - x * x * x + 3n * x - P256_B) % P256_P === 0n;
}

/** Numerator and denominator of the slope of the line through a and b, the tangent when they are equal. */
export function slopeFraction(a: Point, b: Point): [bigint, bigint] {
  if (a.x !== b.x) return [mod(b.y - a.y, P256_P), mod(b.x - a.x, P256_P)];
  if (a.y !== b.y) throw new RangeError('opposite points have no sum with coordinates');
  return [mod(3n * (a.x * a.x - 1n), P256_P), mod(2n * a.y, P256_P)];
}

/** a + b, given the slope of their line. */
export function sumBySlope(a: Point, b: Point, slope: bigint): Point {
  const x = mod(slope * slope - a.x - b.x, P256_P);
  return { x, y: mod(slope * (a.x - x) - a.y, P256_P) };
}
