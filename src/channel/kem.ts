import { createPrivateKey, createPublicKey, diffieHellman, randomBytes, type KeyObject } from 'node:crypto';
import { CocoonError } from '../protocol/errors';
import { labeledExpand, labeledExtract } from './labeled';
import { CHANNEL_LIMITS } from './limits';

/** DHKEM(X25519, HKDF-SHA256) of RFC 9180, section 4.1. Keys are their raw 32 bytes everywhere. */
export const KEM_ID = 0x0020;
export const KEY_BYTES = 32;

const SUITE = Buffer.from([0x4b, 0x45, 0x4d, 0x00, 0x20]); // "KEM" ‖ I2OSP(0x0020, 2)
// RFC 8410: the fixed DER that stands before a raw X25519 key in SubjectPublicKeyInfo and in PKCS #8.
const SPKI_PREFIX = Buffer.from('302a300506032b656e032100', 'hex');
const PKCS8_PREFIX = Buffer.from('302e020100300506032b656e04220420', 'hex');

/** An X25519 key pair; `privateKey` is the secret scalar's 32 bytes. */
export interface HpkeKeyPair {
  readonly publicKey: Buffer;
  readonly privateKey: Buffer;
}

export function generateHpkeKeyPair(random: (bytes: number) => Uint8Array = randomBytes): HpkeKeyPair {
  return hpkeKeyPairFromPrivate(random(KEY_BYTES));
}

export function hpkeKeyPairFromPrivate(privateKey: Uint8Array): HpkeKeyPair {
  const raw = Buffer.from(privateKey);
  const spki = createPublicKey(importPrivate(raw)).export({ type: 'spki', format: 'der' });
  return { publicKey: Buffer.from(spki.subarray(SPKI_PREFIX.length)), privateKey: raw };
}

/** The sender's half: a fresh shared secret and `enc`, the ephemeral public key that carries it. */
export function encap(recipientKey: Buffer, ephemeral: HpkeKeyPair): { shared: Buffer; enc: Buffer } {
  const dh = agree(ephemeral.privateKey, recipientKey);
  return { shared: sharedSecret(dh, ephemeral.publicKey, recipientKey), enc: ephemeral.publicKey };
}

/** The recipient's half. Throws CocoonError `channel_open_failed` on a key of low order. */
export function decap(enc: Buffer, recipient: HpkeKeyPair): Buffer {
  return sharedSecret(agree(recipient.privateKey, enc), enc, recipient.publicKey);
}

function sharedSecret(dh: Buffer, enc: Buffer, recipientKey: Buffer): Buffer {
  const prk = labeledExtract(SUITE, Buffer.alloc(0), 'eae_prk', dh);
  return labeledExpand(SUITE, prk, 'shared_secret', Buffer.concat([enc, recipientKey]), 32);
}

// OpenSSL refuses an all-zero result, which RFC 9180 section 7.1.4 demands.
function agree(privateKey: Buffer, publicKey: Buffer): Buffer {
  try {
    return diffieHellman({ privateKey: importPrivate(privateKey), publicKey: importPublic(publicKey) });
  } catch (cause) {
    throw new CocoonError('channel_open_failed', 'The X25519 key is not usable.', { cause });
  }
}

const publicKeys = new Map<string, KeyObject>();

/** Parsing DER costs more than the agreement's share of it, and clients meet the same few workers again and again. */
function importPublic(raw: Buffer): KeyObject {
  const name = raw.toString('latin1');
  const known = publicKeys.get(name);
  if (known) return known;
  const key = createPublicKey({ key: Buffer.concat([SPKI_PREFIX, raw]), format: 'der', type: 'spki' });
  const oldest = publicKeys.keys().next();
  if (publicKeys.size >= CHANNEL_LIMITS.cachedKeys && !oldest.done) publicKeys.delete(oldest.value);
  publicKeys.set(name, key);
  return key;
}

// Private keys are not cached: a day's key must be forgotten when its owner drops it.
function importPrivate(raw: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8_PREFIX, raw]), format: 'der', type: 'pkcs8' });
}
