import { keyPairFromSeed, type KeyPair } from '../protocol/ed25519';
import { readSecretFile } from './secretFile';
import { walletKeyFromMnemonic } from './wallet';

/** A wallet's key from a file that only its owner may read: a 32-byte seed in hex, or the wallet's words. */
export async function readWalletKey(path: string): Promise<KeyPair> {
  const text = readSecretFile(path)?.trim();
  if (text === undefined) throw new Error(`${path}: there is no such key file`);
  if (/^[0-9a-f]{64}$/i.test(text)) return keyPairFromSeed(Buffer.from(text, 'hex'));
  if (/^[a-z]+(\s+[a-z]+){23}$/.test(text)) return walletKeyFromMnemonic(text);
  throw new Error(`${path} holds neither a seed of 64 hex digits nor 24 words`);
}
