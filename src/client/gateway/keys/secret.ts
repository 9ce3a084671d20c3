import { randomBytes } from 'node:crypto';
import { sha256 } from '../../../protocol/hash';

const PREFIX = 'sk-cocoon-';
const SECRET_BYTES = 24;
/** Long enough to tell keys apart in a list, far too short to guess the rest. */
const HINT_CHARS = 4;

/** A new API key: 192 random bits behind a prefix that scanners for leaked secrets can know. */
export function newSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64url');
}

/** What is stored of a key. It has more entropy than a hash has to slow down, so a plain SHA-256 is enough. */
export function secretHash(secret: string): Buffer {
  return sha256(Buffer.from(secret));
}

/** `sk-cocoon-...wxyz` */
export function secretHint(secret: string): string {
  const prefix = secret.startsWith(PREFIX) ? PREFIX : '';
  return `${prefix}...${secret.slice(-HINT_CHARS)}`;
}
