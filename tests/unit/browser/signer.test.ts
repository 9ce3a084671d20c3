import { webcrypto } from 'node:crypto';
import { readSettings } from '../../../src/browser/config';
import { readSigner } from '../../../src/browser/signer';
import { signWith } from '../../../src/client/signer';
import { keyPairFromSeed, sign, verify } from '../../../src/protocol/ed25519';

const SEED = '51'.repeat(32);
const KEYS = keyPairFromSeed(Buffer.from(SEED, 'hex'));
const HASH = Buffer.alloc(32, 7);

describe('a signer of a page', () => {
  test('may be a seed, a callback or a key that nobody can read: the same signature', async () => {
    const callback = {
      publicKey: KEYS.publicKey.toString('hex'),
      sign: async (hash: Uint8Array) => new Uint8Array(sign(Buffer.from(hash), KEYS)),
    };
    for (const signer of [{ seed: SEED }, callback, await webKeys()]) {
      const read = await readSigner(signer);
      expect(read.publicKey).toEqual(KEYS.publicKey);
      expect(await signWith(read, HASH)).toEqual(sign(HASH, KEYS));
    }
  });

  test('whose signature is by another key is named before anything is sent', async () => {
    const other = keyPairFromSeed(Buffer.alloc(32, 1));
    const liar = {
      publicKey: KEYS.publicKey.toString('hex'),
      sign: async (hash: Uint8Array) => sign(Buffer.from(hash), other),
    };
    await expect(signWith(await readSigner(liar), HASH)).rejects.toMatchObject({ code: 'signer_failed' });
    const refusing = { ...liar, sign: () => Promise.reject(new Error('locked')) };
    await expect(signWith(await readSigner(refusing), HASH)).rejects.toMatchObject({ code: 'signer_failed' });
    expect(verify(HASH, sign(HASH, other), KEYS.publicKey)).toBe(false);
  });

  test.each([
    ['a seed that is a byte short', { seed: SEED.slice(2) }],
    ['a seed that is no hex', { seed: 'zz'.repeat(32) }],
    ['a public key that is a byte long', { publicKey: `${SEED}00`, sign: () => Promise.reject(new Error()) }],
  ])('is not %s', async (_, signer) => {
    await expect(readSigner(signer)).rejects.toMatchObject({ code: 'invalid_request' });
  });
});

describe('the settings of a page', () => {
  const settings = {
    chain: { endpoint: 'https://toncenter.example/api/v2/jsonRPC', registry: 'EQ' },
    routers: ['https://router.example/'],
    escrow: 'EQ',
  };

  test('have the defaults of the file, and books by name', () => {
    const read = readSettings(settings);
    expect(read.books).toBe('cocoon');
    expect(read.routers).toEqual(['https://router.example']);
    expect(read.policy).toMatchObject({ allowSimulated: false, collateral: 'router' });
    expect(read.chain).toMatchObject({ witnesses: [], ownNode: false });
  });

  test.each([
    ['a file of the file system', { ...settings, signerSeedFile: 'signer.hex' }],
    ['a key file', { ...settings, chain: { ...settings.chain, apiKeyFile: 'key' } }],
    ['a key that it does not know', { ...settings, verifyQuotes: false }],
    [
      'a service for collateral, which answers no page',
      { ...settings, policy: { collateral: 'https://pccs.example' } },
    ],
    ['a name of 65 characters for its books', { ...settings, books: 'b'.repeat(65) }],
    ['a name with a slash for its books', { ...settings, books: 'a/b' }],
  ])('refuse %s', (_, wrong) => {
    expect(() => readSettings(wrong)).toThrow(expect.objectContaining({ code: 'invalid_request' }) as Error);
  });

  test('take a name of 64 characters for its books', () => {
    expect(readSettings({ ...settings, books: 'b'.repeat(64) }).books).toHaveLength(64);
  });
});

/** The same seed as a key that cannot be exported. */
async function webKeys() {
  const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), KEYS.seed]);
  const name = 'Ed25519';
  const privateKey = await webcrypto.subtle.importKey('pkcs8', pkcs8, name, false, ['sign']);
  const publicKey = await webcrypto.subtle.importKey('raw', KEYS.publicKey, name, true, ['verify']);
  return { publicKey, privateKey };
}
