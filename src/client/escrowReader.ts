import type { Address } from '@ton/core';
import type { Chain, Clock, EscrowState } from '../chain/types';
import { escrowDomain } from '../protocol/domain';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';

/**
 * Reads our finalized escrow and refuses to work with one that is not ours, not open, or not of now. Throws CocoonError
 * `escrow_unknown` or `chain_unavailable`.
 */
export async function readEscrow(
  config: { escrow: Address; signer: { publicKey: Buffer } },
  chain: Chain,
  clock: Clock,
): Promise<EscrowState> {
  let state: EscrowState | null;
  try {
    state = await chain.escrow(config.escrow);
  } catch (cause) {
    throw new CocoonError('chain_unavailable', 'The escrow cannot be read.', { cause });
  }
  if (!state) throw new CocoonError('escrow_unknown', 'No escrow of this registry has that address.');
  if (Math.abs(clock.now() - state.readAtUnix) > LIMITS.clockSkewSeconds) {
    throw new CocoonError(
      'chain_unavailable',
      "The chain's last block is more than a minute from this clock.",
    );
  }
  if (!state.signer?.equals(config.signer.publicKey)) {
    throw new CocoonError('escrow_unknown', "The escrow does not name this client's signer.", {
      remedy: 'Open the escrow with this signer, or use the key file that it names.',
    });
  }
  const scope = { networkId: chain.networkId, registry: chain.registry.hash, self: config.escrow.hash };
  if (!escrowDomain(scope, state.born).equals(state.domain)) {
    throw new CocoonError(
      'chain_unavailable',
      'The endpoint reports an escrow domain that does not follow from its fields.',
    );
  }
  return state;
}
