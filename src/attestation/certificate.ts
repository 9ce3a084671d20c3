import { asciiText, copyOf } from './bytes';
import {
  bitStringBytes,
  ecdsaSignature,
  elements,
  integerOctets,
  oidText,
  onlyElement,
  smallInteger,
  TAG,
  type Element,
} from './der';
import { AttestationError, under } from './errors';
import { parseExtensions, type Extensions } from './extensions';
import { MAX_CERTIFICATE_BYTES } from './limits';
import { parsePckExtension, type PckExtension } from './pckExtension';
import { derTime } from './time';

/** An X.509 certificate with what Intel certifies of a platform, in a leaf; null in any other. */
export interface Certificate extends PlainCertificate {
  sgx: PckExtension | null;
}

/** An X.509 certificate of Intel's profile: version 3, P-256, ECDSA with SHA-256. */
export interface PlainCertificate extends Extensions {
  der: Uint8Array;
  /** What the issuer signed. */
  tbs: Uint8Array;
  /** r ‖ s. */
  signature: Uint8Array;
  /** Content octets of the number: a leading zero where the first bit would be a sign. */
  serial: Uint8Array;
  /** Names as they stand (DER): for comparison. */
  issuer: Uint8Array;
  subject: Uint8Array;
  issuerCn: string;
  subjectCn: string;
  /** Unix seconds, both included. */
  notBefore: number;
  notAfter: number;
  /** x ‖ y. */
  publicKey: Uint8Array;
}

const OID_ECDSA_SHA256 = '1.2.840.10045.4.3.2';
const OID_EC_KEY = '1.2.840.10045.2.1';
const OID_P256 = '1.2.840.10045.3.1.7';
const OID_COMMON_NAME = '2.5.4.3';
const POINT_BYTES = 65;

/** Reads DER; throws AttestationError `certificate_malformed` or `pck_extension_malformed`. */
export function parseCertificate(der: Uint8Array): Certificate {
  const certificate = parsePlainCertificate(der);
  const { sgxExtension } = certificate;
  return { ...certificate, sgx: sgxExtension === null ? null : parsePckExtension(sgxExtension) };
}

/** Reads DER and leaves the SGX extension as it is; throws AttestationError `certificate_malformed`. */
export function parsePlainCertificate(der: Uint8Array): PlainCertificate {
  if (der.length > MAX_CERTIFICATE_BYTES) fail(`has more than ${MAX_CERTIFICATE_BYTES} bytes`);
  return under('certificate_malformed', 'certificate', () => {
    const { body, signature, bytes } = signedStructure(der, 'certificate');
    return { der: bytes, tbs: body.whole, signature, ...readBody(body) };
  });
}

/** `SEQUENCE { body, algorithm, signature }`: certificates and revocation lists alike. */
export function signedStructure(
  der: Uint8Array,
  what: string,
): { body: Element; signature: Uint8Array; bytes: Uint8Array } {
  const bytes = copyOf(der);
  const parts = elements(onlyElement(bytes, TAG.sequence, what).value);
  const body = parts.next(TAG.sequence, `${what} body`);
  requireEcdsa(parts.next(TAG.sequence, 'signature algorithm'));
  const bits = parts.next(TAG.bitString, 'signature').value;
  parts.end(what);
  return { body, signature: ecdsaSignature(bitStringBytes(bits, 'signature'), 'signature'), bytes };
}

/** ECDSA with SHA-256 and without parameters, the only algorithm here. */
export function requireEcdsa(algorithm: Element): void {
  const parts = elements(algorithm.value);
  const oid = oidText(parts.next(TAG.oid, 'algorithm').value, 'algorithm');
  parts.end('algorithm');
  if (oid !== OID_ECDSA_SHA256) fail(`is signed with ${oid}, not with ECDSA and SHA-256`);
}

function readBody(body: Element): Omit<PlainCertificate, 'der' | 'tbs' | 'signature'> {
  const fields = elements(body.value);
  const version = fields.next(TAG.context(0), 'version').value;
  if (smallInteger(onlyElement(version, TAG.integer, 'version').value, 2, 'version') !== 2)
    fail('is not of version 3');
  const serial = integerOctets(fields.next(TAG.integer, 'serial number').value, 'serial number');
  requireEcdsa(fields.next(TAG.sequence, 'algorithm'));
  const issuer = fields.next(TAG.sequence, 'issuer');
  const validity = elements(fields.next(TAG.sequence, 'validity').value);
  const notBefore = derTime(validity.any('start'), 'start');
  const notAfter = derTime(validity.any('end'), 'end');
  validity.end('validity');
  const subject = fields.next(TAG.sequence, 'subject');
  const publicKey = readKey(fields.next(TAG.sequence, 'public key'));
  const extensions = onlyElement(fields.next(TAG.context(3), 'extensions').value, TAG.sequence, 'extensions');
  fields.end('certificate body');
  return {
    serial,
    issuer: issuer.whole,
    subject: subject.whole,
    issuerCn: commonName(issuer),
    subjectCn: commonName(subject),
    notBefore,
    notAfter,
    publicKey,
    ...parseExtensions(extensions),
  };
}

function readKey(info: Element): Uint8Array {
  const parts = elements(info.value);
  const algorithm = elements(parts.next(TAG.sequence, 'key algorithm').value);
  const kind = oidText(algorithm.next(TAG.oid, 'key algorithm').value, 'key algorithm');
  const curve = oidText(algorithm.next(TAG.oid, 'curve').value, 'curve');
  algorithm.end('key algorithm');
  const point = bitStringBytes(parts.next(TAG.bitString, 'public key').value, 'public key');
  parts.end('public key');
  if (kind !== OID_EC_KEY || curve !== OID_P256) fail(`has a key of ${kind} on ${curve}, not on P-256`);
  if (point.length !== POINT_BYTES || point[0] !== 4) fail('has a key that is no uncompressed point');
  return point.subarray(1);
}

/** The one common name of a distinguished name; every other attribute is compared as bytes only. */
export function commonName(name: Element): string {
  const sets = elements(name.value);
  const found: string[] = [];
  while (sets.more()) {
    const pair = elements(onlyElement(sets.next(TAG.set, 'name').value, TAG.sequence, 'name').value);
    const oid = oidText(pair.next(TAG.oid, 'name').value, 'name');
    const { tag, value } = pair.any('name');
    pair.end('name');
    if (oid !== OID_COMMON_NAME) continue;
    if (tag !== TAG.utf8String && tag !== TAG.printableString) fail('has a common name of a strange type');
    found.push(asciiText(value, 'certificate_malformed', 'the common name'));
  }
  if (found.length !== 1) fail(`has ${found.length} common names`);
  return found[0]!;
}

function fail(reason: string): never {
  throw new AttestationError('certificate_malformed', `the certificate ${reason}`);
}
