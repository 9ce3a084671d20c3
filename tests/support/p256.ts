import { createHash, createPublicKey, verify } from 'node:crypto';
import { beginCell, contractAddress, type Cell, type TupleItem } from '@ton/core';
import { createShardAccount, GetMethodError, type Blockchain } from '@ton/sandbox';
import {
  inverse,
  mod,
  P256_B,
  P256_N,
  P256_P,
  slopeFraction,
  sumBySlope,
  type Point,
} from '../../src/attestation/onchain/p256';
import { nodeMultiples } from '../../src/attestation/onchain/p256Multiples';
import { createTestChain } from './chain';
import { compileTact, contractSources, readSource } from './tactSources';

/** contracts/shared/p256.tact on a chain. Each call gives the exit code and the gas. */
export interface P256Contract {
  requireSigned(digest: Buffer, key: Point, signature: Cell): Promise<Ran>;
  requireBoth(key: Point, first: [Buffer, Cell], second: [Buffer, Cell]): Promise<Ran>;
  requireOnCurve(key: Point): Promise<Ran>;
  requireNothing(digest: Buffer, key: Point, signature: Cell): Promise<Ran>;
}

export interface Ran {
  exit: number;
  gas: number;
}

/** tests/support/p256.tact throws it for a signature that does not hold. */
export const NOT_SIGNED = 1399;

export async function deployP256(): Promise<P256Contract> {
  const entry = 'tests/support/p256.tact';
  const code = await compileTact(
    { ...contractSources(), ...Object.fromEntries([readSource(entry)]) },
    entry,
    'P256',
  );
  const chain = await createTestChain();
  const data = beginCell().storeBit(false).endCell();
  const address = contractAddress(0, { code, data });
  await chain.setShardAccount(address, createShardAccount({ address, code, data, balance: 10n ** 9n }));

  const call = (method: string, ...values: readonly (bigint | Cell)[]): Promise<Ran> =>
    runGetter(chain, address, method, values);
  return {
    requireSigned: (digest, { x, y }, hint) => call('require_signed', integer(digest), x, y, hint),
    requireBoth: ({ x, y }, [digest, hint], [digest2, hint2]) =>
      call('require_both', integer(digest), integer(digest2), x, y, hint, hint2),
    requireOnCurve: ({ x, y }) => call('require_on_curve', x, y),
    requireNothing: (digest, { x, y }, hint) => call('require_nothing', integer(digest), x, y, hint),
  };
}

async function runGetter(
  chain: Blockchain,
  address: ReturnType<typeof contractAddress>,
  method: string,
  values: readonly (bigint | Cell)[],
): Promise<Ran> {
  const stack = values.map((value): TupleItem =>
    typeof value === 'bigint' ? { type: 'int', value } : { type: 'cell', cell: value },
  );
  try {
    const { exitCode, gasUsed } = await chain.runGetMethod(address, method, stack);
    return { exit: exitCode, gas: Number(gasUsed) };
  } catch (error) {
    if (!(error instanceof GetMethodError)) throw error;
    return { exit: error.exitCode, gas: Number(error.gasUsed) };
  }
}

/** A scalar in 1..n-1, as good as random and the same in every run. */
export function scalarOf(name: string): bigint {
  return mod(integer(digestOf(name)), P256_N - 1n) + 1n;
}

export function digestOf(text: string): Buffer {
  return digestOfBytes(Buffer.from(text));
}

export function digestOfBytes(bytes: Uint8Array): Buffer {
  return createHash('sha256').update(bytes).digest();
}

const multiples = nodeMultiples()!;

export function publicKey(secret: bigint): Point {
  return multiples.ofBase(secret);
}

/** ECDSA with a nonce that follows from both inputs, so that each run signs the same: r ‖ s. */
export function signDigest(secret: bigint, digest: Buffer): Buffer {
  const nonce = scalarOf(`nonce ${secret} ${digest.toString('hex')}`);
  const r = mod(multiples.ofBase(nonce).x, P256_N);
  const s = mod((integer(digest) + r * secret) * inverse(nonce, P256_N), P256_N);
  return Buffer.concat([bytes32(r), bytes32(s)]);
}

/** What node:crypto says of a signature of SHA-256(message). */
export function verifiedByNode(key: Point, message: string, signature: Buffer): boolean {
  const jwk = { kty: 'EC', crv: 'P-256', x: base64(key.x), y: base64(key.y) };
  const object = createPublicKey({ key: jwk, format: 'jwk' });
  return verify('sha256', Buffer.from(message), { key: object, dsaEncoding: 'ieee-p1363' }, signature);
}

export function integer(bytes: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
}

export function bytes32(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}

function base64(value: bigint): string {
  return bytes32(value).toString('base64url');
}

export function slopeOf(a: Point, b: Point): bigint {
  const [rise, run] = slopeFraction(a, b);
  return mod(rise * inverse(run, P256_P), P256_P);
}

export function sum(a: Point, b: Point): Point {
  return sumBySlope(a, b, slopeOf(a, b));
}

export function negative({ x, y }: Point): Point {
  return { x, y: P256_P - y };
}

/** By double and add: for points whose logarithm nobody knows. Never given a multiple that is infinity. */
export function times(factor: bigint, point: Point): Point {
  let found: Point | null = null;
  for (const bit of mod(factor, P256_N).toString(2)) {
    if (found) found = sum(found, found);
    if (bit === '1') found = found ? sum(found, point) : point;
  }
  return found!;
}

/** A square root modulo p, or null. */
export function squareRoot(value: bigint): bigint | null {
  const root = power(mod(value, P256_P), (P256_P + 1n) / 4n);
  return mod(root * root - value, P256_P) === 0n ? root : null;
}

/** The first point with an abscissa from `x` on. */
export function pointFrom(x: bigint): Point {
  const y = squareRoot(x * x * x - 3n * x + P256_B);
  return y === null ? pointFrom(x + 1n) : { x, y };
}

/**
 * A key under which (r of `nonce`, s) signs `digest`, although nobody knows its secret: Q = (s*R - e*G) / r. With it a
 * test can choose values that no signer could.
 */
export function keyFor(digest: bigint, nonce: Point, s: bigint): Point {
  const inverseR = inverse(nonce.x, P256_N);
  const ofNonce = times(mod(s * inverseR, P256_N), nonce);
  const scalar = mod(-digest * inverseR, P256_N);
  return scalar === 0n ? ofNonce : sum(ofNonce, multiples.ofBase(scalar));
}

function power(base: bigint, exponent: bigint): bigint {
  let result = 1n;
  for (const bit of exponent.toString(2)) {
    result = mod(result * result, P256_P);
    if (bit === '1') result = mod(result * base, P256_P);
  }
  return result;
}

export type { Point };
