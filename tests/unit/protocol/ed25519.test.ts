import { createPrivateKey, createPublicKey, sign as signByNode, verify as verifyByNode } from 'node:crypto';
import fc from 'fast-check';
import { keyPairFromSeed, sign, verify } from '../../../src/protocol/ed25519';
import { bytes } from './arbitraries';

const hash = Buffer.alloc(32, 9);
const keys = keyPairFromSeed(Buffer.alloc(32, 3));
const signature = sign(hash, keys);

function nodeAgrees(message: Buffer, sig: Buffer, publicKey: Buffer): boolean {
  const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
  return verifyByNode(null, message, createPublicKey({ key: spki, format: 'der', type: 'spki' }), sig);
}

describe('Ed25519', () => {
  it('follows RFC 8032: its first test key has its published public half', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    expect(keyPairFromSeed(seed).publicKey.toString('hex')).toBe(
      'd75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a',
    );
  });

  it('signatures verify here and in OpenSSL', () => {
    fc.assert(
      fc.property(bytes(32), bytes(32), (seed, message) => {
        const own = keyPairFromSeed(seed);
        const made = sign(message, own);
        expect(verify(message, made, own.publicKey)).toBe(true);
        expect(nodeAgrees(message, made, own.publicKey)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it('one changed bit anywhere spoils a signature', () => {
    for (let bit = 0; bit < 512; bit += 7) {
      const forged = Buffer.from(signature);
      forged[bit >> 3]! ^= 1 << (bit & 7);
      expect(verify(hash, forged, keys.publicKey)).toBe(false);
    }
    expect(verify(Buffer.alloc(32, 8), signature, keys.publicKey)).toBe(false);
    expect(verify(hash, signature, keys.publicKey)).toBe(true);
  });

  it('wrong sizes are false for verify and RangeError for sign, never a crash', () => {
    // OpenSSL signs a message of any size; here only hashes are ever signed.
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), keys.seed]);
    const secret = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    for (const size of [31, 32, 33]) {
      const message = Buffer.alloc(size);
      expect(verify(message, signByNode(null, message, secret), keys.publicKey)).toBe(size === 32);
    }
    expect(verify(hash, signature.subarray(1), keys.publicKey)).toBe(false);
    expect(verify(hash, signature, keys.publicKey.subarray(1))).toBe(false);
    expect(() => sign(Buffer.alloc(33), keys)).toThrow(RangeError);
    expect(() => keyPairFromSeed(Buffer.alloc(31))).toThrow(RangeError);
  });

  it('keys of small order sign nothing: the zero key and the identity are refused', () => {
    const identity = Buffer.alloc(32);
    identity[0] = 1;
    for (const weak of [Buffer.alloc(32), identity]) {
      expect(verify(hash, Buffer.alloc(64), weak)).toBe(false);
      // R = identity, S = 0 satisfies the equation under the identity key for every message.
      expect(verify(hash, Buffer.concat([identity, Buffer.alloc(32)]), weak)).toBe(false);
    }
  });

  it('a second S for the same signature is refused', () => {
    const order = 2n ** 252n + 27742317777372353535851937790883648493n;
    const s = BigInt(`0x${Buffer.from(signature.subarray(32)).reverse().toString('hex')}`);
    const malleated = Buffer.from((s + order).toString(16).padStart(64, '0'), 'hex').reverse();
    expect(verify(hash, Buffer.concat([signature.subarray(0, 32), malleated]), keys.publicKey)).toBe(false);
  });

  it('a signature that only a cofactored check takes is refused, as the chain refuses it', () => {
    // Made with this key from R plus a point of order eight: a worker could hand it out to poison a settlement.
    expect(verify(hash, COFACTORED, keys.publicKey)).toBe(false);
    expect(nodeAgrees(hash, COFACTORED, keys.publicKey)).toBe(false);
  });

  it('key pair keeps its own copy of the seed', () => {
    const seed = Buffer.alloc(32, 3);
    const own = keyPairFromSeed(seed);
    seed.fill(0);
    expect(sign(hash, own)).toEqual(signature);
  });
});

const COFACTORED = Buffer.from(
  '6a84d583f06569edb3f5ed77df65544b27d6948b4f0b2cb76f33dd8413b207195e669753b643d0e9f85e14fc9fd1e67634ebde2802fe30105279a927f1bc5e0c',
  'hex',
);
