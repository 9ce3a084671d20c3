/** Evidence of one answer: written by the client, verified by anybody. No I/O, no clock; the same source in browsers. */
export type { EvidenceBundle } from './bundle';
export type { EvidenceChain, Payout, SeenTransaction } from './chain';
export type { Link, LinkName } from './link';
export { withoutPadding } from './quoteLinks';
export { readBundle, writeBundle } from './read';
export { verifyBundle, type Verification, type VerifyOptions } from './verify';
