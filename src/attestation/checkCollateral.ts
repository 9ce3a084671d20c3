import { equalBytes, toHex } from './bytes';
import type { PlainCertificate } from './certificate';
import { dateFinding, fine, wrong, type Window } from './chain';
import { checklist, type Check, type CheckName, type Checklist, type Finding } from './checks';
import type { Crl } from './crl';
import type { Platform } from './checkQuote';
import type { PreparedCollateral } from './prepare';

/** Whether Intel's words are Intel's, of today, and about this platform; and whether they revoke somebody. */
export function checkCollateral(
  collateral: PreparedCollateral,
  platform: Platform | null,
  atUnix: number,
  list: Checklist,
): void {
  list.note('collateral', collateral.format);
  if (!collateral.format.ok) return;

  list.note('tcb-signer', dated(collateral.tcbSigner, collateral.windows.tcbSigner, atUnix));
  list.note('tcb-info-signature', collateral.tcbInfoSignature);
  list.note('tcb-info-format', collateral.tcbInfoFormat);
  list.note('qe-identity-signature', collateral.qeIdentitySignature);
  list.note('qe-identity-format', collateral.qeIdentityFormat);
  noteDate('tcb-info-date', collateral.windows.tcbInfo, atUnix, list);
  noteDate('qe-identity-date', collateral.windows.qeIdentity, atUnix, list);

  list.note('root-crl-signature', collateral.rootCrlSignature);
  list.note('pck-crl-signature', collateral.pckCrlSignature);
  noteDate('root-crl-date', collateral.windows.rootCrl, atUnix, list);
  noteDate('pck-crl-date', collateral.windows.pckCrl, atUnix, list);
  if (platform !== null) list.note('pck-crl-issuer', issuerFinding(collateral, platform, atUnix));
  checkRevocation(collateral, platform, list);
}

function dated(finding: Finding, window: Window | null, atUnix: number): Finding {
  if (!finding.ok || window === null) return finding;
  const date = dateFinding(atUnix, window);
  return { ...date, seen: `${finding.seen}, ${date.seen}` };
}

function noteDate(name: CheckName, window: Window | null, atUnix: number, list: Checklist): void {
  if (window !== null) list.note(name, dateFinding(atUnix, window));
}

/** What of collateral can be judged without a quote. */
const WITHOUT_QUOTE: readonly CheckName[] = [
  'collateral',
  'tcb-signer',
  'tcb-info-signature',
  'tcb-info-format',
  'tcb-info-date',
  'qe-identity-signature',
  'qe-identity-format',
  'qe-identity-date',
  'root-crl-signature',
  'root-crl-date',
  'pck-crl-issuer',
  'pck-crl-signature',
  'pck-crl-date',
  'tcb-signer-revoked',
];

/** The first thing that is wrong with collateral whatever the quote is; null where it is worth keeping. */
export function collateralFault(collateral: PreparedCollateral, atUnix: number): Check | null {
  const list = checklist();
  checkCollateral(collateral, null, atUnix, list);
  const { pckCrlIssuer, windows } = collateral;
  list.note('pck-crl-issuer', dated(pckCrlIssuer, windows.pckCrlIssuer, atUnix));
  return list.finish().find(({ name, ok }) => !ok && WITHOUT_QUOTE.includes(name)) ?? null;
}

/** A list of the other PCK authority says nothing about this leaf. */
function issuerFinding(
  { pckCrlIssuer, pckCrl, windows }: PreparedCollateral,
  { leaf, ca }: Platform,
  atUnix: number,
): Finding | null {
  const { certificate } = pckCrlIssuer;
  if (!pckCrlIssuer.ok || certificate === null) return pckCrlIssuer;
  if (pckCrl === null) return null;
  const same = equalBytes(pckCrl.issuer, leaf.issuer) && equalBytes(certificate.publicKey, ca.publicKey);
  if (!same) return wrong(`it is of "${pckCrl.issuerCn}", the leaf of "${leaf.issuerCn}"`);
  return dated(pckCrlIssuer, windows.pckCrlIssuer, atUnix);
}

/** Lists that are not authentic cannot clear anybody, so then these stay unchecked. */
function checkRevocation(collateral: PreparedCollateral, platform: Platform | null, list: Checklist): void {
  const { rootCrl, pckCrl, pckCrlIssuer, tcbSigner } = collateral;
  if (platform !== null && pckCrl !== null && list.passed(['pck-crl-signature'])) {
    list.note('leaf-revoked', revocation(pckCrl, [serialOf(platform.leaf)]));
  }
  if (rootCrl === null || !list.passed(['root-crl-signature'])) return;
  list.note('tcb-signer-revoked', revocation(rootCrl, tcbSigner.serials));
  const authorities = [platform?.ca ?? null, pckCrlIssuer.certificate].filter((ca) => ca !== null);
  if (platform !== null) list.note('ca-revoked', revocation(rootCrl, authorities.map(serialOf)));
}

function serialOf({ serial }: PlainCertificate): string {
  return toHex(serial);
}

function revocation({ revoked }: Crl, serials: readonly string[]): Finding | null {
  if (serials.length === 0) return null;
  const found = serials.filter((serial) => revoked.has(serial));
  return found.length === 0 ? fine('not on it') : wrong(`revoked: ${found.join(', ')}`);
}
