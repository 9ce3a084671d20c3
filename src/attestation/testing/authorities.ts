import certificates from './authorities.json';
import { CN, keyId } from './certificateWriter';
import type { SigningKey } from './keys';
import { AUTHORITY_ROLES, authorityKey, type AuthorityRole } from './mintAuthorities';

/** An authority of the simulated root: everybody has its key, so it vouches for nothing. */
export interface Authority {
  /** Common name. */
  name: string;
  key: SigningKey;
  /** Subject key identifier, 20 bytes. */
  keyId: Buffer;
  /** DER. */
  certificate: Buffer;
}

export const AUTHORITIES: Readonly<Record<AuthorityRole, Authority>> = Object.fromEntries(
  AUTHORITY_ROLES.map((role) => [role, load(role)]),
) as Record<AuthorityRole, Authority>;

function load(role: AuthorityRole): Authority {
  const key = authorityKey(role);
  return {
    name: CN[role],
    key,
    keyId: keyId(key.publicKey),
    certificate: Buffer.from(certificates[role], 'base64'),
  };
}
