// The part of sodium-native that the protocol uses; the package ships no types.
declare module 'sodium-native' {
  interface Sodium {
    readonly crypto_sign_PUBLICKEYBYTES: 32;
    readonly crypto_sign_SECRETKEYBYTES: 64;
    crypto_sign_seed_keypair(publicKey: Buffer, secretKey: Buffer, seed: Buffer): void;
    crypto_sign_detached(signature: Buffer, message: Buffer, secretKey: Buffer): void;
    crypto_scalarmult_base(publicKey: Buffer, privateKey: Buffer): void;
    /** Throws when the result is zero, that is for a public key of low order. */
    crypto_scalarmult(shared: Buffer, privateKey: Buffer, publicKey: Buffer): void;
    crypto_sign_verify_detached(signature: Buffer, message: Buffer, publicKey: Buffer): boolean;
  }
  const sodium: Sodium;
  export default sodium;
}
