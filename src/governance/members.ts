import type { Address } from '@ton/core';
import type { MultisigState, NewOrder } from './multisig';

/** As what an account may propose to a multisig; null for one that may not. A signer's proposal is his approval, too. */
export function memberOf({ signers, proposers }: MultisigState, who: Address): NewOrder['by'] | null {
  const signer = signers.findIndex((known) => known.equals(who));
  if (signer >= 0) return { role: 'signer', index: signer };
  const proposer = proposers.findIndex((known) => known.equals(who));
  return proposer >= 0 ? { role: 'proposer', index: proposer } : null;
}
