import { AUTHORITIES } from '../authorities';
import { CN, authorityKeyId, basicConstraints, extension, keyUsage } from '../certificateWriter';
import * as der from '../derWriter';
import { keyFromSeed, malleated } from '../keys';
import { PCK_CRL_ADDRESS, writeLeaf } from '../leaf';
import { MINTED_AT } from '../mint';
import { topic, type Draft } from './vector';

const ROLE = 'Intel QVL, PckCertVerifier: each certificate has the common name of its role';
const ISSUER = 'Intel QVL, PckCertVerifier verifyPCKCert: the issuer is the intermediate, and it signed';
const RFC = 'RFC 5280';
const PROFILE = 'Intel SGX PCK certificate and CRL profile specification';
const DATES = `${RFC}, 4.1.2.5: both ends of the validity are included`;
const SIGNED = 'ERROR_PLATFORM_LEAF_SIGNATURE';
/** The contract writes the text itself: another text is not what Intel signed. */
const OTHER_TEXT = { onChain: 'unbuildable', forced: SIGNED } as const;

const unknown = (critical: boolean) =>
  extension('1.3.6.1.4.1.99999.1', der.octetString(Buffer.from('later')), critical);
const replaced = (index: number, by: Buffer) => (all: Buffer[]) =>
  all.map((one, i) => (i === index ? by : one));
const [AKI, , , KEY_USAGE, CONSTRAINTS, SGX] = [0, 1, 2, 3, 4, 5];
const stranger = keyFromSeed('stranger');

/** The machine's own certificate. */
export const LEAF_VECTORS = topic('leaf', [
  {
    name: 'a leaf of another role',
    rule: ROLE,
    with: { leafTwist: { subject: CN.tcbSigning } },
    refusal: 'pck-chain',
    ...OTHER_TEXT,
  },
  {
    name: 'a leaf that names another issuer',
    rule: ISSUER,
    with: { leafTwist: { issuer: CN.processorCa } },
    refusal: 'pck-chain',
    also: ['pck-crl-issuer'],
    ...OTHER_TEXT,
  },
  {
    name: 'a leaf that names the root as its issuer',
    rule: ISSUER,
    with: { leafTwist: { issuer: CN.root } },
    refusal: 'pck-chain',
    also: ['pck-crl-issuer'],
    ...OTHER_TEXT,
  },
  {
    name: 'a leaf signed by a stranger',
    rule: ISSUER,
    with: {
      authority: { ...AUTHORITIES.platformCa, key: stranger },
    },
    refusal: 'pck-chain',
    onChain: SIGNED,
  },
  {
    name: 'a leaf signed by the processor CA in the name of the platform CA',
    rule: ISSUER,
    with: {
      authority: { ...AUTHORITIES.platformCa, key: AUTHORITIES.processorCa.key },
    },
    refusal: 'pck-chain',
    onChain: SIGNED,
  },
  {
    name: 'a leaf signed by another machine',
    rule: `${RFC}, 6.1.4 (k): who signs certificates is an authority`,
    also: ['pck-crl-issuer'],
    with: {
      chain: ([leaf, , root], machine) => [
        writeLeaf(
          { ...machine.leaf, serial: Buffer.from('77', 'hex') },
          { ...AUTHORITIES.platformCa, name: CN.leaf, key: machine.pckKey },
        ),
        leaf,
        root,
      ],
    },
    refusal: 'pck-chain',
    onChain: 'unbuildable',
    forced: SIGNED,
  },
  {
    name: 'a leaf that is an authority',
    rule: `${PROFILE}: cA is false`,
    with: { leafTwist: { extensions: replaced(CONSTRAINTS, basicConstraints(0)) } },
    refusal: 'pck-chain',
    ...OTHER_TEXT,
  },
  {
    name: 'a leaf that may sign certificates',
    rule: `${PROFILE}: key usage`,
    with: { leafTwist: { extensions: replaced(KEY_USAGE, keyUsage('authority')) } },
    refusal: 'pck-chain',
    ...OTHER_TEXT,
  },
  {
    name: 'a leaf with an unknown critical extension',
    rule: `${RFC}, 4.2: such a certificate must be rejected`,
    with: { leafTwist: { extensions: (all) => [...all, unknown(true)] } },
    refusal: 'pck-chain',
    ...OTHER_TEXT,
  },
  {
    name: 'a leaf with an unknown extension that is not critical',
    rule: `${RFC}, 4.2: it may be ignored`,
    with: { leafTwist: { extensions: (all) => [...all, unknown(false)] } },
    ...OTHER_TEXT,
  },
  {
    name: 'a leaf with an extension twice',
    rule: `${RFC}, 4.2: at most one of each`,
    with: { leafTwist: { extensions: (all) => [...all, all[SGX]!] } },
    refusal: 'pck-chain',
    ...OTHER_TEXT,
  },
  {
    name: 'a leaf with its extensions in another order',
    rule: `${RFC}, 4.2: their order means nothing`,
    with: { leafTwist: { extensions: (all) => [...all].reverse() } },
    ...OTHER_TEXT,
  },
  {
    name: "a leaf that names another key of its issuer's",
    rule: `${RFC}, 4.2.1.1: the key identifier is that of the issuer's key`,
    with: { leafTwist: { extensions: replaced(AKI, authorityKeyId(Buffer.alloc(20, 1))) } },
    refusal: 'pck-chain',
    ...OTHER_TEXT,
  },
  ...malleations(),
  ...dates(),
  {
    name: 'a leaf valid beyond 2049',
    rule: `${RFC}, 4.1.2.5.2: dates from 2050 on are GeneralizedTime`,
    with: { leaf: { notAfter: Date.parse('2050-01-01T00:00:00Z') / 1000 } },
    onChain: 'unbuildable',
    forced: 'ERROR_PLATFORM_VALUE_MALFORMED',
  },
  {
    name: 'a long address of the revocation list',
    rule: 'DESIGN 5: the text of a certificate is bounded',
    with: { leaf: { crlAddress: `${PCK_CRL_ADDRESS.platform}&${'x'.repeat(25)}` } },
    onChain: 'unbuildable',
    forced: 'ERROR_PLATFORM_VALUE_MALFORMED',
  },
]);

