import { join } from 'node:path';
import { z } from 'zod';
import { keyPairFromSeed, type KeyPair } from '../protocol/ed25519';
import { LIMITS } from '../protocol/limits';
import { readSecretFile, writeSecretFile } from './stateFiles';

/**
 * The key that signs receipts. It is made once per boot and lives in the state directory, which inside a TD is a
 * memory file system: it survives a restart of this process, never one of the machine.
 */
export interface ReceiptKey {
  keys: KeyPair;
  createdAtUnix: number;
}

const FILE = 'receipt-key.json';
const DAY = 86_400;

const fileSchema = z.strictObject({
  seed: z.string().regex(/^[0-9a-f]{64}$/),
  createdAtUnix: z.number().int().nonnegative(),
});

export function loadReceiptKey(stateDir: string): ReceiptKey | null {
  const text = readSecretFile(join(stateDir, FILE));
  if (text === null) return null;
  const { seed, createdAtUnix } = fileSchema.parse(JSON.parse(text));
  return { keys: keyPairFromSeed(Buffer.from(seed, 'hex')), createdAtUnix };
}

export function createReceiptKey(
  stateDir: string,
  random: (bytes: number) => Buffer,
  nowUnix: number,
): ReceiptKey {
  const keys = keyPairFromSeed(random(32));
  const createdAtUnix = Math.floor(nowUnix);
  const text = JSON.stringify({ seed: keys.seed.toString('hex'), createdAtUnix });
  writeSecretFile(join(stateDir, FILE), text);
  return { keys, createdAtUnix };
}

/** Keys are renewed a day before their last one, so that no line to a dying key is opened. */
export function isWornOut(key: ReceiptKey, nowUnix: number): boolean {
  return nowUnix > key.createdAtUnix + LIMITS.keyMaxSeconds - DAY;
}
