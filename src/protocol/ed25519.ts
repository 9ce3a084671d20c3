import sodium from 'sodium-native';

/** An Ed25519 key pair; `seed` is the 32-byte secret everything else follows from. */
export interface KeyPair {
  readonly publicKey: Buffer;
  readonly seed: Buffer;
}

export const SIGNATURE_BYTES = 64;

export function keyPairFromSeed(seed: Uint8Array): KeyPair {
  const publicKey = Buffer.alloc(sodium.crypto_sign_PUBLICKEYBYTES);
  const secretKey = Buffer.alloc(sodium.crypto_sign_SECRETKEYBYTES);
  sodium.crypto_sign_seed_keypair(publicKey, secretKey, Buffer.from(seed));
  return { publicKey, seed: Buffer.from(seed) };
}

/** Signs a 32-byte cell hash. */
export function sign(hash: Buffer, keys: KeyPair): Buffer {
  const signature = Buffer.alloc(SIGNATURE_BYTES);
  sodium.crypto_sign_detached(signature, hash, Buffer.concat([keys.seed, keys.publicKey]));
  return signature;
}

/** True when `signature` over the 32-byte cell hash verifies under `publicKey`; false on any malformed input. */
export function verify(hash: Buffer, signature: Buffer, publicKey: Buffer): boolean {
  if (signature.length !== SIGNATURE_BYTES || publicKey.length !== sodium.crypto_sign_PUBLICKEYBYTES)
    return false;
  return sodium.crypto_sign_verify_detached(signature, hash, publicKey);
}
