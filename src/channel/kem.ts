import { randomBytes, x25519, x25519PublicKey } from '../protocol/crypto';
import { CocoonError } from '../protocol/errors';
import { labeledExpand, labeledExtract } from './labeled';

/** DHKEM(X25519, HKDF-SHA256) of RFC 9180, section 4.1. Keys are their raw 32 bytes everywhere. */
export const KEM_ID = 0x0020;
export const KEY_BYTES = 32;

const SUITE = Buffer.from([0x4b, 0x45, 0x4d, 0x00, 0x20]); // "KEM" ‖ I2OSP(0x0020, 2)

/** An X25519 key pair; `privateKey` is the secret scalar's 32 bytes. */
export interface HpkeKeyPair {
  readonly publicKey: Buffer;
  readonly privateKey: Buffer;
}

export function generateHpkeKeyPair(random: (bytes: number) => Uint8Array = randomBytes): HpkeKeyPair {
  return hpkeKeyPairFromPrivate(random(KEY_BYTES));
}

export function hpkeKeyPairFromPrivate(privateKey: Uint8Array): HpkeKeyPair {
  return { publicKey: x25519PublicKey(privateKey), privateKey: Buffer.from(privateKey) };
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

// A secret of zero is refused, as RFC 9180 section 7.1.4 demands.
function agree(privateKey: Buffer, publicKey: Buffer): Buffer {
  const shared = x25519(privateKey, publicKey);
  if (!shared) throw new CocoonError('channel_open_failed', 'The X25519 key is not usable.');
  return shared;
}
