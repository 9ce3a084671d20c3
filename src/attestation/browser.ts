import { webCrypto } from './crypto/web';
import { createQuoteVerifier } from './index';
import type { QuoteVerifier } from './verify';

/** The verifier for browsers, under Intel's root: on https pages and on localhost, where there is WebCrypto. */
export function createBrowserQuoteVerifier(): QuoteVerifier {
  return createQuoteVerifier(webCrypto());
}
