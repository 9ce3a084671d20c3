import { toHex } from './bytes';
import { commonName, requireEcdsa, signedStructure } from './certificate';
import {
  encodingOf,
  end,
  inside,
  integerOctets,
  more,
  next,
  nextAny,
  nextIf,
  onlyElement,
  onlyInside,
  smallInteger,
  TAG,
  type Element,
} from './der';
import { AttestationError, under } from './errors';
import { parseAki, readExtensions } from './extensions';
import { MAX_CRL_BYTES } from './limits';
import { derTime } from './time';

/** A list of revoked certificates (RFC 5280, version 2). */
export interface Crl {
  tbs: Uint8Array;
  /** r ‖ s. */
  signature: Uint8Array;
  /** Name of the issuer as it stands (DER). */
  issuer: Uint8Array;
  issuerCn: string;
  /** Unix seconds. */
  thisUpdate: number;
  nextUpdate: number;
  /** Serial numbers: content octets in hex. */
  revoked: ReadonlySet<string>;
  /** 20 bytes in Intel's. */
  aki: Uint8Array | null;
}

const OID_CRL_NUMBER = '2.5.29.20';
const OID_AKI = '2.5.29.35';
const VERSION_2 = 1;
const MAX_CRL_NUMBER_BYTES = 21;

/** Reads DER to its last byte, all entries included. Throws AttestationError `crl_malformed`. */
export function parseCrl(der: Uint8Array): Crl {
  if (der.length > MAX_CRL_BYTES) fail(`has more than ${MAX_CRL_BYTES} bytes`);
  return under('crl_malformed', 'revocation list', () => {
    const { body, signature } = signedStructure(der, 'revocation list');
    return { tbs: encodingOf(body), signature, ...readBody(body) };
  });
}

function readBody(body: Element): Omit<Crl, 'tbs' | 'signature'> {
  const fields = inside(body);
  if (smallInteger(next(fields, TAG.integer, 'version'), 9, 'version') !== VERSION_2)
    fail('is not of version 2');
  requireEcdsa(next(fields, TAG.sequence, 'algorithm'));
  const issuer = next(fields, TAG.sequence, 'issuer');
  const thisUpdate = derTime(nextAny(fields, 'this update'), 'this update');
  const nextUpdate = derTime(nextAny(fields, 'next update'), 'next update');
  const entries = nextIf(fields, TAG.sequence, 'entries');
  const extensions = onlyInside(
    inside(next(fields, TAG.context(0), 'extensions')),
    TAG.sequence,
    'extensions',
  );
  end(fields, 'revocation list');
  return {
    issuer: encodingOf(issuer),
    issuerCn: commonName(issuer),
    thisUpdate,
    nextUpdate,
    revoked: entries === null ? new Set() : readEntries(entries),
    aki: readListExtensions(extensions),
  };
}

function readEntries(sequence: Element): Set<string> {
  const entries = inside(sequence);
  const revoked = new Set<string>();
  if (!more(entries)) fail('has an empty list of entries');
  while (more(entries)) {
    const entry = inside(next(entries, TAG.sequence, 'entry'));
    const serial = toHex(integerOctets(next(entry, TAG.integer, 'serial number'), 'serial number'));
    derTime(nextAny(entry, 'revocation date'), 'revocation date');
    const extensions = nextIf(entry, TAG.sequence, 'entry extensions');
    end(entry, 'entry');
    // A reason is never critical; what is critical could mean that another authority's certificate is revoked.
    for (const { oid, critical } of extensions === null ? [] : readExtensions(extensions)) {
      if (critical) fail(`has an entry with the unknown critical extension ${oid}`);
    }
    if (revoked.has(serial)) fail(`names ${serial} twice`);
    revoked.add(serial);
  }
  return revoked;
}

/** The issuer's key id. A partial list says so in a critical extension, and is refused. */
function readListExtensions(sequence: Element): Uint8Array | null {
  let aki: Uint8Array | null = null;
  for (const { oid, critical, value } of readExtensions(sequence)) {
    if (oid === OID_AKI) {
      aki = parseAki(value);
    } else if (oid === OID_CRL_NUMBER) {
      const number = integerOctets(onlyElement(value, TAG.integer, 'list number'), 'list number');
      if (number.length > MAX_CRL_NUMBER_BYTES) fail('has a huge number');
    } else if (critical) {
      fail(`has the unknown critical extension ${oid}`);
    }
  }
  return aki;
}

function fail(reason: string): never {
  throw new AttestationError('crl_malformed', `the revocation list ${reason}`);
}
