import { equalBytes } from '../../attestation/bytes';
import { parseQuote, type Quote } from '../../attestation/quote';
import type { Root } from '../../protocol/root';
import { QuoteSourceError } from './errors';

/** Where this worker's quotes come from. */
export interface QuoteSource {
  readonly root: Root;
  /** A quote over 64 bytes of report data, checked to be one and to be over them. Throws QuoteSourceError. */
  quote(reportData: Uint8Array): Promise<Uint8Array>;
  /** One line for logs and status; a simulated source says so. */
  describe(): string;
}

export const REPORT_DATA_BYTES = 64;

/** Throws RangeError: TDX takes no other number. */
export function requireReportData(reportData: Uint8Array): void {
  if (reportData.length === REPORT_DATA_BYTES) return;
  throw new RangeError(`report data has ${reportData.length} bytes, not ${REPORT_DATA_BYTES}`);
}

/** Whoever answered may have been asked by somebody else meanwhile: a quote of other data is none of ours. */
export function requireOurs(bytes: Uint8Array, reportData: Uint8Array): Quote {
  const quote = read(bytes);
  if (equalBytes(quote.body.reportData, reportData)) return quote;
  throw new QuoteSourceError('quote_foreign', 'the quote is over report data that is not ours');
}

function read(bytes: Uint8Array): Quote {
  try {
    return parseQuote(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new QuoteSourceError('quote_malformed', `what the kernel gave is no quote: ${reason}`, { cause });
  }
}

/** A simulated quote never goes to a registry under Intel's root, nor a genuine one to a simulated registry. */
export function requireRoot(source: QuoteSource, registryRoot: Root): void {
  if (source.root === registryRoot) return;
  throw new QuoteSourceError(
    'root_mismatch',
    `quotes are of the ${source.root} root, and the registry is under the ${registryRoot} one`,
  );
}
