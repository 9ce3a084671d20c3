import { CocoonError } from '../protocol/errors';
import type { Root } from '../protocol/root';

/** What a configuration says of who vouches for the contracts. */
export interface Vouching {
  chain: { witnesses: readonly unknown[]; ownNode: boolean };
  policy: { imageIds: readonly string[] | null };
}

/**
 * Somebody must vouch for the chain besides one endpoint of a stranger: others, oneself, or pinned images. Throws
 * CocoonError `invalid_request`. Simulated hardware vouches for nothing anyway.
 */
export function requireVouched({ chain, policy }: Vouching, root: Root): void {
  if (root === 'simulated' || chain.witnesses.length > 0 || chain.ownNode || policy.imageIds) return;
  throw new CocoonError('invalid_request', 'One TON endpoint alone vouches for the contracts.', {
    remedy:
      'Name chain.witnesses, or pin policy.imageIds; chain.ownNode says that the endpoint is your own (docs/trust.md).',
  });
}
