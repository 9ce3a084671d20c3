/**
 * All the cryptography that attestation needs. An implementation may answer at once or later; it throws for nothing:
 * a key that is no point or a signature of a wrong size is `false`.
 */
export interface AttestationCrypto {
  sha256(data: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /** Measurement registers and event logs. */
  sha384(data: Uint8Array): Promise<Uint8Array> | Uint8Array;
  /** ECDSA on P-256 with SHA-256 of `message`; `key` is x ‖ y, `signature` is r ‖ s, 64 bytes each. */
  verifyP256(key: Uint8Array, message: Uint8Array, signature: Uint8Array): Promise<boolean> | boolean;
}

export const P256_KEY_BYTES = 64;
export const P256_SIGNATURE_BYTES = 64;
