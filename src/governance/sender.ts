import type { Address } from '@ton/core';
import { ORDER_SECONDS, TIMELOCK_SECONDS } from '../../wrappers/Registry';
import type { GovernanceMessageName } from '../../wrappers/governanceMessages';
import type { Explanation } from './explanation';
import type { Standing } from './standing';
import { account, span } from './words';

/** Who may send an order. */
export type Sender = 'owner' | 'owner or guardian' | 'offered owner' | 'anybody';

export function senderOf(name: GovernanceMessageName): Sender {
  switch (name) {
    case 'Block':
      return 'owner or guardian';
    case 'AcceptOwnership':
      return 'offered owner';
    case 'ExecuteOrder':
      return 'anybody';
    default:
      return 'owner';
  }
}

/** The accounts behind the role; none where anybody may, or nobody. */
export function accountsOf(
  sender: Sender,
  { owner, guardian, offeredOwner }: Pick<Standing['registry'], 'owner' | 'guardian' | 'offeredOwner'>,
): Address[] {
  switch (sender) {
    case 'owner':
      return [owner];
    case 'owner or guardian':
      return [owner, guardian];
    case 'offered owner':
      return offeredOwner ? [offeredOwner] : [];
    case 'anybody':
      return [];
  }
}

export function senderText(sender: Sender, { registry }: Standing): string {
  switch (sender) {
    case 'owner':
      return `the owner, ${account(registry.owner)}`;
    case 'owner or guardian':
      return `the owner, ${account(registry.owner)}, or the guardian, ${account(registry.guardian)}`;
    case 'offered owner':
      return registry.offeredOwner
        ? `the offered owner, ${account(registry.offeredOwner)}`
        : 'nobody: nothing is offered';
    case 'anybody':
      return 'anybody';
  }
}

/** What becomes of an order that is sent now. */
export function courseText({ effect, waits }: Explanation, { registry }: Standing): string {
  if (!waits) {
    const why = {
      loosens: 'loosens, and yet',
      tightens: 'tightens:',
      neither: 'neither loosens nor tightens:',
    };
    return `${why[effect]} it is carried out at once`;
  }
  if (!registry.sealed) return 'loosens, and is carried out at once: the registry is not sealed';
  return `loosens: it enters the queue, ${span(TIMELOCK_SECONDS)} later anybody may carry it out, and ${span(ORDER_SECONDS)} after that it is void`;
}