/** Certificates, reports and quotes have a second signature that anybody can make: nothing may depend on which it is. */
function malleations(): Draft[] {
  const rule = 'SEC 1, 4.1: with (r, s) also (r, n - s) is a signature';
  return [
    {
      name: 'a leaf with the other signature',
      rule,
      with: { chain: ([leaf, ...rest]) => [resigned(leaf), ...rest] },
      onChain: 'accepted',
    },
    {
      name: "the CA's certificate with the other signature",
      rule,
      with: { chain: ([leaf, authority, root]) => [leaf, resigned(authority), root] },
      kind: 'ca',
      onChain: 'accepted',
    },
  ];
}

/** The same certificate with the other signature of the two. */
export function resigned(certificate: Buffer): Buffer {
  const tbsLength = certificate.readUInt16BE(6);
  const tbs = certificate.subarray(4, 8 + tbsLength);
  const algorithm = certificate.subarray(8 + tbsLength, 8 + tbsLength + 12);
  let at = 8 + tbsLength + 12 + 5;
  const half = () => {
    const length = certificate[at + 1]!;
    const octets = certificate.subarray(at + 2, at + 2 + length);
    at += 2 + length;
    return Buffer.concat([Buffer.alloc(32), octets]).subarray(-32);
  };
  const other = malleated(Buffer.concat([half(), half()]));
  const pair = der.sequence(der.integer(other.subarray(0, 32)), der.integer(other.subarray(32)));
  return der.sequence(tbs, algorithm, der.bitString(pair));
}

function dates(): Draft[] {
  const year = 31_536_000;
  return [
    {
      name: 'a leaf at its first second',
      rule: DATES,
      with: { leaf: { notBefore: MINTED_AT } },
      onChain: 'accepted',
    },
    {
      name: 'a leaf one second before its first',
      rule: DATES,
      with: { leaf: { notBefore: MINTED_AT + 1 } },
      refusal: 'pck-date',
      onChain: 'ERROR_PLATFORM_LEAF_NOT_YET_VALID',
    },
    {
      name: 'a leaf at its last second',
      rule: DATES,
      with: { leaf: { notAfter: MINTED_AT } },
      onChain: 'accepted',
    },
    {
      name: 'a leaf one second after its last',
      rule: DATES,
      with: { leaf: { notAfter: MINTED_AT - 1 } },
      refusal: 'pck-date',
      onChain: 'ERROR_PLATFORM_LEAF_EXPIRED',
    },
    {
      name: 'a leaf that ended a year ago',
      rule: DATES,
      with: { leaf: { notBefore: MINTED_AT - 2 * year, notAfter: MINTED_AT - year } },
      refusal: 'pck-date',
      onChain: 'ERROR_PLATFORM_LEAF_EXPIRED',
    },
    {
      name: 'a leaf of the processor CA one second after its last',
      rule: DATES,
      with: { ca: 'processor', leaf: { notAfter: MINTED_AT - 1 } },
      refusal: 'pck-date',
      onChain: 'ERROR_PLATFORM_LEAF_EXPIRED',
    },
    ...(['pck', 'key'] as const).map((kind): Draft => ({
      name: `a remembered ${kind === 'pck' ? 'leaf' : 'attestation key'} one second after the leaf's last`,
      rule: DATES,
      with: { leaf: { notAfter: MINTED_AT + 60 }, atUnix: MINTED_AT + 61 },
      primer: { leaf: { notAfter: MINTED_AT + 60 } },
      kind,
      refusal: 'pck-date',
      onChain: 'ERROR_PLATFORM_LEAF_EXPIRED',
    })),
    ...(['pck', 'key'] as const).map((kind): Draft => ({
      name: `a remembered ${kind === 'pck' ? 'leaf' : 'attestation key'} at the leaf's last second`,
      rule: DATES,
      with: { leaf: { notAfter: MINTED_AT + 60 }, atUnix: MINTED_AT + 60 },
      primer: { leaf: { notAfter: MINTED_AT + 60 } },
      kind,
      onChain: 'accepted',
    })),
  ];
}
