import { AUTHORITIES, type Authority } from '../authorities';
import {
  CN,
  authorityKeyId,
  basicConstraints,
  extension,
  keyId,
  keyUsage,
  subjectKeyId,
  writeCertificate,
  type CertificateFields,
} from '../certificateWriter';
import * as der from '../derWriter';
import { keyFromSeed } from '../keys';
import { authorityFields, mintAuthority } from '../mintAuthorities';
import { topic } from './vector';

const ROLE = 'Intel QVL, PckCertVerifier: each certificate has the common name of its role';
const ROOT = 'Intel QVL, PckCertVerifier: the root of the chain is the trusted one';
const SIGNED_BY_ROOT = 'Intel QVL, CommonVerifier verifyIntermediate: the root issued and signed it';
const RFC = 'RFC 5280';
const OTHER_TEXT = {
  kind: 'ca',
  refusal: 'pck-chain',
  onChain: 'unbuildable',
  forced: 'ERROR_PLATFORM_CA_SIGNATURE',
} as const;

/** The platform CA with a certificate that differs from Intel's profile in one thing. */
export function platformCa(twist: Partial<CertificateFields>): Authority {
  return { ...AUTHORITIES.platformCa, certificate: mintAuthority('platformCa', twist) };
}

function extensions(change: (all: readonly Buffer[]) => readonly Buffer[]): Partial<CertificateFields> {
  return { extensions: change(authorityFields('platformCa').extensions) };
}

const replaced = (index: number, by: Buffer) =>
  extensions((all) => all.map((one, i) => (i === index ? by : one)));

const stranger = keyFromSeed('stranger');
/** Like the root in everything but its key. */
const falseRoot = writeCertificate(
  {
    ...authorityFields('root'),
    publicKey: stranger.publicKey,
    extensions: authorityFields('root').extensions.map((one, i) =>
      i === 0
        ? authorityKeyId(keyId(stranger.publicKey))
        : i === 2
          ? subjectKeyId(keyId(stranger.publicKey))
          : one,
    ),
  },
  stranger,
);
/** The platform CA's certificate, signed by the stranger. */
const falselySigned: Authority = {
  ...AUTHORITIES.platformCa,
  certificate: writeCertificate(authorityFields('platformCa'), stranger),
};

const unknown = (critical: boolean) =>
  extension('1.3.6.1.4.1.99999.1', der.octetString(Buffer.from('later')), critical);

