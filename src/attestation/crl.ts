import { toHex } from './bytes';
import { commonName, requireEcdsa, signedStructure } from './certificate';
import { elements, integerOctets, onlyElement, smallInteger, TAG, type Element } from './der';
import { AttestationError, under } from './errors';
import { parseAki, readExtensions } from './extensions';
import { MAX_CRL_BYTES, MAX_CRL_ENTRIES } from './limits';
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
    return { tbs: body.whole, signature, ...readBody(body) };
  });
}

function readBody(body: Element): Omit<Crl, 'tbs' | 'signature'> {
  const fields = elements(body.value);
  if (smallInteger(fields.next(TAG.integer, 'version').value, 9, 'version') !== VERSION_2)
    fail('is not of version 2');
  requireEcdsa(fields.next(TAG.sequence, 'algorithm'));
  const issuer = fields.next(TAG.sequence, 'issuer');
  const thisUpdate = derTime(fields.any('this update'), 'this update');
  const nextUpdate = derTime(fields.any('next update'), 'next update');
  const entries = fields.optional(TAG.sequence, 'entries');
  const extensions = fields.next(TAG.context(0), 'extensions').value;
  fields.end('revocation list');
  return {
    issuer: issuer.whole,
    issuerCn: commonName(issuer),
    thisUpdate,
    nextUpdate,
    revoked: entries === null ? new Set() : readEntries(entries),
    aki: readListExtensions(onlyElement(extensions, TAG.sequence, 'extensions')),
  };
}

function readEntries(sequence: Element): Set<string> {
  const entries = elements(sequence.value);
  const revoked = new Set<string>();
  if (!entries.more()) fail('has an empty list of entries');
  while (entries.more()) {
    const entry = elements(entries.next(TAG.sequence, 'entry').value);
    const serial = toHex(integerOctets(entry.next(TAG.integer, 'serial number').value, 'serial number'));
    derTime(entry.any('revocation date'), 'revocation date');
    const extensions = entry.optional(TAG.sequence, 'entry extensions');
    entry.end('entry');
    // A reason is never critical; what is critical could mean that another authority's certificate is revoked.
    for (const { oid, critical } of extensions === null ? [] : readExtensions(extensions.value)) {
      if (critical) fail(`has an entry with the unknown critical extension ${oid}`);
    }
    if (revoked.has(serial)) fail(`names ${serial} twice`);
    if (revoked.size === MAX_CRL_ENTRIES) fail(`has more than ${MAX_CRL_ENTRIES} entries`);
    revoked.add(serial);
  }
  return revoked;
}

/** The issuer's key id. A partial list says so in a critical extension, and is refused. */
function readListExtensions(sequence: Element): Uint8Array | null {
  let aki: Uint8Array | null = null;
  for (const { oid, critical, value } of readExtensions(sequence.value)) {
    if (oid === OID_AKI) {
      aki = parseAki(value);
    } else if (oid === OID_CRL_NUMBER) {
      const number = integerOctets(onlyElement(value, TAG.integer, 'list number').value, 'list number');
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
