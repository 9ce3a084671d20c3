import { sha256_sync } from '../../support/nativeSha256';

const ofThePackage = jest.requireActual<{ sha256_sync: (source: Buffer | string) => Buffer }>(
  '@ton/crypto/dist/primitives/sha256.js',
);

test("the hash that tests put in the place of @ton/crypto's is the same function", () => {
  expect(ofThePackage.sha256_sync).not.toBe(sha256_sync);
  const sources = Array.from({ length: 130 }, (_, length) => Buffer.alloc(length, length));
  for (const source of [...sources, 'a text, \u00e4']) {
    expect(sha256_sync(source)).toEqual(ofThePackage.sha256_sync(source));
  }
});
