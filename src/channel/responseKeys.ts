import { hkdf } from '../protocol/crypto';
import { NONCE_BYTES } from './aead';
import type { ReplyContext } from './request';

const KEY_LABEL = Buffer.from('key', 'latin1');
const NONCE_LABEL = Buffer.from('nonce', 'latin1');

/**
 * Key and base nonce of a reply, derived as in RFC 9458, section 4.4. `keyBytes` is an argument only so that the
 * published AES-128 vectors can be run against this code.
 */
export function responseKeys(
  context: ReplyContext,
  responseNonce: Buffer,
  keyBytes = 32,
): { key: Buffer; nonce: Buffer } {
  const prk = hkdf.extract(Buffer.concat([context.enc, responseNonce]), context.secret);
  return {
    key: hkdf.expand(prk, KEY_LABEL, keyBytes),
    nonce: hkdf.expand(prk, NONCE_LABEL, NONCE_BYTES),
  };
}
