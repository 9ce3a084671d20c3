import { concatBytes } from '../bytes';
import { P256_KEY_BYTES, P256_SIGNATURE_BYTES, type AttestationCrypto } from './types';

const P256 = { name: 'ECDSA', namedCurve: 'P-256' } as const;
const UNCOMPRESSED = Uint8Array.of(4);

/** The part of WebCrypto that is used; browsers offer it on secure pages only. */
type Subtle = Pick<typeof globalThis.crypto.subtle, 'digest' | 'importKey' | 'verify'>;

/** With the browser's WebCrypto, or another that is given. Throws Error where there is none. */
export function webCrypto(subtle: Subtle | undefined = globalThis.crypto?.subtle): AttestationCrypto {
  if (subtle === undefined)
    throw new Error('no WebCrypto here: a browser has it on https pages and on localhost');
  return {
    sha256: async (data) => new Uint8Array(await subtle.digest('SHA-256', own(data))),
    sha384: async (data) => new Uint8Array(await subtle.digest('SHA-384', own(data))),
    async verifyP256(key, message, signature) {
      if (key.length !== P256_KEY_BYTES || signature.length !== P256_SIGNATURE_BYTES) return false;
      try {
        const imported = await subtle.importKey('raw', own(concatBytes(UNCOMPRESSED, key)), P256, false, [
          'verify',
        ]);
        return await subtle.verify(
          { name: 'ECDSA', hash: 'SHA-256' },
          imported,
          own(signature),
          own(message),
        );
      } catch {
        return false; // No point of the curve.
      }
    },
  };
}

/** WebCrypto takes no view of shared memory, and its types say so. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}
