import { ED25519_TORSION_SUBGROUP, ed25519 } from '@noble/curves/ed25519';
import { build } from 'esbuild';
import fc from 'fast-check';
import { createHash } from 'node:crypto';
import path from 'node:path';
import * as browser from '../../../src/protocol/crypto/browser';
import * as node from '../../../src/protocol/crypto/node';
import { bytes } from './arbitraries';

// Each takes the other's place: types and names, both ways.
const inBrowsers: typeof node = browser;
const inNode: typeof browser = node;

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const upTo = (length: number) => fc.uint8Array({ maxLength: length }).map((array) => Buffer.from(array));
const both = [
  ['Node', inNode],
  ['a browser', inBrowsers],
] as const;

describe.each(both)('cryptography in %s', (_, crypto) => {
  test('SHA-256 of "abc" is the published one, in one call, in parts and step by step', () => {
    const expected = hex('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad');
    expect(crypto.sha256(Buffer.from('abc'))).toEqual(expected);
    expect(crypto.sha256(Buffer.from('a'), Buffer.from('bc'))).toEqual(expected);
    const state = crypto.createSha256();
    state.update(Buffer.from('ab'));
    expect(state.digest()).toEqual(crypto.sha256(Buffer.from('ab')));
    state.update(Buffer.from('c'));
    expect(state.digest()).toEqual(expected);
  });

  test('HMAC-SHA256 follows RFC 4231, second case', () => {
    expect(
      crypto.hmacSha256(Buffer.from('Jefe'), Buffer.from('what do ya want '), Buffer.from('for nothing?')),
    ).toEqual(hex('5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'));
  });

  test('HKDF-SHA256 follows RFC 5869, first case', () => {
    const prk = crypto.hkdf.extract(hex('000102030405060708090a0b0c'), Buffer.alloc(22, 0x0b));
    expect(prk).toEqual(hex('077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5'));
    expect(crypto.hkdf.expand(prk, hex('f0f1f2f3f4f5f6f7f8f9'), 42)).toEqual(
      hex('3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865'),
    );
    expect(crypto.hkdf.expand(prk, Buffer.alloc(0), 255 * 32)).toHaveLength(255 * 32);
    expect(() => crypto.hkdf.expand(prk, Buffer.alloc(0), 255 * 32 + 1)).toThrow(RangeError);
  });

  test('AES-256-GCM follows test case 16 of the GCM specification, and refuses every changed input', () => {
    const key = hex('feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308');
    const nonce = hex('cafebabefacedbaddecaf888');
    const aad = hex('feedfacedeadbeeffeedfacedeadbeefabaddad2');
    const plaintext = hex(
      'd9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a721c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39',
    );
    const sealed = hex(
      '522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662' +
        '76fc6ece0f4e1768cddf8853bb2d551b',
    );
    expect(crypto.aesGcmSeal(key, nonce, aad, plaintext)).toEqual(sealed);
    expect(crypto.aesGcmSeal(key, nonce, aad, plaintext, hex('0102'))).toEqual(
      Buffer.concat([hex('0102'), sealed]),
    );
    expect(crypto.aesGcmOpen(key, nonce, aad, sealed)).toEqual(plaintext);
    for (const at of [0, 59, 60, 75]) {
      expect(crypto.aesGcmOpen(key, nonce, aad, flipped(sealed, at))).toBeNull();
    }
    expect(crypto.aesGcmOpen(flipped(key, 31), nonce, aad, sealed)).toBeNull();
    expect(crypto.aesGcmOpen(key, flipped(nonce, 0), aad, sealed)).toBeNull();
    expect(crypto.aesGcmOpen(key, nonce, flipped(aad, 19), sealed)).toBeNull();
    expect(crypto.aesGcmOpen(key, nonce, aad, sealed.subarray(0, 15))).toBeNull();
    expect(crypto.aesGcmOpen(key, nonce, aad, sealed.subarray(1))).toBeNull();
  });

  test('AES-GCM takes keys of 16 and 32 bytes and nonces of 12, nothing else', () => {
    const seal = (key: number, nonce: number) =>
      crypto.aesGcmSeal(Buffer.alloc(key), Buffer.alloc(nonce), Buffer.alloc(0), Buffer.alloc(1));
    for (const key of [16, 32]) expect(seal(key, 12)).toHaveLength(17);
    for (const key of [0, 15, 17, 24, 31, 33]) expect(() => seal(key, 12)).toThrow(RangeError);
    for (const nonce of [0, 11, 13, 16]) expect(() => seal(32, nonce)).toThrow(RangeError);
    const open = (key: number, nonce: number) =>
      crypto.aesGcmOpen(Buffer.alloc(key), Buffer.alloc(nonce), Buffer.alloc(0), Buffer.alloc(16));
    expect(() => open(24, 12)).toThrow(RangeError);
    expect(() => open(32, 16)).toThrow(RangeError);
  });

  test('X25519 follows RFC 7748: both vectors of section 5.2 and the exchange of section 6.1', () => {
    const secret = hex('a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4');
    const point = hex('e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c');
    expect(crypto.x25519(secret, point)).toEqual(
      hex('c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552'),
    );
    // The second has the highest bit of u set: it is ignored.
    expect(
      crypto.x25519(
        hex('4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d'),
        hex('e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493'),
      ),
    ).toEqual(hex('95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957'));
    const bob = hex('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb');
    expect(crypto.x25519PublicKey(bob)).toEqual(
      hex('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f'),
    );
    const alice = hex('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a');
    expect(crypto.x25519(bob, alice)).toEqual(
      hex('4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742'),
    );
  });

  test('X25519 has no secret with a key of low order, and throws for keys of other sizes', () => {
    const secret = Buffer.alloc(32, 7);
    for (const weak of LOW_ORDER) expect(crypto.x25519(secret, weak)).toBeNull();
    for (const size of [31, 33]) {
      expect(() => crypto.x25519(Buffer.alloc(size, 1), secret)).toThrow(RangeError);
      expect(() => crypto.x25519(secret, Buffer.alloc(size, 1))).toThrow(RangeError);
      expect(() => crypto.x25519PublicKey(Buffer.alloc(size, 1))).toThrow(RangeError);
    }
  });

  test('Ed25519 follows RFC 8032, second test', () => {
    const seed = hex('4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb');
    const publicKey = hex('3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c');
    const signature = hex(
      '92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00',
    );
    expect(crypto.ed25519PublicKey(seed)).toEqual(publicKey);
    expect(crypto.ed25519Sign(hex('72'), seed, publicKey)).toEqual(signature);
    expect(crypto.ed25519Verify(hex('72'), signature, publicKey)).toBe(true);
    expect(crypto.ed25519Verify(hex('73'), signature, publicKey)).toBe(false);
  });

  test('random bytes fill every length, more than one call gives too, and differ', () => {
    for (const length of [0, 1, 32, 65_536, 65_537]) {
      expect(crypto.randomBytes(length)).toHaveLength(length);
    }
    expect(crypto.randomBytes(32)).not.toEqual(crypto.randomBytes(32));
    expect(crypto.randomBytes(70_000).subarray(65_536)).not.toEqual(Buffer.alloc(70_000 - 65_536));
  });

  test('bytes are equal when all of them are, and as many', () => {
    expect(crypto.equalBytes(hex('0102'), hex('0102'))).toBe(true);
    expect(crypto.equalBytes(hex('0102'), hex('0103'))).toBe(false);
    expect(crypto.equalBytes(hex('0202'), hex('0102'))).toBe(false);
    expect(crypto.equalBytes(hex('0102'), hex('010200'))).toBe(false);
    expect(crypto.equalBytes(hex(''), hex(''))).toBe(true);
  });
});

