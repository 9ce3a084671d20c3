import { webCrypto } from '../attestation/crypto/web';
import { verifyBundle, type Verification, type VerifyOptions } from '../evidence';

/** `verifyBundle` of src/evidence by the browser's own cryptography: a bundle of `client.evidence(id)`, or a file's text. */
export function verifyEvidence(
  bundle: unknown,
  options: Omit<VerifyOptions, 'crypto'> = {},
): Promise<Verification> {
  return verifyBundle(bundle, { crypto: webCrypto(), ...options });
}
