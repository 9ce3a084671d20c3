import { createHash } from 'node:crypto';

// Stands in for @ton/crypto's SHA-256 in tests (jest.config.ts): the package computes it in JavaScript, which took 40% of the
// time of each test that runs contracts. A test holds the two against each other.

export function sha256_sync(source: Buffer | string): Buffer {
  return createHash('sha256').update(source).digest();
}

export async function sha256_fallback(source: Buffer | string): Promise<Buffer> {
  return sha256_sync(source);
}

export async function sha256(source: Buffer | string): Promise<Buffer> {
  return sha256_sync(source);
}
