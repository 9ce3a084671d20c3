import { asciiText } from './bytes';
import {
  bitStringBytes,
  contentOf,
  ecdsaSignature,
  encodingOf,
  end,
  inside,
  integerOctets,
  isOid,
  more,
  next,
  nextAny,
  oidOctets,
  oidText,
  onlyElement,
  onlyInside,
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

const OID_ECDSA_SHA256 = oidOctets('1.2.840.10045.4.3.2');
const OID_EC_KEY = oidOctets('1.2.840.10045.2.1');
const OID_P256 = oidOctets('1.2.840.10045.3.1.7');
const OID_COMMON_NAME = oidOctets('2.5.4.3');
const POINT_BYTES = 65;

/** Reads DER, of which it keeps views; throws AttestationError `certificate_malformed` or `pck_extension_malformed`. */
export function parseCertificate(der: Uint8Array): Certificate {
  const certificate = parsePlainCertificate(der);
  const { sgxExtension } = certificate;
  return { ...certificate, sgx: sgxExtension === null ? null : parsePckExtension(sgxExtension) };
}

/** Reads DER and leaves the SGX extension as it is; throws AttestationError `certificate_malformed`. */
export function parsePlainCertificate(der: Uint8Array): PlainCertificate {
  if (der.length > MAX_CERTIFICATE_BYTES) fail(`has more than ${MAX_CERTIFICATE_BYTES} bytes`);
  return under('certificate_malformed', 'certificate', () => {
    const { body, signature } = signedStructure(der, 'certificate');
    return { der, tbs: encodingOf(body), signature, ...readBody(body) };
  });
}

/** `SEQUENCE { body, algorithm, signature }`: certificates and revocation lists alike. */
export function signedStructure(der: Uint8Array, what: string): { body: Element; signature: Uint8Array } {
  const parts = inside(onlyElement(der, TAG.sequence, what));
  const body = next(parts, TAG.sequence, `${what} body`);
  requireEcdsa(next(parts, TAG.sequence, 'signature algorithm'));
  const bits = bitStringBytes(next(parts, TAG.bitString, 'signature'), 'signature');
  end(parts, what);
  return { body, signature: ecdsaSignature(bits, 'signature') };
}

/** ECDSA with SHA-256 and without parameters, the only algorithm here. */
export function requireEcdsa(algorithm: Element): void {
  const oid = onlyInside(inside(algorithm), TAG.oid, 'algorithm');
  if (!isOid(oid, OID_ECDSA_SHA256)) {
    fail(`is signed with ${oidText(oid, 'algorithm')}, not with ECDSA and SHA-256`);
  }
}

function readBody(body: Element): Omit<PlainCertificate, 'der' | 'tbs' | 'signature'> {
  const fields = inside(body);
  const version = inside(next(fields, TAG.context(0), 'version'));
  if (smallInteger(onlyInside(version, TAG.integer, 'version'), 2, 'version') !== 2)
    fail('is not of version 3');
  const serial = integerOctets(next(fields, TAG.integer, 'serial number'), 'serial number');
  requireEcdsa(next(fields, TAG.sequence, 'algorithm'));
  const issuer = next(fields, TAG.sequence, 'issuer');
  const validity = inside(next(fields, TAG.sequence, 'validity'));
  const notBefore = derTime(nextAny(validity, 'start'), 'start');
  const notAfter = derTime(nextAny(validity, 'end'), 'end');
  end(validity, 'validity');
  const subject = next(fields, TAG.sequence, 'subject');
  const publicKey = readKey(next(fields, TAG.sequence, 'public key'));
  const extensions = onlyInside(
    inside(next(fields, TAG.context(3), 'extensions')),
    TAG.sequence,
    'extensions',
  );
  end(fields, 'certificate body');
  return {
    serial,
    issuer: encodingOf(issuer),
    subject: encodingOf(subject),
    issuerCn: commonName(issuer),
    subjectCn: commonName(subject),
    notBefore,
    notAfter,
    publicKey,
    ...parseExtensions(extensions),
  };
}

function readKey(info: Element): Uint8Array {
  const parts = inside(info);
  const algorithm = inside(next(parts, TAG.sequence, 'key algorithm'));
  const kind = next(algorithm, TAG.oid, 'key algorithm');
  const curve = next(algorithm, TAG.oid, 'curve');
  end(algorithm, 'key algorithm');
  const point = bitStringBytes(next(parts, TAG.bitString, 'public key'), 'public key');
  end(parts, 'public key');
  if (!isOid(kind, OID_EC_KEY) || !isOid(curve, OID_P256)) fail('has a key that is not on P-256');
  if (point.length !== POINT_BYTES || point[0] !== 4) fail('has a key that is no uncompressed point');
  return point.subarray(1);
}

/** The one common name of a distinguished name; every other attribute is compared as bytes only. */
export function commonName(name: Element): string {
  const sets = inside(name);
  let found: string | null = null;
  while (more(sets)) {
    const pair = inside(onlyInside(inside(next(sets, TAG.set, 'name')), TAG.sequence, 'name'));
    const oid = next(pair, TAG.oid, 'name');
    const value = nextAny(pair, 'name');
    end(pair, 'name');
    if (!isOid(oid, OID_COMMON_NAME)) continue;
    if (found !== null) fail('has two common names');
    if (value.tag !== TAG.utf8String && value.tag !== TAG.printableString)
      fail('has a common name of a strange type');
    found = asciiText(contentOf(value), 'certificate_malformed', 'the common name');
  }
  return found ?? fail('has no common name');
}

function fail(reason: string): never {
  throw new AttestationError('certificate_malformed', `the certificate ${reason}`);
}
