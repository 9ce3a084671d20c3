import { equalBytes } from './bytes';
import { parsePlainCertificate, type PlainCertificate } from './certificate';
import type { Finding } from './checks';
import type { AttestationCrypto } from './crypto/types';
import { AttestationError } from './errors';
import { isoText } from './time';

/** Who may issue what: certificates are judged by role, and a right signature in a wrong role counts for nothing. */

export const ROLE = {
  root: 'Intel SGX Root CA',
  platformCa: 'Intel SGX PCK Platform CA',
  processorCa: 'Intel SGX PCK Processor CA',
  leaf: 'Intel SGX PCK Certificate',
  tcbSigning: 'Intel SGX TCB Signing',
} as const;

export const fine = (seen: string): Finding => ({ ok: true, seen });
export const wrong = (seen: string): Finding => ({ ok: false, seen });

/** What `parse` gives, or what it found wrong; other errors are defects and go on. */
export function attempt<T>(parse: () => T): { value: T; reason: null } | { value: null; reason: string } {
  try {
    return { value: parse(), reason: null };
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    return { value: null, reason: error.message };
  }
}

/** Whether `der` is the pinned root, byte for byte: another certificate of the same key is another root. */
export function isRoot(der: Uint8Array, root: PlainCertificate): boolean {
  return equalBytes(der, root.der);
}

/** The first thing that is wrong with a certificate in the role of an end entity; null where nothing is. */
export function leafFault(certificate: PlainCertificate, role: string): string | null {
  const { keyUsage, isCa } = certificate;
  if (certificate.subjectCn !== role) return `its subject is "${certificate.subjectCn}", not "${role}"`;
  if (isCa) return `"${role}" is an authority`;
  if (keyUsage === null || !keyUsage.digitalSignature) return `"${role}" may not sign`;
  if (keyUsage.keyCertSign || keyUsage.cRLSign) return `"${role}" may sign certificates or lists`;
  return extensionFault(certificate);
}

/** The same for an authority that issues leaves and lists. */
export function authorityFault(certificate: PlainCertificate, roles: readonly string[]): string | null {
  const { keyUsage, isCa, subjectCn } = certificate;
  if (!roles.includes(subjectCn)) return `its subject is "${subjectCn}", not "${roles.join('" or "')}"`;
  if (!isCa) return `"${subjectCn}" is no authority`;
  if (keyUsage === null || !keyUsage.keyCertSign) return `"${subjectCn}" may not sign certificates`;
  if (!keyUsage.cRLSign) return `"${subjectCn}" may not sign lists`;
  return extensionFault(certificate);
}

function extensionFault({ unknownCritical, subjectCn }: PlainCertificate): string | null {
  const [unknown] = unknownCritical;
  return unknown === undefined ? null : `"${subjectCn}" has the unknown critical extension ${unknown}`;
}

/** The first reason why `issuer` did not issue `certificate`; null where it did. */
export async function issueFault(
  certificate: PlainCertificate,
  issuer: PlainCertificate,
  crypto: AttestationCrypto,
): Promise<string | null> {
  const name = `"${certificate.subjectCn}"`;
  if (!equalBytes(certificate.issuer, issuer.subject)) return `${name} names another issuer`;
  if (certificate.aki === null || issuer.ski === null || !equalBytes(certificate.aki, issuer.ski)) {
    return `${name} names another key of its issuer`;
  }
  const signed = await crypto.verifyP256(issuer.publicKey, certificate.tbs, certificate.signature);
  return signed ? null : `${name} is not signed by "${issuer.subjectCn}"`;
}

/** Dates that include both ends, in Unix seconds, and how they are shown: writing them takes long. */
export interface Window {
  from: number;
  to: number;
  text: string;
}

export function windowOf(from: number, to: number): Window {
  return { from, to, text: `${isoText(from)} to ${isoText(to)}` };
}

export function dateFinding(atUnix: number, { from, to, text }: Window): Finding {
  const ok = from <= atUnix && atUnix <= to;
  return { ok, seen: ok ? text : `${text}, and it is ${isoText(atUnix)}` };
}

/** When all of these are valid; `from` is above `to` where they never are together. */
export function commonValidity(certificates: readonly PlainCertificate[]): Window {
  return windowOf(
    Math.max(...certificates.map(({ notBefore }) => notBefore)),
    Math.min(...certificates.map(({ notAfter }) => notAfter)),
  );
}

/** The pinned root itself: a constant, so a broken one is a defect. */
export function parseRoot(der: Uint8Array): PlainCertificate {
  const root = parsePlainCertificate(der);
  const fault = authorityFault(root, [ROLE.root]);
  if (fault !== null) throw new AttestationError('certificate_malformed', `the pinned root: ${fault}`);
  return root;
}