describe('both implementations', () => {
  test('have the same names', () => {
    expect(Object.keys(browser).sort()).toEqual(Object.keys(node).sort());
  });

  test('hash, authenticate and derive the same', () => {
    fc.assert(
      fc.property(upTo(200), upTo(300), upTo(90), fc.nat({ max: 100 }), (a, b, c, length) => {
        expect(browser.sha256(a, b, c)).toEqual(node.sha256(a, b, c));
        expect(browser.hmacSha256(a, b, c)).toEqual(node.hmacSha256(a, b, c));
        expect(browser.hkdf.expand(a, b, length)).toEqual(node.hkdf.expand(a, b, length));
      }),
      { numRuns: 200 },
    );
  });

  test('open what the other sealed', () => {
    const key = fc.oneof(bytes(16), bytes(32));
    fc.assert(
      fc.property(key, bytes(12), upTo(60), upTo(2_000), (secret, nonce, aad, plaintext) => {
        const sealed = node.aesGcmSeal(secret, nonce, aad, plaintext);
        expect(browser.aesGcmSeal(secret, nonce, aad, plaintext)).toEqual(sealed);
        expect(browser.aesGcmOpen(secret, nonce, aad, sealed)).toEqual(plaintext);
        expect(browser.aesGcmOpen(secret, nonce, aad, flipped(sealed, sealed.length >> 1))).toBeNull();
      }),
      { numRuns: 100 },
    );
  });

  test('agree on every X25519 key, whatever its bytes', () => {
    const anyKey = fc.oneof(bytes(32), fc.constantFrom(...LOW_ORDER, ...NOT_CANONICAL));
    fc.assert(
      fc.property(bytes(32), anyKey, (secret, key) => {
        expect(browser.x25519PublicKey(secret)).toEqual(node.x25519PublicKey(secret));
        expect(browser.x25519(secret, key)).toEqual(node.x25519(secret, key));
      }),
      { numRuns: 60 },
    );
  });

  test('sign the same and verify it', () => {
    fc.assert(
      fc.property(bytes(32), upTo(200), fc.nat({ max: 511 }), (seed, message, bit) => {
        const key = node.ed25519PublicKey(seed);
        const signature = node.ed25519Sign(message, seed, key);
        expect(browser.ed25519PublicKey(seed)).toEqual(key);
        expect(browser.ed25519Sign(message, seed, key)).toEqual(signature);
        expect(browser.ed25519Verify(message, signature, key)).toBe(true);
        const forged = flipped(signature, bit >> 3, 1 << (bit & 7));
        expect(browser.ed25519Verify(message, forged, key)).toBe(false);
      }),
      { numRuns: 40 },
    );
  });

  test('judge signatures alike whose key and R have parts of small order, for all 64 pairs', () => {
    let taken = 0;
    for (const keyPart of TORSION) {
      for (const rPart of TORSION) {
        const { message, signature, publicKey, holds } = signatureWithTorsion(keyPart, rPart);
        const verdict = node.ed25519Verify(message, signature, publicKey);
        expect(browser.ed25519Verify(message, signature, publicKey)).toBe(verdict);
        expect(verdict).toBe(holds);
        if (verdict) taken++;
      }
    }
    // Some hold without the cofactor, most only with it: both sides of the guard were seen.
    expect(taken).toBeGreaterThan(0);
    expect(taken).toBeLessThan(64);
  });

  test.each([
    ['key', { a: 0n }],
    ['R', { r: 0n }],
  ])('refuse the identity as %s, though the equation holds', (_, scalars) => {
    const { message, signature, publicKey, holds } = signatureWithTorsion(Point.ZERO, Point.ZERO, scalars);
    expect(holds).toBe(true);
    expect(node.ed25519Verify(message, signature, publicKey)).toBe(false);
    expect(browser.ed25519Verify(message, signature, publicKey)).toBe(false);
  });

  test('refuse keys and R of small order, and every way to write a point that is not the canonical one', () => {
    const message = Buffer.alloc(32, 1);
    const strange = [...ED25519_TORSION_SUBGROUP.map(hex), ...NOT_CANONICAL, ...NOT_CANONICAL.map(negated)];
    const s = Buffer.alloc(32);
    for (const key of [...strange, node.ed25519PublicKey(Buffer.alloc(32, 5))]) {
      for (const r of strange) {
        const signature = Buffer.concat([r, s]);
        expect(node.ed25519Verify(message, signature, key)).toBe(false);
        expect(browser.ed25519Verify(message, signature, key)).toBe(false);
      }
    }
  });

  test('refuse an S that is the order or more', () => {
    const seed = Buffer.alloc(32, 5);
    const key = node.ed25519PublicKey(seed);
    const message = Buffer.alloc(32, 1);
    const signature = node.ed25519Sign(message, seed, key);
    const s = fromLittleEndian(signature.subarray(32));
    for (const other of [s + ORDER, ORDER, 2n ** 256n - 1n]) {
      const forged = Buffer.concat([signature.subarray(0, 32), toLittleEndian(other)]);
      expect(node.ed25519Verify(message, forged, key)).toBe(false);
      expect(browser.ed25519Verify(message, forged, key)).toBe(false);
    }
  });
});

