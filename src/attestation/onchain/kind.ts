import { PINNED } from './pinned';
import { readChain } from './chain';
import { certificateTag, keyTag } from './remembered';
import type { Root } from '../../protocol/root';
import { equalBytes } from '../bytes';
import type { Quote } from '../quote';

/**
 * How much of its chain a quote brings along: the CA's certificate and all below it; the leaf and all below it, under the
 * platform CA that the contract knows; the QE report under a leaf that the Platform remembers; nothing but the quote
 * itself, by an attestation key that the Platform remembers.
 */
export const ATTEST_KINDS = ['ca', 'leaf', 'pck', 'key'] as const;
export type AttestKind = (typeof ATTEST_KINDS)[number];

/** What a Platform remembers, by the first 32 bits of its cells' hashes (contracts/platform/keys.tact). */
export interface PlatformCache {
  keyTags: readonly number[];
  certificateTags: readonly number[];
}

export const EMPTY_CACHE: PlatformCache = { keyTags: [], certificateTags: [] };

/** The cheapest kind that the Platform can take now. Throws AttestationError when the chain does not fit the contract. */
export function chooseKind(quote: Quote, root: Root, cache: PlatformCache): AttestKind {
  const chain = readChain(quote, root);
  if (cache.keyTags.includes(keyTag(quote, chain))) return 'key';
  if (cache.certificateTags.includes(certificateTag(chain))) return 'pck';
  return equalBytes(chain.ca.publicKey, PINNED[root].platformCaKey) ? 'leaf' : 'ca';
}
