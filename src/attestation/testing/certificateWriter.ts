import { createHash } from 'node:crypto';
import * as der from './derWriter';
import { sign, type SigningKey } from './keys';

/** Certificates in Intel's profile: names in the order CN, O, L, ST, C; extensions in the order of Intel's. */

/** Common names of the roles. */
export const CN = {
  root: 'Intel SGX Root CA',
  platformCa: 'Intel SGX PCK Platform CA',
  processorCa: 'Intel SGX PCK Processor CA',
  leaf: 'Intel SGX PCK Certificate',
  tcbSigning: 'Intel SGX TCB Signing',
} as const;

export const ROOT_CRL_ADDRESS = 'https://certificates.trustedservices.intel.com/IntelSGXRootCA.der';

export interface CertificateFields {
  /** At most 20 bytes, big-endian. */
  serial: Uint8Array;
  /** Common names; the rest of a name is always Intel's. */
  issuer: string;
  subject: string;
  /** Seconds since 1970. */
  notBefore: number;
  notAfter: number;
  /** x ‖ y of the subject. */
  publicKey: Uint8Array;
  /** Ready-made, in their order. */
  extensions: readonly Buffer[];
}

/** The certificate, signed by `issuer`'s key. */
export function writeCertificate(fields: CertificateFields, issuer: SigningKey): Buffer {
  return signed(tbsCertificate(fields), issuer);
}

/** `{ tbs, ecdsa-with-SHA256, signature }`: certificates and revocation lists alike. */
export function signed(tbs: Buffer, key: SigningKey): Buffer {
  const signature = sign(key, tbs);
  const pair = der.sequence(der.integer(signature.subarray(0, 32)), der.integer(signature.subarray(32)));
  return der.sequence(tbs, ECDSA_WITH_SHA256, der.bitString(pair));
}

export const ECDSA_WITH_SHA256 = der.sequence(der.oid('1.2.840.10045.4.3.2'));

/** A name of Intel's: only the common name differs. */
export function intelName(commonName: string): Buffer {
  return der.sequence(
    attribute('2.5.4.3', der.utf8String(commonName)),
    attribute('2.5.4.10', der.utf8String('Intel Corporation')),
    attribute('2.5.4.7', der.utf8String('Santa Clara')),
    attribute('2.5.4.8', der.utf8String('CA')),
    attribute('2.5.4.6', der.printableString('US')),
  );
}

/** SHA-1 of the uncompressed point (RFC 5280, 4.2.1.2). */
export function keyId(publicKey: Uint8Array): Buffer {
  return createHash('sha1').update(Buffer.of(4)).update(publicKey).digest();
}

export const extension = (id: string, value: Buffer, critical = false): Buffer =>
  der.sequence(der.oid(id), ...(critical ? [der.boolean(true)] : []), der.octetString(value));

export const authorityKeyId = (id: Uint8Array): Buffer =>
  extension('2.5.29.35', der.sequence(der.implicit(0, id)));

export const crlAddress = (url: string): Buffer =>
  extension(
    '2.5.29.31',
    der.sequence(der.sequence(der.explicit(0, der.explicit(0, der.implicit(6, Buffer.from(url, 'ascii')))))),
  );

export const subjectKeyId = (id: Uint8Array): Buffer => extension('2.5.29.14', der.octetString(id));

/** keyCertSign and cRLSign for an authority; digitalSignature and nonRepudiation for who signs evidence. */
export const keyUsage = (role: 'authority' | 'signer'): Buffer =>
  extension(
    '2.5.29.15',
    role === 'authority' ? der.bitString(Buffer.of(0x06), 1) : der.bitString(Buffer.of(0xc0), 6),
    true,
  );

/** Of an authority with its path length, or of nobody's (`null`). */
export const basicConstraints = (pathLength: number | null): Buffer =>
  extension(
    '2.5.29.19',
    pathLength === null ? der.sequence() : der.sequence(der.boolean(true), der.integer(pathLength)),
    true,
  );

function tbsCertificate(fields: CertificateFields): Buffer {
  return der.sequence(
    der.explicit(0, der.integer(2)),
    der.integer(fields.serial),
    ECDSA_WITH_SHA256,
    intelName(fields.issuer),
    der.sequence(der.time(fields.notBefore), der.time(fields.notAfter)),
    intelName(fields.subject),
    publicKeyInfo(fields.publicKey),
    der.explicit(3, der.sequence(...fields.extensions)),
  );
}

function publicKeyInfo(publicKey: Uint8Array): Buffer {
  return der.sequence(
    der.sequence(der.oid('1.2.840.10045.2.1'), der.oid('1.2.840.10045.3.1.7')),
    der.bitString(Buffer.concat([Buffer.of(4), publicKey])),
  );
}

function attribute(id: string, value: Buffer): Buffer {
  return der.setOf(der.sequence(der.oid(id), value));
}
