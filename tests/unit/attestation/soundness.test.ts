import { createHash, createPublicKey, ECDH, verify } from 'node:crypto';
import {
  inverse,
  isOnCurve,
  mod,
  P256_B,
  P256_G,
  P256_N,
  P256_P,
  slopeFraction,
  sumBySlope,
  type Point,
} from '../../../src/attestation/onchain/p256';

/**
 * The premises of docs/onchain-attestation.md in numbers, and what each guard of contracts/shared/p256.tact is there
 * for: a model of the check in which guards can be left out, over the same OpenSSL that stands behind the opcode.
 */

const SPKI = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d030107034200', 'hex');
const bytes32 = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
const sha256 = (data: Uint8Array): bigint => BigInt(`0x${createHash('sha256').update(data).digest('hex')}`);
/** Repeatable and as good as random. */
const scalar = (name: string): bigint => mod(sha256(Buffer.from(name)), P256_N);

/** The two fixed messages, and their hashes. */
const MESSAGES = [bytes32(P256_P), bytes32(P256_N)] as const;
const H = MESSAGES.map(sha256) as [bigint, bigint];
const overN = (a: bigint, b: bigint): bigint => mod(a * inverse(b, P256_N), P256_N);
const negative = ({ x, y }: Point): Point => ({ x, y: P256_P - y });
const compressed = ({ x, y }: Point): Buffer => Buffer.concat([Buffer.of(2 + Number(y & 1n)), bytes32(x)]);

function sum(a: Point, b: Point): Point {
  const [rise, run] = slopeFraction(a, b);
  return sumBySlope(a, b, mod(rise * inverse(run, P256_P), P256_P));
}

/** Double and add; never given a multiple that is infinity. */
function times(factor: bigint, point: Point): Point {
  let found: Point | null = null;
  for (const bit of mod(factor, P256_N).toString(2)) {
    if (found) found = sum(found, found);
    if (bit === '1') found = found ? sum(found, point) : point;
  }
  return found!;
}

/** P256_CHKSIGNU: hashes its message, and refuses keys that do not decode. */
function opcode(message: Buffer, r: bigint, s: bigint, key: Buffer): boolean {
  if (r >> 256n || s >> 256n) return false;
  try {
    const point = ECDH.convertKey(key, 'prime256v1', undefined, undefined, 'uncompressed') as Buffer;
    const object = createPublicKey({ key: Buffer.concat([SPKI, point]), format: 'der', type: 'spki' });
    const signature = Buffer.concat([bytes32(r), bytes32(s)]);
    return verify('sha256', message, { key: object, dsaEncoding: 'ieee-p1363' }, signature);
  } catch {
    return false;
  }
}

interface Hint {
  u: bigint;
  prefix: number;
  xT: bigint;
  slope: bigint;
}

interface Guards {
  inverse: boolean;
  parity: boolean;
  slope: boolean;
  /** Which of the two multiplication checks are made. */
  checks: readonly (0 | 1)[];
}
const ALL: Guards = { inverse: true, parity: true, slope: true, checks: [0, 1] };

/** The steps of requireP256. */
function accepts(e: bigint, r: bigint, s: bigint, key: Point, hint: Hint, guards: Guards = ALL): boolean {
  const { u, prefix, xT, slope } = hint;
  const tied = mod(r * (u - H[0]) - P256_G.x * (e - H[0]), P256_N) === 0n;
  if (guards.inverse && !tied) return false;
  const yT = mod(key.y + slope * (xT - key.x), P256_P);
  if (guards.parity && BigInt(prefix & 1) !== (yT & 1n)) return false;
  const meets = mod(slope * (yT + key.y) - (xT * xT + xT * key.x + key.x * key.x - 3n), P256_P) === 0n;
  if (guards.slope && !meets) return false;
  const shifted = sumBySlope(key, { x: xT, y: yT }, slope);
  const named = Buffer.concat([Buffer.of(prefix), bytes32(xT)]);
  return (
    guards.checks.every((i) =>
      opcode(MESSAGES[i], P256_G.x, i === 0 ? u : mod(u - H[0] + H[1], P256_N), named),
    ) && opcode(MESSAGES[0], r, s, compressed(shifted))
  );
}

