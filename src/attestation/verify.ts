import type { Root } from '../protocol/root';
import { equalBytes, toHex } from './bytes';
import { checkCollateral } from './checkCollateral';
import { checkTcbPolicy, checkTdPolicy } from './checkPolicy';
import { checkChain, checkFormat, checkSignatures, type Platform } from './checkQuote';
import { checklist, type Check, type CheckName, type Checklist } from './checks';
import { checkTcb, type TcbConclusion } from './checkTcb';
import type { AttestationCrypto } from './crypto/types';
import { AttestationError } from './errors';
import { imageId, shape } from './image';
import type { PckExtension } from './pckExtension';
import { parsePolicy, STRICT_POLICY } from './policy';
import { isPrepared, prepareCollateral, type PreparedCollateral } from './prepare';
import type { Quote } from './quote';
import { INTEL_ROOT } from './roots';
import type { TcbStatus } from './status';

/** What a verification found. Everything but `verdict` and `refusal` is worth believing only if it was accepted. */
export interface Verdict {
  verdict: 'accepted' | 'refused';
  /** Name of the first check that found something wrong; those that could not be made follow from it. */
  refusal: CheckName | null;
  /** Null unless everything that it rests on is authentic. */
  tcbStatus: TcbStatus | null;
  /** Sorted; empty without a status. */
  advisories: string[];
  /** Hex in lower case, as the quote has them; null where it cannot be read. */
  imageId: string | null;
  shape: string | null;
  fmspc: string | null;
  ppid: string | null;
  reportData: string | null;
  /** The machine's trusted computing base; null where it cannot be read. */
  tcb: QuotedTcb | null;
  /** Unix seconds from which on some certificate, list or text is out of date; null where one has no date. */
  validUntil: number | null;
  /** Every check there is, in one order, also those that could not be made. */
  checks: Check[];
}

/** What floors are compared with, in the order of the certificate and of the quote's body. */
export interface QuotedTcb {
  pceId: number;
  pceSvn: number;
  /** 16 bytes in hex, as are the next two. */
  sgxSvns: string;
  teeTcbSvn: string;
  /** Zero for a TD body 1.0. */
  teeTcbSvn2: string;
  qeIsvSvn: number;
}

export interface VerifyInput {
  quote: Uint8Array;
  /** JSON as in collateral.ts, or what `prepareCollateral` made of it under the same root. */
  collateral: unknown;
  /** The verifier's clock, Unix seconds. */
  atUnix: number;
  /** Plain JSON as in policy.ts; nothing means the strict one. */
  policy?: unknown;
}

/**
 * Verifies a quote under a root (DER). Whatever is wrong with quote or collateral is in the verdict; throws
 * AttestationError only for what the caller decides: `policy_malformed`, `clock_malformed`, and collateral that was
 * prepared under another root.
 */
export async function verifyQuote(
  input: VerifyInput & { root: Uint8Array },
  crypto: AttestationCrypto,
): Promise<Verdict> {
  const policy = parsePolicy(input.policy ?? STRICT_POLICY);
  requireClock(input.atUnix);
  const list = checklist();
  // Copied before the first wait: from here on the caller may do with its bytes what it likes.
  const quote = checkFormat(input.quote, list);
  const collateral = await prepared(input.collateral, input.root, crypto);
  const platform = quote && (await checkChain(quote, input.atUnix, collateral, crypto, list));
  if (quote !== null) await checkSignatures(quote, platform?.leaf ?? null, crypto, list);
  checkCollateral(collateral, platform, input.atUnix, list);

  const conclusion = concludeTcb(quote, platform?.pck ?? null, collateral, list);
  checkTcbPolicy(conclusion, collateral, policy, list);
  const names = quote && (await namesOf(quote, rootName(input.root), crypto));
  if (quote !== null && names !== null) checkTdPolicy(quote.body, names, policy, list);
  return verdictOf(list, { quote, names, platform, conclusion, collateral });
}

/** A verifier whose root cannot be chosen any more. */
export interface QuoteVerifier {
  verify(input: VerifyInput): Promise<Verdict>;
  /** Reads and checks collateral once, for many quotes: about half of the work of one verification. */
  prepare(collateral: unknown): Promise<PreparedCollateral>;
}

