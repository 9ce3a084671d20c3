import { equalBytes, toHex } from './bytes';
import { parsePlainCertificate, type PlainCertificate } from './certificate';
import {
  attempt,
  authorityFault,
  commonValidity,
  fine,
  isRoot,
  issueFault,
  leafFault,
  parseRoot,
  ROLE,
  windowOf,
  wrong,
  type Window,
} from './chain';
import type { Finding } from './checks';
import { parseCollateral, type CollateralParts } from './collateral';
import { parseCrl, type Crl } from './crl';
import type { AttestationCrypto } from './crypto/types';
import { parsePemChain } from './pem';
import { parseQeIdentity, type QeIdentity } from './qeIdentity';
import { parseTcbInfo, type TcbInfo } from './tcbInfo';

/**
 * Collateral with everything done that neither the quote nor the clock can change: structures read, signatures
 * checked. What was found is kept with its reasons, null where a check could not be made; dates are judged at each
 * use. Only `prepareCollateral` makes one.
 */
export interface PreparedCollateral {
  /** The pinned root that all of it was checked against. */
  root: PlainCertificate;
  format: Finding;
  /** `serials`: of the certificates that signed, in hex. */
  tcbSigner: Finding & { serials: string[] };
  tcbInfo: TcbInfo | null;
  tcbInfoFormat: Finding | null;
  tcbInfoSignature: Finding | null;
  qeIdentity: QeIdentity | null;
  qeIdentityFormat: Finding | null;
  qeIdentitySignature: Finding | null;
  rootCrl: Crl | null;
  rootCrlSignature: Finding | null;
  pckCrl: Crl | null;
  pckCrlSignature: Finding | null;
  pckCrlIssuer: Finding & { certificate: PlainCertificate | null };
  /** When each part is in date; null where it cannot be read. */
  windows: Record<DatedPart, Window | null>;
  /** Unix seconds: from here on some part is out of date, so fetch anew; null where a part has no date. */
  validUntil: number | null;
}

type DatedPart = 'tcbSigner' | 'tcbInfo' | 'qeIdentity' | 'rootCrl' | 'pckCrl' | 'pckCrlIssuer';

const made = new WeakSet<object>();

/** False for an object that only looks like one. */
export function isPrepared(value: unknown): value is PreparedCollateral {
  return typeof value === 'object' && value !== null && made.has(value);
}

/** Reads and checks collateral under a root (DER); what is wrong with it is in the result, so it throws for nothing. */
export async function prepareCollateral(
  collateral: unknown,
  rootDer: Uint8Array,
  crypto: AttestationCrypto,
): Promise<PreparedCollateral> {
  const root = parseRoot(rootDer);
  const { value: parts, reason } = attempt(() => parseCollateral(collateral));
  const prepared = parts === null ? nothing(root, wrong(reason)) : await prepareParts(parts, root, crypto);
  made.add(Object.freeze(prepared));
  return prepared;
}

function nothing(root: PlainCertificate, format: Finding): PreparedCollateral {
  return {
    root,
    format,
    tcbSigner: { ...format, serials: [] },
    tcbInfo: null,
    tcbInfoFormat: null,
    tcbInfoSignature: null,
    qeIdentity: null,
    qeIdentityFormat: null,
    qeIdentitySignature: null,
    rootCrl: null,
    rootCrlSignature: null,
    pckCrl: null,
    pckCrlSignature: null,
    pckCrlIssuer: { ...format, certificate: null },
    windows: {
      tcbSigner: null,
      tcbInfo: null,
      qeIdentity: null,
      rootCrl: null,
      pckCrl: null,
      pckCrlIssuer: null,
    },
    validUntil: null,
  };
}

