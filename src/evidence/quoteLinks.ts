import {
  createQuoteVerifier,
  parseQuote,
  type AttestationCrypto,
  type CheckName,
  type Verdict,
} from '../attestation';
import { AttestationError } from '../attestation/errors';
import { createSimulatedQuoteVerifier } from '../attestation/simulated';
import type { Root } from '../protocol/root';
import { statementDigest } from '../protocol/statement';
import { demand, type Case } from './link';
import type { EvidencePolicy } from './policy';
import { short } from './words';

/** The full verifier's checks, gathered into links. */

type QuoteLink = 'quote' | 'processor' | 'collateral' | 'enclave' | 'tcb' | 'td' | 'image' | 'root';

/** Every check belongs to one link. */
const LINK_OF: Record<CheckName, QuoteLink> = {
  'quote-format': 'quote',
  'quote-version': 'quote',
  'tee-type': 'quote',
  'qe-vendor': 'quote',
  'attestation-key-binding': 'quote',
  'quote-signature': 'quote',
  'qe-report-signature': 'processor',
  'pck-chain': 'processor',
  'pck-date': 'processor',
  'pck-extension': 'processor',
  'leaf-revoked': 'processor',
  'ca-revoked': 'processor',
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
  'qe-identity': 'enclave',
  'qe-tcb': 'enclave',
  fmspc: 'tcb',
  'pce-id': 'tcb',
  'module-identity': 'tcb',
  'module-tcb': 'tcb',
  'platform-tcb': 'tcb',
  'tcb-relaunch': 'tcb',
  'tcb-status': 'tcb',
  advisories: 'tcb',
  'evaluation-number': 'tcb',
  'td-debug': 'td',
  'td-sept-ve': 'td',
  'td-migratable': 'td',
  'td-reserved': 'td',
  xfam: 'td',
  'seam-attributes': 'td',
  'service-td': 'td',
  'mr-seam': 'td',
  shape: 'td',
  'report-data': 'td',
  'image-id': 'image',
  'root-pinned': 'root',
};

/** Verifies the quote under the root that the bundle names. */
export function verdictOf(
  { bundle, parts, atUnix }: Case,
  policy: EvidencePolicy,
  crypto: AttestationCrypto,
): Promise<Verdict> {
  const create = bundle.network.root === 'intel' ? createQuoteVerifier : createSimulatedQuoteVerifier;
  const { collateral } = bundle;
  return create(crypto).verify({ quote: parts.quote, collateral, atUnix, policy: policy.quote });
}

/** Answers with what a link's checks saw; throws RangeError that names the first that failed. */
export const QUOTE_LINKS: Record<QuoteLink, (at: Case, verdict: Verdict, policy: EvidencePolicy) => string> =
  {
    quote({ parts }, verdict) {
      const seen = passed('quote', verdict);
      const padding = paddingOf(parts.quote);
      demand(padding === 0, `${padding} bytes follow the quote that nothing signs`);
      return `${seen['quote-version']}, ${parts.quote.length} bytes, all signatures valid`;
    },
    processor(_, verdict) {
      passed('processor', verdict);
      return `family ${verdict.fmspc}, PPID ${verdict.ppid}`;
    },
    collateral(_, verdict) {
      const seen = passed('collateral', verdict);
      return `TCB info to ${endOf(seen['tcb-info-date'])}, revocation lists to ${endOf(seen['pck-crl-date'])}`;
    },
    enclave(_, verdict) {
      const seen = passed('enclave', verdict);
      return `Intel's TD quoting enclave, ${seen['qe-tcb']}`;
    },
    tcb(_, verdict) {
      passed('tcb', verdict);
      return `${verdict.tcbStatus}, advisories: ${verdict.advisories.join(', ') || 'none'}`;
    },
    td(_, verdict) {
      const seen = passed('td', verdict);
      return `debug ${seen['td-debug']}, migratable ${seen['td-migratable']}, shape ${verdict.shape!.slice(0, 16)}…`;
    },
    image({ parts }, verdict) {
      passed('image', verdict);
      const { imageId } = parts.record();
      demand(imageId.toString('hex') === verdict.imageId, `the quote measured ${verdict.imageId}`);
      return imageId.toString('hex');
    },
    root({ bundle }, verdict, { allowSimulated }) {
      passed('root', verdict);
      const { root } = bundle.network;
      demand(root === 'intel' || allowSimulated, 'the SIMULATED root, which the policy does not allow');
      return ROOT_WORDS[root];
    },
  };

const ROOT_WORDS: Record<Root, string> = {
  intel: 'Intel SGX Root CA, which vouches for the hardware',
  simulated: 'SIMULATED ROOT: its keys are public, so no hardware is shown by any of this',
};

/** The first half names the statement; the second is a block's root hash, which shows that the quote is not older. */
export function checkReportData({ parts }: Case, { reportData }: Verdict): string {
  demand(reportData !== null, 'the quote cannot be read');
  const bytes = Buffer.from(reportData, 'hex');
  // Decoding refuses what no worker writes, so that each statement has one form only.
  parts.statement();
  const bound = bytes.subarray(0, 32).equals(statementDigest(parts.statementImage));
  demand(bound, 'the quote binds another statement');
  return `this statement, not before masterchain block ${short(bytes.subarray(32))}`;
}

function passed(link: QuoteLink, { checks }: Verdict): Partial<Record<CheckName, string>> {
  const own = checks.filter(({ name }) => LINK_OF[name] === link);
  const wrong = own.find(({ ok }) => !ok);
  if (wrong) throw new RangeError(`${wrong.name}: expected ${wrong.expected}, seen: ${wrong.seen}`);
  return Object.fromEntries(own.map(({ name, seen }) => [name, seen]));
}

/** The day on which a window such as `2026-11-24T11:00:00Z to 2026-12-24T11:00:00Z` closes. */
function endOf(window = ''): string {
  return window.split(' to ').at(-1)!.slice(0, 10);
}

function paddingOf(quote: Buffer): number {
  return parseQuote(quote).padding.length;
}

/** A quote without what some clouds append and nothing signs; as it is where it cannot be read. */
export function withoutPadding(quote: Buffer): Buffer {
  try {
    return quote.subarray(0, quote.length - paddingOf(quote));
  } catch (error) {
    if (error instanceof AttestationError) return quote;
    throw error;
  }
}
