import { Address } from '@ton/core';
import { codeByHash } from '../../../src/browser/contractCode';
import { sha256_sync, sign, signVerify } from '../../../src/browser/tonCrypto';
import * as tonCrypto from '@ton/crypto';
import { workerInit } from '../../../wrappers/Worker';
import { beginCell, storeStateInit } from '@ton/core';

interface Bundler {
  bundle(): Promise<{ text: string; files: string[] }>;
}

const { bundle } = jest.requireActual<Bundler>('../../../tools/bundle.cjs');

test('the bundle reaches nothing that needs Node, and no package that a page has no use for', async () => {
  // esbuild itself fails on a module of Node's.
  const { files, text } = await bundle();
  const packages = new Set(
    files.flatMap((file) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []),
  );
  expect([...packages].sort()).toEqual([
    '@noble/ciphers',
    '@noble/curves',
    '@noble/hashes',
    '@ton/core',
    'base64-js',
    'buffer',
    'ieee754',
    'zod',
  ]);
  expect(
    files.filter((file) => /(storeSchema|nodeClient|crypto\/node|walletKeyFile)\.ts$/.test(file)),
  ).toEqual([]);
  expect(files.some((file) => file.endsWith('src/attestation/verify.ts'))).toBe(true);
  expect(text.length).toBeLessThan(600_000);
}, 30_000);

test('an address that follows from a hash of code is the one that follows from the code', async () => {
  const registry = new Address(0, Buffer.alloc(32, 7));
  const { code, data } = await workerInit(registry, new Address(0, Buffer.alloc(32, 8)), 3);
  const short = codeByHash(code!.hash().toString('hex'), code!.depth());
  const hashOf = (init: Parameters<typeof storeStateInit>[0]): string =>
    beginCell().store(storeStateInit(init)).endCell().hash().toString('hex');
  expect(hashOf({ code: short, data: data! })).toBe(hashOf({ code: code!, data: data! }));
  // It is no code, and says so rather than deploy nothing.
  expect(() => short.toBoc()).toThrow('not part of the page');
  expect(() => short.beginParse()).toThrow('not part of the page');
});

test('what stands in the place of @ton/crypto gives the same bytes', () => {
  const keys = tonCrypto.keyPairFromSeed(Buffer.alloc(32, 5));
  const message = Buffer.from('a hash of some cell');
  expect(sha256_sync(message)).toEqual(tonCrypto.sha256_sync(message));
  expect(sha256_sync('text')).toEqual(tonCrypto.sha256_sync('text'));
  const signature = sign(message, keys.secretKey);
  expect(signature).toEqual(tonCrypto.sign(message, keys.secretKey));
  expect(signVerify(message, signature, keys.publicKey)).toBe(true);
  signature[0]! ^= 1;
  expect(signVerify(message, signature, keys.publicKey)).toBe(false);
});