/** The hint that brings `multiple` as T. */
function hintFor(e: bigint, r: bigint, key: Point, multiple: Point): Hint {
  const [rise, run] = slopeFraction(key, multiple);
  return {
    u: mod(H[0] + P256_G.x * multipleOf(e, r), P256_N),
    prefix: 2 + Number(multiple.y & 1n),
    xT: multiple.x,
    slope: mod(rise * inverse(run, P256_P), P256_P),
  };
}

interface Signer {
  secret: bigint;
  key: Point;
}
const signer = (name: string): Signer => {
  const secret = scalar(`${name} secret`);
  return { secret, key: times(secret, P256_G) };
};

/** A nonce's r, and the s that signs any digest with it. */
function nonce(name: string, { secret }: Signer): { r: bigint; sign(e: bigint): bigint } {
  const k = scalar(`${name} nonce`);
  const r = mod(times(k, P256_G).x, P256_N);
  return { r, sign: (e) => overN(mod(e + r * secret, P256_N), k) };
}

const multipleOf = (e: bigint, r: bigint): bigint => overN(e - H[0], r);

function isProbablyPrime(value: bigint): boolean {
  const odd = (value - 1n) >> 1n;
  return [2n, 3n, 5n, 7n, 11n, 13n, 17n, 19n, 23n, 29n].every((base) => {
    let [power, exponent, result] = [base, odd, 1n];
    for (; exponent > 0n; exponent >>= 1n, power = (power * power) % value)
      if (exponent & 1n) result = (result * power) % value;
    return result === 1n || result === value - 1n;
  });
}

test('F1: the order is prime and the cofactor is 1, so every point has order n', () => {
  expect(isOnCurve(P256_G)).toBe(true);
  expect([P256_P, P256_N].every(isProbablyPrime)).toBe(true);
  expect(times(P256_N - 1n, P256_G)).toEqual(negative(P256_G));
  // Hasse: the number of points is within 2 * sqrt(p) of p + 1, and 2n is far above.
  const spread = P256_N > P256_P + 1n ? P256_N - P256_P - 1n : P256_P + 1n - P256_N;
  expect(spread * spread <= 4n * P256_P).toBe(true);
  expect(2n * P256_N > P256_P + 1n + 2n ** 129n).toBe(true);
  expect(2n ** 129n * 2n ** 129n >= 4n * P256_P).toBe(true);
  expect(P256_B).toBe(mod(P256_G.y ** 2n - P256_G.x ** 3n + 3n * P256_G.x, P256_P));
});

test('F2 and F3: only G and -G have an abscissa that is x(G) modulo n', () => {
  expect(P256_G.x > 0n && P256_G.x < P256_N).toBe(true);
  expect(P256_G.x >= P256_P - P256_N).toBe(true);
  expect(P256_G.x + P256_N >= P256_P).toBe(true);
});

test('F4: the two fixed messages have different hashes, both below n', () => {
  expect(H[0]).not.toBe(H[1]);
  expect(H.every((hash) => hash > 0n && hash < P256_N)).toBe(true);
});

test('Lemma 1: a signature of one digest signs the fixed message under the shifted key, for no other digest', () => {
  for (let i = 0; i < 5; i++) {
    const owner = signer(`shift ${i}`);
    const { r, sign } = nonce(`shift ${i}`, owner);
    const e = scalar(`shift ${i} message`);
    const shifted = compressed(sum(owner.key, times(multipleOf(e, r), P256_G)));
    expect(opcode(MESSAGES[0], r, sign(e), shifted)).toBe(true);
    expect(opcode(MESSAGES[0], r, P256_N - sign(e), shifted)).toBe(true);
    expect(opcode(MESSAGES[0], r, sign(e + 1n), shifted)).toBe(false);
  }
});

