import {
  CN,
  ROOT_CRL_ADDRESS,
  authorityKeyId,
  basicConstraints,
  crlAddress,
  keyId,
  keyUsage,
  subjectKeyId,
  writeCertificate,
  type CertificateFields,
} from './certificateWriter';
import { signingKey, type SigningKey } from './keys';
import secrets from './simulatedKeys.json';

/** The four certificates of the simulated root, in Intel's profile, from its public secrets: always the same bytes. */

export type AuthorityRole = keyof typeof secrets;

export const AUTHORITY_ROLES: readonly AuthorityRole[] = ['root', 'platformCa', 'processorCa', 'tcbSigning'];

/** Dates of Intel's root and authorities; its signer of TCB infos is younger. */
const DATES: Record<AuthorityRole, readonly [string, string]> = {
  root: ['2018-05-21T10:45:10Z', '2049-12-31T23:59:59Z'],
  platformCa: ['2018-05-21T10:50:10Z', '2033-05-21T10:50:10Z'],
  processorCa: ['2018-05-21T10:50:10Z', '2033-05-21T10:50:10Z'],
  tcbSigning: ['2025-05-06T09:25:00Z', '2032-05-06T09:25:00Z'],
};

export function authorityKey(role: AuthorityRole): SigningKey {
  return signingKey(Buffer.from(secrets[role].d, 'hex'));
}

/** DER. `twist` is for certificates that break one rule of the profile. */
export function mintAuthority(role: AuthorityRole, twist: Partial<CertificateFields> = {}): Buffer {
  return writeCertificate({ ...authorityFields(role), ...twist }, authorityKey('root'));
}

/** What Intel's certificate of this role says, with our keys. */
export function authorityFields(role: AuthorityRole): CertificateFields {
  const { publicKey } = authorityKey(role);
  const [notBefore, notAfter] = DATES[role].map((date) => Date.parse(date) / 1000);
  return {
    serial: keyId(publicKey),
    issuer: CN.root,
    subject: CN[role],
    notBefore: notBefore!,
    notAfter: notAfter!,
    publicKey,
    extensions: [
      authorityKeyId(keyId(authorityKey('root').publicKey)),
      crlAddress(ROOT_CRL_ADDRESS),
      subjectKeyId(keyId(publicKey)),
      keyUsage(role === 'tcbSigning' ? 'signer' : 'authority'),
      basicConstraints(role === 'root' ? 1 : role === 'tcbSigning' ? null : 0),
    ],
  };
}