test('a bundler for browsers puts one in the place of the other, and nothing of Node is left in the channel', async () => {
  const { metafile } = await build({
    entryPoints: [path.join(__dirname, '../../../src/channel/index.ts')],
    ...{ bundle: true, write: false, metafile: true, platform: 'browser', format: 'esm' },
  });
  const inputs = Object.keys(metafile.inputs);
  expect(inputs).toContain('src/protocol/crypto/browser.ts');
  expect(inputs).not.toContain('src/protocol/crypto/node.ts');
  const external = Object.values(metafile.inputs).flatMap((input) => input.imports.filter((i) => i.external));
  expect(external).toEqual([]);
});

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const P = 2n ** 255n - 19n;
const TORSION = ED25519_TORSION_SUBGROUP.map((text) => Point.fromHex(text));
/** u or y of p to p + 18, which nobody should write. */
const NOT_CANONICAL = Array.from({ length: 19 }, (_, i) => toLittleEndian(P + BigInt(i)));
const LOW_ORDER = [
  Buffer.alloc(32),
  toLittleEndian(1n),
  hex('e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800'),
  hex('5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157'),
  toLittleEndian(P - 1n),
  toLittleEndian(P),
  toLittleEndian(P + 1n),
];

/** A signature by key + keyPart with R + rPart, and whether it satisfies the equation without the cofactor. */
function signatureWithTorsion(
  keyPart: (typeof TORSION)[0],
  rPart: (typeof TORSION)[0],
  { a = 0x1234_5678_9abc_def0n, r = 0x0fed_cba9_8765_4321n } = {},
) {
  const key = Point.BASE.multiplyUnsafe(a).add(keyPart);
  const R = Point.BASE.multiplyUnsafe(r).add(rPart);
  const publicKey = Buffer.from(key.toBytes());
  const message = Buffer.alloc(32, 6);
  const k = challengeOf(Buffer.from(R.toBytes()), publicKey, message);
  const s = (r + k * a) % ORDER;
  const signature = Buffer.concat([R.toBytes(), toLittleEndian(s)]);
  const holds = Point.BASE.multiplyUnsafe(s).equals(R.add(key.multiplyUnsafe(k)));
  return { message, signature, publicKey, holds };
}

function challengeOf(r: Buffer, key: Buffer, message: Buffer): bigint {
  return fromLittleEndian(createHash('sha512').update(r).update(key).update(message).digest()) % ORDER;
}

function flipped(bytes: Buffer, at: number, bits = 1): Buffer {
  const changed = Buffer.from(bytes);
  changed[at]! ^= bits;
  return changed;
}

function negated(point: Buffer): Buffer {
  return flipped(point, 31, 0x80);
}

function toLittleEndian(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex').reverse();
}

function fromLittleEndian(bytes: Buffer): bigint {
  return BigInt(`0x${Buffer.from(bytes).reverse().toString('hex')}`);
}
