import { inverse, mod, P256_G, P256_P, type Point } from './p256';

/** The two multiplications that a hint takes. Scalars are in 1..n-1. */
export interface P256Multiples {
  /** scalar * G. */
  ofBase(scalar: bigint): Point;
  /** The x-coordinate of scalar * point. */
  xOf(scalar: bigint, point: Point): bigint;
}

/** Node's own crypto (about 20 times faster), or arithmetic of our own where there is none, as in browsers. */
export function p256Multiples(): P256Multiples {
  return (chosen ??= nodeMultiples() ?? bigintMultiples());
}

let chosen: P256Multiples | undefined;

/** By ECDH: OpenSSL shows k * G as a public key and x(k * P) as a shared secret. Null where there is no node:crypto. */
export function nodeMultiples(): P256Multiples | null {
  const crypto = globalThis.process?.getBuiltinModule?.('node:crypto');
  if (!crypto) return null;
  const ecdh = crypto.createECDH('prime256v1');
  return {
    ofBase(scalar) {
      ecdh.setPrivateKey(bytes32(scalar));
      const key = ecdh.getPublicKey('hex');
      return { x: BigInt(`0x${key.slice(2, 66)}`), y: BigInt(`0x${key.slice(66)}`) };
    },
    xOf(scalar, { x, y }) {
      ecdh.setPrivateKey(bytes32(scalar));
      return BigInt(`0x${ecdh.computeSecret(`04${hex32(x)}${hex32(y)}`, 'hex', 'hex')}`);
    },
  };
}

/** By BigInt, 4 bits of the scalar at a time: of the base point from a table that is filled at the first call. */
export function bigintMultiples(): P256Multiples {
  let ofG: Jacobian[][] | undefined;
  return {
    ofBase(scalar) {
      ofG ??= windowsOf(P256_G);
      return affine(windows(scalar).reduce((sum, digit, i) => add(sum, ofG![i]![digit]!), INFINITY));
    },
    xOf(scalar, point) {
      const small = smallMultiples({ ...point, z: 1n });
      const sum = windows(scalar).reduceRight((acc, digit) => add(times16(acc), small[digit]!), INFINITY);
      return affine(sum).x;
    },
  };
}

const WINDOW_BITS = 4n;
const WINDOWS = 64;

/** X/Z^2, Y/Z^3; Z = 0 is infinity. */
interface Jacobian {
  x: bigint;
  y: bigint;
  z: bigint;
}

const INFINITY: Jacobian = { x: 1n, y: 1n, z: 0n };

/** The scalar's digits in base 16, lowest first. */
function windows(scalar: bigint): number[] {
  return Array.from({ length: WINDOWS }, (_, i) => Number((scalar >> (BigInt(i) * WINDOW_BITS)) & 15n));
}

/** For each window its fifteen multiples of 16^i * point. */
function windowsOf(point: Point): Jacobian[][] {
  let base: Jacobian = { ...point, z: 1n };
  return Array.from({ length: WINDOWS }, () => {
    const row = smallMultiples(base).map((multiple) =>
      multiple.z === 0n ? multiple : { ...affine(multiple), z: 1n },
    );
    base = times16(base);
    return row;
  });
}

/** 0 to 15 times a point. */
function smallMultiples(point: Jacobian): Jacobian[] {
  const row = [INFINITY];
  for (let i = 1; i < 16; i++) row.push(add(row[i - 1]!, point));
  return row;
}

function times16(point: Jacobian): Jacobian {
  return double(double(double(double(point))));
}

/** https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#addition-add-2007-bl, every case included. */
function add(p: Jacobian, q: Jacobian): Jacobian {
  if (p.z === 0n) return q;
  if (q.z === 0n) return p;
  const pzz = mod(p.z * p.z, P256_P);
  const qzz = mod(q.z * q.z, P256_P);
  const u = mod(p.x * qzz, P256_P);
  const s = mod(p.y * q.z * qzz, P256_P);
  const h = mod(q.x * pzz - u, P256_P);
  const r = mod(q.y * p.z * pzz - s, P256_P);
  if (h === 0n) return r === 0n ? double(p) : INFINITY;
  const hh = mod(h * h, P256_P);
  const hhh = mod(h * hh, P256_P);
  const v = mod(u * hh, P256_P);
  const x = mod(r * r - hhh - 2n * v, P256_P);
  return { x, y: mod(r * (v - x) - s * hhh, P256_P), z: mod(p.z * q.z * h, P256_P) };
}

/** https://hyperelliptic.org/EFD/g1p/auto-shortw-jacobian-3.html#doubling-dbl-2001-b. No point of P-256 has y = 0. */
function double({ x, y, z }: Jacobian): Jacobian {
  if (z === 0n) return INFINITY;
  const delta = mod(z * z, P256_P);
  const gamma = mod(y * y, P256_P);
  const beta = mod(x * gamma, P256_P);
  const alpha = mod(3n * (x - delta) * (x + delta), P256_P);
  const x3 = mod(alpha * alpha - 8n * beta, P256_P);
  return {
    x: x3,
    y: mod(alpha * (4n * beta - x3) - 8n * gamma * gamma, P256_P),
    z: mod(2n * y * z, P256_P),
  };
}

function affine({ x, y, z }: Jacobian): Point {
  const inverseZ = inverse(z, P256_P);
  const square = mod(inverseZ * inverseZ, P256_P);
  return { x: mod(x * square, P256_P), y: mod(y * square * inverseZ, P256_P) };
}

function hex32(value: bigint): string {
  return value.toString(16).padStart(64, '0');
}

function bytes32(value: bigint): Buffer {
  return Buffer.from(hex32(value), 'hex');
}