test('Lemmas 2 and 3: one check lets the mirror through, the other one stops it', () => {
  const k = scalar('multiple');
  const passes = (i: 0 | 1, point: Point): boolean =>
    opcode(MESSAGES[i], P256_G.x, mod(H[i] + P256_G.x * k, P256_N), compressed(point));
  const mirror = (i: 0 | 1): Point => times(-(overN(2n * H[i], P256_G.x) + k), P256_G);
  const multiple = times(k, P256_G);
  expect([passes(0, multiple), passes(1, multiple)]).toEqual([true, true]);
  expect([passes(0, mirror(0)), passes(1, mirror(0))]).toEqual([true, false]);
  expect([passes(0, mirror(1)), passes(1, mirror(1))]).toEqual([false, true]);
  expect([passes(0, negative(multiple)), passes(1, negative(multiple))]).toEqual([false, false]);
});

test('Theorem: honest hints pass for valid signatures, malleated ones included, and for those alone', () => {
  for (let i = 0; i < 10; i++) {
    const owner = signer(`honest ${i}`);
    const { r, sign } = nonce(`honest ${i}`, owner);
    const e = sha256(Buffer.from(`honest ${i}`));
    const hint = hintFor(e, r, owner.key, times(multipleOf(e, r), P256_G));
    expect(accepts(e, r, sign(e), owner.key, hint)).toBe(true);
    expect(accepts(e, r, P256_N - sign(e), owner.key, hint)).toBe(true);
    expect(accepts(e, r, sign(e + 1n), owner.key, hint)).toBe(false);
    expect(accepts(e + 1n, r, sign(e), owner.key, hint)).toBe(false);
  }
});

test.each([0, 1] as const)(
  'with check %i alone the owner of a key passes a signature of e* off as one of e, ten times of ten; with both never',
  (i) => {
    for (let n = 0; n < 10; n++) {
      const owner = signer(`relaxed ${n}`);
      const { r, sign } = nonce(`relaxed ${n}`, owner);
      const e = sha256(Buffer.from(`what I never signed ${n}`));
      const other = mod(2n * H[0] - 2n * r * overN(H[i], P256_G.x) - e, P256_N);
      const mirror = times(-(overN(2n * H[i], P256_G.x) + multipleOf(e, r)), P256_G);
      const hint = hintFor(e, r, owner.key, mirror);
      expect(accepts(e, r, sign(other), owner.key, hint, { ...ALL, checks: [i] })).toBe(true);
      expect(accepts(e, r, sign(other), owner.key, hint)).toBe(false);
    }
  },
);

test('without the parity check a signature of 2*h0 - e passes as one of e', () => {
  const owner = signer('parity');
  const { r, sign } = nonce('parity', owner);
  const e = sha256(Buffer.from('parity'));
  const multiple = times(multipleOf(e, r), P256_G);
  // The opcode decodes kG from the bytes, while the slope leads to -kG.
  const hint = { ...hintFor(e, r, owner.key, negative(multiple)), prefix: 2 + Number(multiple.y & 1n) };
  const signature = sign(mod(2n * H[0] - e, P256_N));
  expect(accepts(e, r, signature, owner.key, hint, { ...ALL, parity: false })).toBe(true);
  expect(accepts(e, r, signature, owner.key, hint)).toBe(false);
});

test("without the slope's equation anybody signs for anybody", () => {
  const [victim, thief] = [signer('victim'), signer('thief')];
  const e = sha256(Buffer.from('never signed by the victim'));
  const forged = forgery(e, victim, thief);
  expect(accepts(e, forged.r, forged.s, victim.key, forged.hint, { ...ALL, slope: false })).toBe(true);
  expect(accepts(e, forged.r, forged.s, victim.key, forged.hint)).toBe(false);
});

/** A slope under which the "sum" is a point whose secret the thief knows; he signs the fixed message with it. */
function forgery(e: bigint, victim: Signer, thief: Signer): { r: bigint; s: bigint; hint: Hint } {
  for (let attempt = 0; attempt < 64; attempt++) {
    const { r, sign } = nonce(`theft ${attempt}`, thief);
    const multiple = times(multipleOf(e, r), P256_G);
    const slope = squareRoot(thief.key.x + victim.key.x + multiple.x);
    for (const candidate of slope === null ? [] : [slope, P256_P - slope]) {
      const y = sumBySlope(victim.key, multiple, candidate).y;
      const yT = mod(victim.key.y + candidate * (multiple.x - victim.key.x), P256_P);
      // Of the point with the thief's abscissa, the ordinate's parity decides who it is: his key or its negative.
      const fits = (y & 1n) === (thief.key.y & 1n) && (yT & 1n) === (multiple.y & 1n);
      if (fits)
        return { r, s: sign(H[0]), hint: { ...hintFor(e, r, victim.key, multiple), slope: candidate } };
    }
  }
  throw new Error('no attempt fits');
}