/** The two certificates above the leaf. */
export const AUTHORITY_VECTORS = topic('authority', [
  {
    name: 'a platform CA signed by a stranger',
    rule: SIGNED_BY_ROOT,
    with: { authority: falselySigned },
    kind: 'ca',
    refusal: 'pck-chain',
    onChain: 'ERROR_PLATFORM_CA_SIGNATURE',
  },
  {
    name: 'a whole chain of its own, in the names of Intel',
    rule: ROOT,
    with: { authority: falselySigned, chain: ([leaf, authority]) => [leaf, authority, falseRoot] },
    kind: 'ca',
    refusal: 'root-pinned',
    also: ['pck-chain'],
    onChain: 'ERROR_PLATFORM_CA_SIGNATURE',
  },
  {
    name: 'the right root with another signature on it',
    rule: 'DESIGN 5: the root is a constant of the code, every byte of it',
    with: {
      chain: ([leaf, authority]) => [
        leaf,
        authority,
        mintAuthority('root', { serial: Buffer.from('01', 'hex') }),
      ],
    },
    refusal: 'root-pinned',
    onChain: 'unseen',
  },
  {
    name: 'a chain that ends at the platform CA',
    rule: ROOT,
    with: { chain: ([leaf, authority]) => [leaf, authority, authority] },
    refusal: 'root-pinned',
    onChain: 'unseen',
  },
  {
    name: 'a chain from root to leaf',
    rule: 'Intel QVL, CertificateChain: leaf first',
    with: { chain: ([leaf, authority, root]) => [root, authority, leaf] },
    refusal: 'root-pinned',
    also: ['pck-chain', 'pck-extension', 'qe-report-signature', 'pck-crl-issuer'],
    onChain: 'unbuildable',
  },
  {
    name: 'a chain with CA and leaf exchanged',
    rule: 'Intel QVL, CertificateChain: leaf first',
    with: { chain: ([leaf, authority, root]) => [authority, leaf, root] },
    refusal: 'pck-chain',
    also: ['pck-extension', 'qe-report-signature', 'pck-crl-issuer'],
    onChain: 'unbuildable',
  },
  {
    name: 'the root in place of the platform CA',
    rule: ROLE,
    with: { chain: ([leaf, , root]) => [leaf, root, root] },
    refusal: 'pck-chain',
    also: ['pck-crl-issuer'],
    kind: 'ca',
    onChain: 'unbuildable',
  },
  {
    name: 'the TCB signer in place of the platform CA',
    rule: ROLE,
    with: { chain: ([leaf, , root]) => [leaf, AUTHORITIES.tcbSigning.certificate, root] },
    refusal: 'pck-chain',
    also: ['pck-crl-issuer'],
    kind: 'ca',
    onChain: 'unbuildable',
  },
  {
    name: 'the processor CA above a leaf of the platform CA',
    rule: 'RFC 5280, 6.1.3 (a)(4): the issuer is the certificate above',
    with: { chain: ([leaf, , root]) => [leaf, AUTHORITIES.processorCa.certificate, root] },
    refusal: 'pck-chain',
    also: ['pck-extension', 'pck-crl-issuer'],
    kind: 'ca',
    onChain: 'unbuildable',
  },
  {
    name: 'a platform CA of another role',
    rule: ROLE,
    with: { authority: platformCa({ subject: 'Intel SGX PCK Other CA' }) },
    ...OTHER_TEXT,
  },
  {
    name: 'a platform CA that names another issuer',
    rule: SIGNED_BY_ROOT,
    with: { authority: platformCa({ issuer: CN.platformCa }) },
    ...OTHER_TEXT,
  },
  {
    name: 'a platform CA that is no authority',
    rule: `${RFC}, 6.1.4 (k): cA is true`,
    with: { authority: platformCa(replaced(4, basicConstraints(null))) },
    ...OTHER_TEXT,
  },
  {
    name: 'a platform CA without basic constraints',
    rule: `${RFC}, 6.1.4 (k): cA is true`,
    with: { authority: platformCa(extensions((all) => all.slice(0, 4))) },
    ...OTHER_TEXT,
  },
  {
    name: 'a platform CA that may not sign certificates',
    rule: `${RFC}, 6.1.4 (n): keyCertSign is set`,
    with: { authority: platformCa(replaced(3, keyUsage('signer'))) },
    ...OTHER_TEXT,
  },
  {
    name: 'a platform CA without key usage',
    rule: `${RFC}, 6.1.4 (n), and Intel's profile, where it is mandatory`,
    with: { authority: platformCa(extensions((all) => all.filter((_, i) => i !== 3))) },
    ...OTHER_TEXT,
  },
  {
    name: 'a platform CA with an unknown critical extension',
    rule: `${RFC}, 4.2: such a certificate must be rejected`,
    with: { authority: platformCa(extensions((all) => [...all, unknown(true)])) },
    ...OTHER_TEXT,
  },
  {
    name: 'a platform CA with an unknown extension that is not critical',
    rule: `${RFC}, 4.2: it may be ignored`,
    with: { authority: platformCa(extensions((all) => [...all, unknown(false)])) },
    kind: 'ca',
    onChain: 'unbuildable',
    forced: 'ERROR_PLATFORM_CA_SIGNATURE',
  },
  {
    name: "a platform CA with another key than its leaves' issuer",
    rule: `${RFC}, 6.1.3 (a)(1): the key above verifies the signature`,
    with: { authority: platformCa({ publicKey: stranger.publicKey }) },
    kind: 'ca',
    refusal: 'pck-chain',
    also: ['pck-crl-issuer'],
    onChain: 'ERROR_PLATFORM_LEAF_SIGNATURE',
  },
]);