async function prepareParts(
  parts: CollateralParts,
  root: PlainCertificate,
  crypto: AttestationCrypto,
): Promise<PreparedCollateral> {
  const tcbSigner = await prepareSigner(parts.tcbInfoIssuerChain, root, crypto);
  const sameChain = parts.qeIdentityIssuerChain === parts.tcbInfoIssuerChain;
  const qeSigner = sameChain ? tcbSigner : await prepareSigner(parts.qeIdentityIssuerChain, root, crypto);
  const info = attempt(() => parseTcbInfo(parts.tcbInfo));
  const identity = attempt(() => parseQeIdentity(parts.qeIdentity));
  const rootCrl = attempt(() => parseCrl(parts.rootCrl));
  const pckCrl = attempt(() => parseCrl(parts.pckCrl));
  const pckCa = await prepareAuthority(parts.pckCrlIssuerChain, root, crypto);
  const signers = [tcbSigner.certificate, qeSigner.certificate].filter((signer) => signer !== null);
  const windows = {
    tcbSigner: signers.length === 2 ? commonValidity(signers) : null,
    tcbInfo: info.value && windowOf(info.value.issueDate, info.value.nextUpdate),
    qeIdentity: identity.value && windowOf(identity.value.issueDate, identity.value.nextUpdate),
    rootCrl: rootCrl.value && windowOf(rootCrl.value.thisUpdate, rootCrl.value.nextUpdate),
    pckCrl: pckCrl.value && windowOf(pckCrl.value.thisUpdate, pckCrl.value.nextUpdate),
    pckCrlIssuer: pckCa.certificate && commonValidity([pckCa.certificate]),
  };
  return {
    root,
    format: fine('all nine'),
    tcbSigner: bothSigners(tcbSigner, qeSigner),
    tcbInfo: info.value,
    tcbInfoFormat: info.reason === null ? fine(`${info.value.levels.length} levels`) : wrong(info.reason),
    tcbInfoSignature: await textSignature(parts.tcbInfo, parts.tcbInfoSignature, tcbSigner, crypto),
    qeIdentity: identity.value,
    qeIdentityFormat: identity.reason === null ? fine('TD_QE, version 2') : wrong(identity.reason),
    qeIdentitySignature: await textSignature(parts.qeIdentity, parts.qeIdentitySignature, qeSigner, crypto),
    rootCrl: rootCrl.value,
    rootCrlSignature:
      rootCrl.value === null ? wrong(rootCrl.reason) : await listFinding(rootCrl.value, root, crypto),
    pckCrl: pckCrl.value,
    pckCrlSignature:
      pckCrl.value === null
        ? wrong(pckCrl.reason)
        : await listFinding(pckCrl.value, pckCa.certificate, crypto),
    pckCrlIssuer: issuerFinding(pckCa),
    windows,
    validUntil: earliestEnd(Object.values(windows)),
  };
}

interface Holder {
  certificate: PlainCertificate | null;
  /** Null where its certificate is good, but for its dates. */
  fault: string | null;
}

function prepareSigner(pem: string, root: PlainCertificate, crypto: AttestationCrypto): Promise<Holder> {
  return prepareHolder(pem, root, crypto, (certificate) => leafFault(certificate, ROLE.tcbSigning));
}

function prepareAuthority(pem: string, root: PlainCertificate, crypto: AttestationCrypto): Promise<Holder> {
  const roles = [ROLE.platformCa, ROLE.processorCa];
  return prepareHolder(pem, root, crypto, (certificate) => authorityFault(certificate, roles));
}

/** A chain of two: somebody in a role, and the pinned root. */
async function prepareHolder(
  pem: string,
  root: PlainCertificate,
  crypto: AttestationCrypto,
  roleFault: (certificate: PlainCertificate) => string | null,
): Promise<Holder> {
  const chain = attempt(() => parsePemChain(pem));
  if (chain.value === null) return { certificate: null, fault: chain.reason };
  const [first, last] = chain.value;
  const { value: certificate, reason } = attempt(() => parsePlainCertificate(first!));
  if (certificate === null) return { certificate: null, fault: reason };
  if (chain.value.length !== 2)
    return { certificate, fault: `the chain has ${chain.value.length} certificates, not 2` };
  if (!isRoot(last!, root)) return { certificate, fault: 'the chain ends at another root' };
  return { certificate, fault: roleFault(certificate) ?? (await issueFault(certificate, root, crypto)) };
}

function bothSigners(tcb: Holder, qe: Holder): PreparedCollateral['tcbSigner'] {
  const fault = tcb.fault ?? qe.fault;
  const signers = [tcb, qe].map(({ certificate }) => certificate).filter((signer) => signer !== null);
  const serials = [...new Set(signers.map(({ serial }) => toHex(serial)))];
  return { ...(fault === null ? fine(ROLE.tcbSigning) : wrong(fault)), serials };
}

async function textSignature(
  text: string,
  signature: Uint8Array,
  signer: Holder,
  crypto: AttestationCrypto,
): Promise<Finding | null> {
  if (signer.certificate === null) return null;
  const ok = await crypto.verifyP256(signer.certificate.publicKey, new TextEncoder().encode(text), signature);
  return ok
    ? fine(`by "${signer.certificate.subjectCn}"`)
    : wrong('the signature is not over this text by this key');
}

async function listFinding(
  list: Crl,
  issuer: PlainCertificate | null,
  crypto: AttestationCrypto,
): Promise<Finding | null> {
  if (issuer === null) return null;
  if (!equalBytes(list.issuer, issuer.subject)) return wrong(`it names "${list.issuerCn}" as its issuer`);
  if (list.aki === null || issuer.ski === null || !equalBytes(list.aki, issuer.ski)) {
    return wrong('it names another key of its issuer');
  }
  const ok = await crypto.verifyP256(issuer.publicKey, list.tbs, list.signature);
  return ok ? fine(`${list.revoked.size} entries`) : wrong(`not signed by "${issuer.subjectCn}"`);
}

function issuerFinding({ certificate, fault }: Holder): PreparedCollateral['pckCrlIssuer'] {
  if (certificate === null || fault !== null) return { ...wrong(fault ?? 'no certificate'), certificate };
  return { ...fine(certificate.subjectCn), certificate };
}

function earliestEnd(windows: readonly (Window | null)[]): number | null {
  const dated = windows.filter((window) => window !== null);
  return dated.length === windows.length ? Math.min(...dated.map(({ to }) => to)) + 1 : null;
}