/** p is 3 modulo 4. Null for what is no square. */
function squareRoot(value: bigint): bigint | null {
  let [power, exponent, root] = [mod(value, P256_P), (P256_P + 1n) >> 2n, 1n];
  for (; exponent > 0n; exponent >>= 1n, power = (power * power) % P256_P)
    if (exponent & 1n) root = (root * power) % P256_P;
  return mod(root * root - value, P256_P) === 0n ? root : null;
}

test('without the inverse check an honest multiple of another r would do: the check ties u to r and e', () => {
  const owner = signer('inverse');
  const { r, sign } = nonce('inverse', owner);
  const e = sha256(Buffer.from('inverse'));
  const signed = sha256(Buffer.from('what the owner did sign'));
  const multiple = times(multipleOf(signed, r), P256_G);
  const hint = hintFor(signed, r, owner.key, multiple);
  expect(accepts(e, r, sign(signed), owner.key, hint, { ...ALL, inverse: false })).toBe(true);
  expect(accepts(e, r, sign(signed), owner.key, hint)).toBe(false);
});

test('a multiple that is the key itself needs no other formula: the line is the tangent', () => {
  const e = sha256(Buffer.from('tangent'));
  const owner = signer('tangent');
  const { r } = nonce('tangent', owner);
  const key = times(multipleOf(e, r), P256_G);
  const hint = hintFor(e, r, key, key);
  // Q = T = kG, so the secret is k and the signature can be made from it.
  const { sign } = nonce('tangent', { secret: multipleOf(e, r), key });
  expect(accepts(e, r, sign(e), key, hint)).toBe(true);
  expect(accepts(e, r, sign(e), key, { ...hint, slope: hint.slope + 1n })).toBe(false);
});

test.each<[what: string, change: (r: bigint, s: bigint, hint: Hint) => { r: bigint; s: bigint; hint: Hint }]>(
  [
    ['r of zero', (_, s, hint) => ({ r: 0n, s, hint })],
    ['r of n', (_, s, hint) => ({ r: P256_N, s, hint })],
    ['s of zero', (r, _, hint) => ({ r, s: 0n, hint })],
    ['s of n', (r, _, hint) => ({ r, s: P256_N, hint })],
    ['the other prefix', (r, s, hint) => ({ r, s, hint: { ...hint, prefix: hint.prefix ^ 1 } })],
    [
      'a prefix of no compressed point',
      (r, s, hint) => ({ r, s, hint: { ...hint, prefix: hint.prefix + 2 } }),
    ],
    ['another slope', (r, s, hint) => ({ r, s, hint: { ...hint, slope: hint.slope + 1n } })],
    ['another u', (r, s, hint) => ({ r, s, hint: { ...hint, u: hint.u + 1n } })],
    ['another abscissa', (r, s, hint) => ({ r, s, hint: { ...hint, xT: hint.xT + 1n } })],
  ],
)('a hint with %s is refused', (_, change) => {
  const owner = signer('corner');
  const { r, sign } = nonce('corner', owner);
  const e = sha256(Buffer.from('corner'));
  const hint = hintFor(e, r, owner.key, times(multipleOf(e, r), P256_G));
  const changed = change(r, sign(e), hint);
  expect(accepts(e, r, sign(e), owner.key, hint)).toBe(true);
  expect(accepts(e, changed.r, changed.s, owner.key, changed.hint)).toBe(false);
});

test('an unreduced slope changes nothing: only its residue is used', () => {
  const owner = signer('residue');
  const { r, sign } = nonce('residue', owner);
  const e = sha256(Buffer.from('residue'));
  const hint = hintFor(e, r, owner.key, times(multipleOf(e, r), P256_G));
  const unreduced = { ...hint, slope: hint.slope + P256_P };
  expect(accepts(e, r, sign(e), owner.key, unreduced)).toBe(true);
});
