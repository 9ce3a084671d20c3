import {
  FIRST_FIXED_DIGEST,
  HintError,
  hintCell,
  signatureHint,
  unverifiedHint,
} from '../../../src/attestation/onchain/hint';
import { P256_N, P256_P } from '../../../src/attestation/onchain/p256';
import { bigintMultiples, nodeMultiples } from '../../../src/attestation/onchain/p256Multiples';
import { bytes32, digestOf, publicKey, scalarOf, signDigest } from '../../support/p256';

const secret = scalarOf('a key');
const key = publicKey(secret);
const digest = digestOf('a quote');
const signature = signDigest(secret, digest);

test('a hint takes 96 and 65 bytes', () => {
  const cell = hintCell(signatureHint(key, digest, signature));
  expect([cell.bits.length, cell.refs.length]).toEqual([96 * 8, 1]);
  expect([cell.refs[0]!.bits.length, cell.refs[0]!.refs.length]).toEqual([65 * 8, 0]);
  expect(cell.bits.substring(0, 512).toString()).toBe(signature.toString('hex').toUpperCase());
});

test('a hint is the same with and without node:crypto, verified or not', () => {
  const own = bigintMultiples();
  for (let i = 0; i < 12; i++) {
    const other = scalarOf(`key ${i}`);
    const signed = signDigest(other, digest);
    const hint = signatureHint(publicKey(other), digest, signed, nodeMultiples()!);
    expect(signatureHint(publicKey(other), digest, signed, own)).toEqual(hint);
    expect(unverifiedHint(publicKey(other), digest, signed)).toEqual(hint);
  }
});

test.each<[string, () => unknown]>([
  ['it does not sign this digest', () => signatureHint(key, digestOf('another'), signature)],
  ['it does not sign this digest', () => signatureHint(publicKey(2n), digest, signature)],
  ['it does not sign this digest', () => signatureHint(key, bytes32(0n), signature)],
  ['r is not in 1..n-1', () => signatureHint(key, digest, withR(0n))],
  ['r is not in 1..n-1', () => signatureHint(key, digest, withR(P256_N))],
  ['s is not in 1..n-1', () => signatureHint(key, digest, withS(0n))],
  ['s is not in 1..n-1', () => signatureHint(key, digest, withS(P256_N))],
  ['its key is no point of the curve', () => signatureHint({ ...key, y: key.y + 1n }, digest, signature)],
  ['its key is no point of the curve', () => signatureHint({ ...key, x: key.x + P256_P }, digest, signature)],
  ['its digest is the fixed one', () => signatureHint(key, bytes32(FIRST_FIXED_DIGEST), signature)],
  ['a digest has 32 bytes, not 31', () => signatureHint(key, digest.subarray(1), signature)],
  ['a signature has 64 bytes, not 65', () => signatureHint(key, digest, Buffer.alloc(65, 1))],
])('no hint is made, because %s', (reason, make) => {
  expect(make).toThrow(HintError);
  expect(make).toThrow(reason);
});

function withR(r: bigint): Buffer {
  return Buffer.concat([bytes32(r), signature.subarray(32)]);
}

function withS(s: bigint): Buffer {
  return Buffer.concat([signature.subarray(0, 32), bytes32(s)]);
}
