/** The confidential channel between a client and a worker: no HTTP, no chain, no clock. docs/channel.md is its specification. */
export * from './coalescer';
export * from './content';
export { AEAD_ID } from './aead';
export { generateHpkeKeyPair, hpkeKeyPairFromPrivate, KEM_ID, type HpkeKeyPair } from './kem';
export { KDF_ID } from './labeled';
export { CHANNEL_LIMITS } from './limits';
export * from './plaintext';
export * from './reply';
export * from './request';
