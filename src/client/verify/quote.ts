import type { Collateral, QuotedTcb, QuoteVerifier, TcbStatus, Verdict } from '../../attestation';
import { toHex } from '../../attestation/bytes';
import type { CheckName } from '../../attestation/checks';
import { ROLE } from '../../attestation/chain';
import type { PlatformFamily } from '../../collateral/platform';
import type { Evidence } from '../../protocol/wire';
import type { KeptCollateral } from './collateral';
import { demand, Refusal, type Link } from './refusal';

/** The quote that a Worker contract recorded, by what it must show. */
export interface WantedQuote {
  /** 217 bytes. */
  statement: Buffer;
  /** 64 bytes: digest of the statement, root hash of the block. */
  reportData: Buffer;
  /** Of the block, in the masterchain. */
  blockSeqno: number;
  /** 12 hex digits: the machine's family, as the contract recorded it. */
  fmspc: string;
}

/** What a quote proved, under Intel's root (or the simulated one) and with collateral of its time. */
export interface ProvenQuote {
  statement: Buffer;
  quote: Buffer;
  collateral: Collateral;
  family: PlatformFamily;
  /** Hex. */
  imageId: string;
  shape: string;
  tcb: QuotedTcb;
  /** Account hash of the machine's Platform contract, which follows from what Intel certified as its PPID. */
  platform: Buffer;
  tcbStatus: TcbStatus;
  advisories: readonly string[];
  /** The clock that it was judged by, Unix seconds. */
  atUnix: number;
  /** Unix seconds from which on something in its chain or in its collateral is out of date. */
  validUntil: number;
}

/**
 * Whether this is the quote that is wanted, told by its bytes alone: before any signature is looked at, so that nobody
 * makes us verify quotes that we did not ask for. Throws Refusal.
 */
export function requireWanted(evidence: Evidence, wanted: WantedQuote): PlatformFamily {
  demand(evidence.statement.equals(wanted.statement), 'evidence', 'it is of another statement');
  const reportData = reportDataIn(evidence.quote);
  const binds = reportData.subarray(0, 32).equals(wanted.reportData.subarray(0, 32));
  demand(binds, 'evidence', 'the quote does not bind the statement');
  const isOfBlock = reportData.subarray(32).equals(wanted.reportData.subarray(32));
  demand(isOfBlock, 'freshness', 'the quote is bound to another block than the contract recorded');
  return { fmspc: wanted.fmspc, ca: authorityOf(evidence.quote) };
}

/** Runs the whole verifier. Throws Refusal with the first check that failed. */
export async function proveQuote(
  { statement, quote }: Evidence,
  { collateral, prepared }: Pick<KeptCollateral, 'collateral' | 'prepared'>,
  family: PlatformFamily,
  judge: {
    verifier: QuoteVerifier;
    policy: unknown;
    atUnix: number;
    platformOf(ppid: Buffer): Promise<Buffer>;
  },
): Promise<ProvenQuote> {
  const { verifier, policy, atUnix } = judge;
  const verdict = await verifier.verify({ quote, collateral: prepared, atUnix: Math.floor(atUnix), policy });
  const { imageId, shape, tcb, ppid, tcbStatus, advisories, validUntil } = requireAccepted(verdict);
  demand(validUntil !== null, 'quote', 'its validity has no end');
  if (imageId === null || shape === null || tcb === null || ppid === null || tcbStatus === null)
    throw new Refusal('quote', 'the verdict says nothing of the machine');
  return {
    ...{ statement, quote, collateral, family, imageId, shape, tcb },
    platform: await judge.platformOf(Buffer.from(ppid, 'hex')),
    ...{ tcbStatus, advisories, atUnix, validUntil },
  };
}

function requireAccepted(verdict: Verdict): Verdict {
  if (verdict.verdict === 'accepted' && verdict.refusal === null) return verdict;
  const failed = verdict.checks.find(({ name }) => name === verdict.refusal);
  const reason = failed
    ? `${failed.name}: expected ${failed.expected}, seen ${failed.seen}`
    : 'the verifier refuses it';
  throw new Refusal(verdict.refusal === null ? 'quote' : (LINK_OF[verdict.refusal] ?? 'quote'), reason);
}

/** Which link a failed check belongs to; the rest are the quote's own. */
const LINK_OF: Partial<Record<CheckName, Link>> = {
  collateral: 'collateral',
  'tcb-signer': 'collateral',
  'tcb-info-signature': 'collateral',
  'tcb-info-format': 'collateral',
  'tcb-info-date': 'collateral',
  'qe-identity-signature': 'collateral',
  'qe-identity-format': 'collateral',
  'qe-identity-date': 'collateral',
  'root-crl-signature': 'collateral',
  'root-crl-date': 'collateral',
  'pck-crl-issuer': 'collateral',
  'pck-crl-signature': 'collateral',
  'pck-crl-date': 'collateral',
  'tcb-signer-revoked': 'collateral',
  'leaf-revoked': 'platform',
  'ca-revoked': 'platform',
  fmspc: 'tcb',
  'qe-tcb': 'tcb',
  'module-tcb': 'tcb',
  'platform-tcb': 'tcb',
  'tcb-relaunch': 'tcb',
  'tcb-status': 'tcb',
  advisories: 'tcb',
  'evaluation-number': 'tcb',
  'mr-seam': 'tcb',
  'image-id': 'image',
  shape: 'shape',
};

/** Where the report data is, before anything is parsed; the verifier reads the same bytes with every bound checked. */
function reportDataIn(quote: Buffer): Buffer {
  const bodyAt =
    quote.length > 2 && quote.readUInt16LE(0) === 4 ? HEADER_BYTES : HEADER_BYTES + BODY_HEAD_BYTES;
  return quote.subarray(bodyAt + REPORT_DATA_AT, bodyAt + REPORT_DATA_AT + 64);
}

/** Who certified the machine, read off its certificate: only what to ask for, since the verifier finds out who did. */
function authorityOf(quote: Buffer): PlatformFamily['ca'] {
  const at = quote.indexOf(PEM_BEGIN) + PEM_BEGIN.length;
  const issuer = Buffer.from(quote.subarray(at, at + ISSUER_CHARACTERS).toString('latin1'), 'base64');
  return issuer.includes(ROLE.processorCa) ? 'processor' : 'platform';
}

const HEADER_BYTES = 48;
/** Version 5 writes type and size before the body. */
const BODY_HEAD_BYTES = 6;
const REPORT_DATA_AT = 520;
const PEM_BEGIN = '-----BEGIN CERTIFICATE-----';
/** The issuer stands within the first hundred bytes of a certificate. */
const ISSUER_CHARACTERS = 512;

/** Compares the machine's numbers with those that its contract recorded. */
export function isSameTcb(
  quoted: QuotedTcb,
  recorded: {
    pceId: number;
    pceSvn: number;
    sgxSvns: Uint8Array;
    teeTcbSvn: Uint8Array;
    teeTcbSvn2: Uint8Array;
    qeIsvSvn: number;
  },
): boolean {
  return (
    quoted.pceId === recorded.pceId &&
    quoted.pceSvn === recorded.pceSvn &&
    quoted.qeIsvSvn === recorded.qeIsvSvn &&
    quoted.sgxSvns === toHex(recorded.sgxSvns) &&
    quoted.teeTcbSvn === toHex(recorded.teeTcbSvn) &&
    quoted.teeTcbSvn2 === toHex(recorded.teeTcbSvn2)
  );
}
