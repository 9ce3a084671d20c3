import { AUTHORITIES } from '../authorities';
import { extension } from '../certificateWriter';
import type { CollateralTwist } from '../collateral';
import * as der from '../derWriter';
import { keyFromSeed } from '../keys';
import { createMachine } from '../machine';
import { MINTED_AT } from '../mint';
import { offChainDraft as draft, topic } from './vector';
import { resigned } from './leaf';

const CRL = 'Intel QVL, PckCrlVerifier: issued and signed by the authority of the certificates it is about';
const DATES = 'RFC 5280, 6.3.3, and Intel QVL, PckCertVerifier: thisUpdate <= now <= nextUpdate';
const REVOKED = 'Intel QVL, PckCertVerifier isRevoked';
const FORM = 'RFC 5280, 5: version 2, DER to its last byte';
const stranger = keyFromSeed('stranger');
const { serial } = createMachine({ seed: 'machine', ca: 'platform', nowUnix: MINTED_AT }).leaf;

/** Lists of what is revoked: the contract sees none of them, machines are banned there by the registry. */
export const REVOCATION_VECTORS = topic('revocation', [
  draft('a root CRL signed by a stranger', CRL, { rootCrl: { key: stranger } }, 'root-crl-signature'),
  draft(
    'a root CRL signed by the platform CA',
    CRL,
    { rootCrl: { key: AUTHORITIES.platformCa.key } },
    'root-crl-signature',
  ),
  draft(
    'a root CRL in the name of the platform CA',
    CRL,
    { rootCrl: { issuer: AUTHORITIES.platformCa.name } },
    'root-crl-signature',
  ),
  draft(
    'a root CRL changed after it was signed',
    CRL,
    { rootCrl: { shown: flipDate } },
    'root-crl-signature',
  ),
  draft(
    "a root CRL that names another key of the root's",
    CRL,
    { rootCrl: { authorityKeyId: Buffer.alloc(20, 1) } },
    'root-crl-signature',
  ),
  draft('a PCK CRL signed by a stranger', CRL, { pckCrl: { key: stranger } }, 'pck-crl-signature'),
  draft('a PCK CRL signed by the root', CRL, { pckCrl: { key: AUTHORITIES.root.key } }, 'pck-crl-signature'),
  draft('a PCK CRL changed after it was signed', CRL, { pckCrl: { shown: flipDate } }, 'pck-crl-signature'),
  draft(
    'a PCK CRL of the processor CA',
    CRL,
    {
      pckCrl: ofProcessorCa(),
      pckCrlChain: [AUTHORITIES.processorCa.certificate, AUTHORITIES.root.certificate],
    },
    'pck-crl-issuer',
  ),
  draft(
    'a PCK CRL of the processor CA beside the chain of the platform CA',
    CRL,
    { pckCrl: ofProcessorCa() },
    'pck-crl-issuer',
    ['pck-crl-signature'],
  ),
  draft(
    'the root CRL in place of the PCK CRL',
    CRL,
    {
      pckCrl: {
        issuer: AUTHORITIES.root.name,
        key: AUTHORITIES.root.key,
        authorityKeyId: AUTHORITIES.root.keyId,
      },
    },
    'pck-crl-issuer',
    ['pck-crl-signature'],
  ),
  draft(
    'a PCK CRL whose chain is a TCB signer',
    CRL,
    { pckCrlChain: [AUTHORITIES.tcbSigning.certificate, AUTHORITIES.root.certificate] },
    'pck-crl-issuer',
    ['pck-crl-signature'],
  ),
  draft('a root CRL at its first second', DATES, { rootCrl: { thisUpdate: MINTED_AT } }),
  draft(
    'a root CRL one second before its first',
    DATES,
    { rootCrl: { thisUpdate: MINTED_AT + 1 } },
    'root-crl-date',
  ),
  draft('a root CRL at its last second', DATES, { rootCrl: { nextUpdate: MINTED_AT } }),
  draft(
    'a root CRL one second after its last',
    DATES,
    { rootCrl: { nextUpdate: MINTED_AT - 1 } },
    'root-crl-date',
  ),
  draft('a PCK CRL at its first second', DATES, { pckCrl: { thisUpdate: MINTED_AT } }),
  draft(
    'a PCK CRL one second before its first',
    DATES,
    { pckCrl: { thisUpdate: MINTED_AT + 1 } },
    'pck-crl-date',
  ),
  draft('a PCK CRL at its last second', DATES, { pckCrl: { nextUpdate: MINTED_AT } }),
  draft(
    'a PCK CRL one second after its last',
    DATES,
    { pckCrl: { nextUpdate: MINTED_AT - 1 } },
    'pck-crl-date',
  ),
  draft('a revoked leaf', REVOKED, { pckCrl: { revoked: [serial] } }, 'leaf-revoked'),
  draft(
    'a revoked leaf, last of many',
    REVOKED,
    { pckCrl: { revoked: [...strangers(40), serial] } },
    'leaf-revoked',
  ),
  draft('many other revoked leaves', REVOKED, { pckCrl: { revoked: strangers(40) } }),
  draft("the leaf's number on the list of the root, which is about others", REVOKED, {
    rootCrl: { revoked: [serial] },
  }),
  draft('a PCK CRL that revokes nobody', 'RFC 5280, 5.1.2.6: without entries the list is absent', {
    pckCrl: { revoked: [] },
  }),
  draft(
    'a revoked platform CA',
    REVOKED,
    { rootCrl: { revoked: [AUTHORITIES.platformCa.keyId] } },
    'ca-revoked',
  ),
  draft('a revoked processor CA, which is not in the chain', REVOKED, {
    rootCrl: { revoked: [AUTHORITIES.processorCa.keyId] },
  }),
  draft(
    'a revoked TCB signer',
    'Intel QVL, TCBSigningChain isRevoked',
    { rootCrl: { revoked: [AUTHORITIES.tcbSigning.keyId] } },
    'tcb-signer-revoked',
  ),
  draft(
    'a root CRL with an unknown critical extension',
    'RFC 5280, 5.2: it must not be used',
    { rootCrl: { moreExtensions: [unknown(true)] } },
    'root-crl-signature',
  ),
  draft(
    'a PCK CRL with an unknown critical extension',
    'RFC 5280, 5.2: it must not be used',
    { pckCrl: { moreExtensions: [unknown(true)] } },
    'pck-crl-signature',
  ),
  draft('a PCK CRL with an unknown extension that is not critical', 'RFC 5280, 5.2: it may be ignored', {
    pckCrl: { moreExtensions: [unknown(false)] },
  }),
  draft(
    'a PCK CRL with bytes behind its end',
    FORM,
    { pckCrl: { shown: (list) => Buffer.concat([list, Buffer.of(0)]) } },
    'pck-crl-signature',
  ),
  draft(
    'a PCK CRL cut before its last byte',
    FORM,
    { pckCrl: { shown: (list) => list.subarray(0, -1) } },
    'pck-crl-signature',
  ),
  draft('an empty root CRL', FORM, { rootCrl: { shown: () => Buffer.alloc(0) } }, 'root-crl-signature'),
  draft('a PCK CRL with the other signature', 'SEC 1, 4.1: with (r, s) also (r, n - s) is a signature', {
    pckCrl: { shown: resigned },
  }),
]);

function ofProcessorCa(): NonNullable<CollateralTwist['pckCrl']> {
  const { name, key, keyId } = AUTHORITIES.processorCa;
  return { issuer: name, key, authorityKeyId: keyId };
}

/** The list with one digit of its first date changed. */
function flipDate(list: Buffer): Buffer {
  const changed = Buffer.from(list);
  const date = changed.indexOf(Buffer.from('170d', 'hex'));
  changed[date + 3] = changed[date + 3]! - 1;
  return changed;
}

function strangers(count: number): Buffer[] {
  return Array.from({ length: count }, (_, i) =>
    Buffer.concat([Buffer.alloc(18, 0x5a), Buffer.of(i >> 8, i)]),
  );
}

function unknown(critical: boolean): Buffer {
  return extension('1.3.6.1.4.1.99999.2', der.octetString(Buffer.from('later')), critical);
}
