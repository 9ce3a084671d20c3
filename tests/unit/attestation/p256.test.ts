import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { FIRST_FIXED_DIGEST } from '../../../src/attestation/onchain/hint';
import {
  inverse,
  inverses,
  isOnCurve,
  mod,
  P256_B,
  P256_G,
  P256_N,
  P256_P,
  slopeFraction,
} from '../../../src/attestation/onchain/p256';
import { bigintMultiples, nodeMultiples } from '../../../src/attestation/onchain/p256Multiples';
import { bytes32, integer, publicKey, scalarOf, sum } from '../../support/p256';

const digestOf = (value: bigint): bigint => integer(createHash('sha256').update(bytes32(value)).digest());

describe('the proof of contracts/shared/p256.tact', () => {
  test('rests on facts about its constants', () => {
    const [h0, h1] = [digestOf(P256_P), digestOf(P256_N)];
    expect(h0).toBe(FIRST_FIXED_DIGEST);
    expect(h0).toBeLessThan(P256_N);
    expect(h1).toBeLessThan(P256_N);
    expect(h0).not.toBe(h1);
    // One abscissa only is Gx modulo n: Gx itself.
    expect(P256_G.x).toBeLessThan(P256_N);
    expect(P256_G.x).toBeGreaterThanOrEqual(P256_P - P256_N);
    expect(P256_P).toBeLessThan(2n * P256_N);
    expect(isOnCurve(P256_G)).toBe(true);
  });

  test('has exactly these constants in its source, in this order', () => {
    const source = readFileSync(path.join(__dirname, '../../../contracts/shared/p256.tact'), 'utf8');
    const literals = [...source.matchAll(/x\{([0-9a-f]{64})\}/g)].map(([, hex]) => BigInt(`0x${hex}`));
    const [h0, h1] = [digestOf(P256_P), digestOf(P256_N)];
    const forSignatures = [P256_P, h0, mod(h0 - h1, P256_N), P256_N, P256_G.x, P256_G.x];
    const forKeys = [P256_P, P256_P - P256_B];
    expect(literals).toEqual([...forSignatures, ...forKeys]);
  });
});

describe('arithmetic', () => {
  test('inverts what is not a multiple of the modulus', () => {
    for (const value of [1n, 2n, P256_N - 1n, -5n, scalarOf('a'), P256_N + 3n]) {
      expect(mod(inverse(value, P256_N) * value, P256_N)).toBe(1n);
    }
    const [a, b] = inverses(scalarOf('a'), scalarOf('b'), P256_P);
    expect([a, b]).toEqual([inverse(scalarOf('a'), P256_P), inverse(scalarOf('b'), P256_P)]);
    expect(() => inverse(2n * P256_P, P256_P)).toThrow('zero has no inverse');
  });

  test('knows points: reduced, and on the curve', () => {
    expect(isOnCurve({ x: P256_G.x, y: P256_P - P256_G.y })).toBe(true);
    expect(isOnCurve({ x: P256_G.x + P256_P, y: P256_G.y })).toBe(false);
    expect(isOnCurve({ x: P256_G.x, y: P256_G.y - P256_P })).toBe(false);
    expect(isOnCurve({ x: 0n, y: 0n })).toBe(false);
  });

  test('adds and doubles as OpenSSL does', () => {
    expect(sum(publicKey(5n), publicKey(7n))).toEqual(publicKey(12n));
    expect(sum(publicKey(5n), publicKey(5n))).toEqual(publicKey(10n));
    expect(() => slopeFraction(publicKey(5n), publicKey(P256_N - 5n))).toThrow('opposite points');
  });
});

describe('multiples without node:crypto', () => {
  const [own, node] = [bigintMultiples(), nodeMultiples()!];
  const scalars = [1n, 2n, 15n, 16n, 1n << 255n, P256_N - 1n, P256_N - 16n];

  test('equal those with it', () => {
    const point = publicKey(scalarOf('a point'));
    for (const scalar of [...scalars, ...Array.from({ length: 25 }, (_, i) => scalarOf(`scalar ${i}`))]) {
      expect(own.ofBase(scalar)).toEqual(node.ofBase(scalar));
      expect(own.xOf(scalar, point)).toBe(node.xOf(scalar, point));
    }
  });
});
