import type { Signer } from '../client/signer';
import { keyPairFromSeed, PUBLIC_KEY_BYTES } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';

const ED25519 = { name: 'Ed25519' };
const SEED_BYTES = 32;

type CryptoKey = Parameters<typeof globalThis.crypto.subtle.sign>[1];

/** Two keys as WebCrypto makes them. The private one need not be extractable, and better is not. */
export interface WebKeys {
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

/** Whoever keeps the signer's key: another window, a device, a server of yours. */
export interface SigningCallback {
  /** 32 bytes in hex. */
  publicKey: string;
  /** The Ed25519 signature over 32 bytes. */
  sign(hash: Uint8Array): Promise<Uint8Array>;
}

/** Whose signature tickets and allocations bear. Bytes are in hex. */
export type BrowserSigner = { seed: string } | SigningCallback | WebKeys;

/** Throws CocoonError `invalid_request` for anything that is no signer. */
export async function readSigner(signer: BrowserSigner): Promise<Signer> {
  if ('seed' in signer) return keyPairFromSeed(bytesOf('seed', signer.seed, SEED_BYTES));
  if ('privateKey' in signer) return webSigner(signer);
  return {
    publicKey: bytesOf('publicKey', signer.publicKey, PUBLIC_KEY_BYTES),
    sign: (hash) => signer.sign(new Uint8Array(hash)),
  };
}

async function webSigner({ publicKey, privateKey }: WebKeys): Promise<Signer> {
  const { subtle } = globalThis.crypto;
  return {
    publicKey: Buffer.from(await subtle.exportKey('raw', publicKey)),
    sign: async (hash) => new Uint8Array(await subtle.sign(ED25519, privateKey, new Uint8Array(hash))),
  };
}

function bytesOf(name: string, text: string, bytes: number): Buffer {
  if (text.length === 2 * bytes && /^[0-9a-f]+$/i.test(text)) return Buffer.from(text, 'hex');
  throw new CocoonError('invalid_request', `The signer's ${name} is not ${bytes} bytes in hex.`);
}
