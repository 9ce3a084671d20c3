import { concatBytes, equalBytes, toHex } from './bytes';
import { parsePlainCertificate, type PlainCertificate } from './certificate';
import {
  attempt,
  authorityFault,
  commonValidity,
  dateFinding,
  fine,
  isRoot,
  issueFault,
  leafFault,
  ROLE,
  wrong,
} from './chain';
import type { Checklist, Finding } from './checks';
import type { AttestationCrypto } from './crypto/types';
import { AttestationError } from './errors';
import { parsePckExtension, type PckExtension } from './pckExtension';
import type { PreparedCollateral } from './prepare';
import { parseQuote, QE_VENDOR_INTEL, type Quote } from './quote';

/** What the quote itself says and proves, whatever Intel says today. */

/** The platform that made a quote, as far as its certificates can be read. */
export interface Platform {
  leaf: PlainCertificate;
  ca: PlainCertificate;
  pck: PckExtension | null;
}

/** Reads the quote; null where it cannot be read. */
export function checkFormat(bytes: Uint8Array, list: Checklist): Quote | null {
  let quote: Quote;
  try {
    quote = parseQuote(bytes);
  } catch (error) {
    if (!(error instanceof AttestationError)) throw error;
    noteUnreadable(error, list);
    return null;
  }
  list.note('quote-format', fine(`${bytes.length} bytes, ${quote.padding.length} of them unsigned padding`));
  list.note('quote-version', fine(`version ${quote.version}, TD body ${quote.kind === 6 ? '1.5' : '1.0'}`));
  list.note('tee-type', fine('TDX'));
  const vendor = toHex(quote.qeVendorId);
  list.note('qe-vendor', { ok: vendor === QE_VENDOR_INTEL, seen: vendor });
  return quote;
}

function noteUnreadable({ code, message }: AttestationError, list: Checklist): void {
  if (code === 'quote_version') return list.note('quote-version', wrong(message));
  if (code !== 'tee_type') return list.note('quote-format', wrong(message));
  list.note('quote-version', fine('4 or 5'));
  list.note('tee-type', wrong(message));
}

/** Leaf, authority and root of the quote; null where a certificate cannot be read. */
export async function checkChain(
  quote: Quote,
  atUnix: number,
  collateral: PreparedCollateral,
  crypto: AttestationCrypto,
  list: Checklist,
): Promise<Platform | null> {
  const { root } = collateral;
  const [leafDer, caDer, rootDer] = quote.certificates;
  list.note('root-pinned', isRoot(rootDer!, root) ? fine(root.subjectCn) : wrong('another certificate'));

  const leaf = attempt(() => parsePlainCertificate(leafDer!));
  const known = knownAuthority(caDer!, collateral);
  const ca = known === null ? attempt(() => parsePlainCertificate(caDer!)) : { value: known, reason: null };
  if (leaf.value === null || ca.value === null) {
    list.note('pck-chain', wrong(leaf.reason ?? ca.reason ?? ''));
    return null;
  }
  const fault =
    leafFault(leaf.value, ROLE.leaf) ??
    (known === null ? await authorityOrIssueFault(ca.value, root, crypto) : null) ??
    (await issueFault(leaf.value, ca.value, crypto));
  list.note(
    'pck-chain',
    fault === null ? fine(`${leaf.value.subjectCn} < ${ca.value.subjectCn}`) : wrong(fault),
  );
  list.note('pck-date', dateFinding(atUnix, commonValidity([leaf.value, ca.value, root])));
  return { leaf: leaf.value, ca: ca.value, pck: checkExtension(leaf.value, ca.value, list) };
}

/** All known platforms share one authority: where collateral has proved it already, that holds here too. */
function knownAuthority(der: Uint8Array, { pckCrlIssuer }: PreparedCollateral): PlainCertificate | null {
  const { ok, certificate } = pckCrlIssuer;
  return ok && certificate !== null && equalBytes(certificate.der, der) ? certificate : null;
}

async function authorityOrIssueFault(
  ca: PlainCertificate,
  root: PlainCertificate,
  crypto: AttestationCrypto,
): Promise<string | null> {
  return authorityFault(ca, [ROLE.platformCa, ROLE.processorCa]) ?? (await issueFault(ca, root, crypto));
}

/** Leaves of the platform authority name instance and configuration, those of the processor authority do not. */
function checkExtension(leaf: PlainCertificate, ca: PlainCertificate, list: Checklist): PckExtension | null {
  if (leaf.sgxExtension === null) {
    list.note('pck-extension', wrong('the leaf has none'));
    return null;
  }
  const { value, reason } = attempt(() => parsePckExtension(leaf.sgxExtension!));
  if (value === null) {
    list.note('pck-extension', wrong(reason));
    return null;
  }
  const parts = value.flags === null ? 5 : 7;
  const wanted = ca.subjectCn === ROLE.processorCa ? 5 : 7;
  const seen = `PPID ${toHex(value.ppid)}, SVNs ${value.sgxSvns.join('.')}, PCE ${value.pceSvn}`;
  list.note(
    'pck-extension',
    parts === wanted ? fine(seen) : wrong(`${parts} parts where its authority writes ${wanted}`),
  );
  return value;
}

/** The three signatures' last two, and what ties them together. */
export async function checkSignatures(
  quote: Quote,
  leaf: PlainCertificate | null,
  crypto: AttestationCrypto,
  list: Checklist,
): Promise<void> {
  if (leaf !== null) {
    const signed = await crypto.verifyP256(leaf.publicKey, quote.qeReport, quote.qeReportSignature);
    list.note('qe-report-signature', signatureFinding(signed));
  }
  list.note('attestation-key-binding', await bindingFinding(quote, crypto));
  const signed = await crypto.verifyP256(quote.attestationKey, quote.signed, quote.signature);
  list.note('quote-signature', signatureFinding(signed));
}

function signatureFinding(ok: boolean): Finding {
  return ok ? fine('valid') : wrong('no signature of these bytes by this key');
}

async function bindingFinding(quote: Quote, crypto: AttestationCrypto): Promise<Finding> {
  const hash = await crypto.sha256(concatBytes(quote.attestationKey, quote.qeAuthData));
  const bound = equalBytes(quote.qe.reportData, concatBytes(hash, new Uint8Array(32)));
  return { ok: bound, seen: toHex(quote.qe.reportData), expected: `${toHex(hash)} and 32 zero bytes` };
}