export function verifierOf(root: Uint8Array, crypto: AttestationCrypto): QuoteVerifier {
  return {
    verify: (input) => verifyQuote({ ...input, root }, crypto),
    prepare: (collateral) => prepareCollateral(collateral, root, crypto),
  };
}

const LAST_SECOND = 253_402_300_799; // 9999-12-31T23:59:59Z

function requireClock(atUnix: number): void {
  if (Number.isInteger(atUnix) && atUnix >= 0 && atUnix <= LAST_SECOND) return;
  throw new AttestationError('clock_malformed', `${atUnix} is no time in whole seconds since 1970`);
}

async function prepared(
  collateral: unknown,
  root: Uint8Array,
  crypto: AttestationCrypto,
): Promise<PreparedCollateral> {
  if (!isPrepared(collateral)) return prepareCollateral(collateral, root, crypto);
  if (equalBytes(collateral.root.der, root)) return collateral;
  throw new AttestationError('collateral_malformed', 'the collateral was prepared under another root');
}

/** Levels from a text that nobody signed would mean nothing. */
function concludeTcb(
  quote: Quote | null,
  pck: PckExtension | null,
  { tcbInfo, qeIdentity }: PreparedCollateral,
  list: Checklist,
): TcbConclusion | null {
  const signed = list.passed(['tcb-info-signature', 'qe-identity-signature']);
  if (quote === null || pck === null || tcbInfo === null || qeIdentity === null || !signed) return null;
  return checkTcb(quote, pck, tcbInfo, qeIdentity, list);
}

interface Names {
  imageId: string;
  shape: string;
}

/** Only what Intel vouches for gets the name of a genuine image. */
function rootName(root: Uint8Array): Root {
  return equalBytes(root, INTEL_ROOT) ? 'intel' : 'simulated';
}

async function namesOf({ body }: Quote, root: Root, crypto: AttestationCrypto): Promise<Names> {
  return { imageId: toHex(await imageId(body, root, crypto)), shape: toHex(await shape(body, crypto)) };
}

/** What a TCB status rests on. */
const AUTHENTIC: readonly CheckName[] = [
  'root-pinned',
  'tcb-signer',
  'tcb-info-signature',
  'qe-identity-signature',
  'pck-chain',
  'pck-extension',
  'fmspc',
  'pce-id',
  'qe-report-signature',
  'attestation-key-binding',
  'qe-identity',
  'quote-signature',
  'module-identity',
];

function verdictOf(
  list: Checklist,
  found: {
    quote: Quote | null;
    names: Names | null;
    platform: Platform | null;
    conclusion: TcbConclusion | null;
    collateral: PreparedCollateral;
  },
): Verdict {
  const { quote, names, platform, collateral } = found;
  const pck = platform?.pck ?? null;
  const conclusion = list.passed(AUTHENTIC) ? found.conclusion : null;
  const refusal = list.refusal();
  return {
    verdict: refusal === null ? 'accepted' : 'refused',
    refusal,
    tcbStatus: conclusion?.status ?? null,
    advisories: conclusion?.advisories ?? [],
    imageId: names?.imageId ?? null,
    shape: names?.shape ?? null,
    fmspc: pck && toHex(pck.fmspc),
    ppid: pck && toHex(pck.ppid),
    reportData: quote && toHex(quote.body.reportData),
    tcb: quote && pck && tcbOf(quote, pck),
    validUntil: platform && earliestEnd(platform, collateral),
    checks: list.finish(),
  };
}

function tcbOf({ body, qe }: Quote, { pceId, pceSvn, sgxSvns }: PckExtension): QuotedTcb {
  return {
    pceId: (pceId[0]! << 8) | pceId[1]!,
    pceSvn,
    sgxSvns: toHex(Uint8Array.from(sgxSvns)),
    teeTcbSvn: toHex(body.teeTcbSvn),
    teeTcbSvn2: toHex(body.teeTcbSvn2 ?? new Uint8Array(16)),
    qeIsvSvn: qe.isvSvn,
  };
}

function earliestEnd({ leaf, ca }: Platform, { root, validUntil }: PreparedCollateral): number | null {
  if (validUntil === null) return null;
  return Math.min(validUntil, leaf.notAfter + 1, ca.notAfter + 1, root.notAfter + 1);
}
