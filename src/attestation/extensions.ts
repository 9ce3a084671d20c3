import { asciiText } from './bytes';
import {
  booleanOf,
  contentOf,
  end,
  inside,
  more,
  next,
  nextIf,
  oidText,
  onlyElement,
  smallInteger,
  TAG,
  type Element,
} from './der';
import { AttestationError } from './errors';
import { PCK_EXTENSION_OID } from './pckExtension';

/** Extensions of a certificate (RFC 5280 4.2); what is absent is null. */
export interface Extensions {
  /** Key identifiers, 20 bytes in Intel's. */
  aki: Uint8Array | null;
  ski: Uint8Array | null;
  /** First address of the issuer's revocation list. */
  crlUrl: string | null;
  /** The content of the extension that holds it, as it stands there. */
  crlDistributionPoints: Uint8Array | null;
  keyUsage: KeyUsage | null;
  isCa: boolean;
  /** How many authorities may follow; null where nothing is said. */
  pathLength: number | null;
  /** Content of Intel's own extension: see pckExtension.ts. */
  sgxExtension: Uint8Array | null;
  /** Critical extensions that this code does not know: such a certificate must be refused. */
  unknownCritical: string[];
}

export interface KeyUsage {
  digitalSignature: boolean;
  nonRepudiation: boolean;
  keyCertSign: boolean;
  cRLSign: boolean;
  /** Any of the five other bits. */
  other: boolean;
}

const OID = {
  ski: '2.5.29.14',
  keyUsage: '2.5.29.15',
  basicConstraints: '2.5.29.19',
  crlDistributionPoints: '2.5.29.31',
  aki: '2.5.29.35',
} as const;
const MAX_EXTENSIONS = 32;
const MAX_URL_BYTES = 1_024;

/** Reads the SEQUENCE OF Extension; each may stand there once. Throws AttestationError. */
export function parseExtensions(sequence: Element): Extensions {
  const found: Extensions = {
    aki: null,
    ski: null,
    crlUrl: null,
    crlDistributionPoints: null,
    keyUsage: null,
    isCa: false,
    pathLength: null,
    sgxExtension: null,
    unknownCritical: [],
  };
  for (const { oid, critical, value } of readExtensions(sequence)) {
    if (!readKnown(found, oid, value) && critical) found.unknownCritical.push(oid);
  }
  return found;
}

interface Extension {
  oid: string;
  critical: boolean;
  /** What the OCTET STRING holds. */
  value: Uint8Array;
}

/** Extensions as they stand, of a certificate or of a revocation list. */
export function readExtensions(sequence: Element): Extension[] {
  const list = inside(sequence);
  const extensions: Extension[] = [];
  while (more(list)) {
    const fields = inside(next(list, TAG.sequence, 'extension'));
    const oid = oidText(next(fields, TAG.oid, 'extension id'), 'extension id');
    const flag = nextIf(fields, TAG.boolean, 'critical flag');
    const critical = flag !== null && booleanOf(flag, 'critical flag');
    if (flag !== null && !critical) fail('a critical flag says its default');
    const value = contentOf(next(fields, TAG.octetString, 'extension value'));
    end(fields, 'extension');
    if (extensions.some((other) => other.oid === oid)) fail(`extension ${oid} stands twice`);
    if (extensions.length === MAX_EXTENSIONS) fail(`more than ${MAX_EXTENSIONS} extensions`);
    extensions.push({ oid, critical, value });
  }
  return extensions;
}

/** False for an extension that is not known. */
function readKnown(found: Extensions, oid: string, value: Uint8Array): boolean {
  switch (oid) {
    case OID.ski:
      found.ski = contentOf(onlyElement(value, TAG.octetString, 'subject key identifier'));
      return true;
    case OID.aki:
      found.aki = parseAki(value);
      return true;
    case OID.keyUsage:
      found.keyUsage = parseKeyUsage(value);
      return true;
    case OID.basicConstraints:
      Object.assign(found, parseBasicConstraints(value));
      return true;
    case OID.crlDistributionPoints:
      found.crlDistributionPoints = value;
      found.crlUrl = parseCrlUrl(value);
      return true;
    case PCK_EXTENSION_OID:
      found.sgxExtension = value;
      return true;
    default:
      return false;
  }
}

/** AuthorityKeyIdentifier with nothing but a key identifier. */
export function parseAki(value: Uint8Array): Uint8Array {
  const fields = inside(onlyElement(value, TAG.sequence, 'authority key identifier'));
  const id = contentOf(next(fields, TAG.contextPrimitive(0), 'authority key identifier'));
  end(fields, 'authority key identifier');
  return id;
}

function parseKeyUsage(value: Uint8Array): KeyUsage {
  const bits = contentOf(onlyElement(value, TAG.bitString, 'key usage'));
  const [unused, first = 0, second = 0] = bits;
  if (unused === undefined || unused > 7 || bits.length < 2 || bits.length > 3)
    fail('key usage is no bit string');
  const last = bits.at(-1)!;
  const canonical = (last & ((1 << unused) - 1)) === 0 && (last & (1 << unused)) !== 0;
  if (!canonical) fail('key usage is not written shortest');
  return {
    digitalSignature: (first & 0x80) !== 0,
    nonRepudiation: (first & 0x40) !== 0,
    keyCertSign: (first & 0x04) !== 0,
    cRLSign: (first & 0x02) !== 0,
    other: (first & 0x39) !== 0 || second !== 0,
  };
}

function parseBasicConstraints(value: Uint8Array): Pick<Extensions, 'isCa' | 'pathLength'> {
  const fields = inside(onlyElement(value, TAG.sequence, 'basic constraints'));
  const flag = nextIf(fields, TAG.boolean, 'authority flag');
  const isCa = flag !== null && booleanOf(flag, 'authority flag');
  if (flag !== null && !isCa) fail('an authority flag says its default');
  const length = nextIf(fields, TAG.integer, 'path length');
  if (length !== null && !isCa) fail('a path length stands in the certificate of no authority');
  end(fields, 'basic constraints');
  return { isCa, pathLength: length === null ? null : smallInteger(length, 255, 'path length') };
}

/** The first address of the first distribution point; null where there is another kind of name. */
function parseCrlUrl(value: Uint8Array): string | null {
  const points = inside(onlyElement(value, TAG.sequence, 'CRL distribution points'));
  const point = inside(next(points, TAG.sequence, 'distribution point'));
  const name = nextIf(point, TAG.context(0), 'distribution point name');
  const full = name && nextIf(inside(name), TAG.context(0), 'full name');
  const uri = full && nextIf(inside(full), TAG.contextPrimitive(6), 'address');
  if (!uri) return null;
  const address = contentOf(uri);
  if (address.length > MAX_URL_BYTES) fail(`an address has more than ${MAX_URL_BYTES} bytes`);
  return asciiText(address, 'certificate_malformed', 'an address');
}

function fail(reason: string): never {
  throw new AttestationError('certificate_malformed', `the certificate: ${reason}`);
}
