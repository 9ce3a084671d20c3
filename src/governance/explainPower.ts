import type { Address } from '@ton/core';
import { GUARDIAN_BLOCK_SECONDS, TIMELOCK_SECONDS } from '../../wrappers/Registry';
import type { GovernanceMessage } from '../../wrappers/governanceMessages';
import { loosening, neither, tightening, type Explanation } from './explanation';
import type { Standing } from './standing';
import { account, span } from './words';

type Of<T extends GovernanceMessage['$$type']> = Extract<GovernanceMessage, { $$type: T }>;

/** What an owner may do, and what not: docs/trust.md. */
function powers({ registry }: Standing): string {
  const loosens = registry.sealed
    ? `loosen after ${span(TIMELOCK_SECONDS)} in the open`
    : 'loosen at once, for the registry is not sealed';
  return `tighten at once, ${loosens}, and hand it on; he could take no deposit, stake or earnings, and admit no machine`;
}

export function explainOffer({ newOwner }: Of<'OfferOwnership'>, now: Standing): Explanation {
  const { owner, offeredOwner } = now.registry;
  if (newOwner.equals(owner)) {
    return offeredOwner
      ? tightening([`takes back the offer of the registry to ${account(offeredOwner)}`])
      : neither(['offers the registry to its owner, so nothing changes']);
  }
  const says = [
    `offers the registry to ${account(newOwner)}, who has it once he accepts: he could from then on ${powers(now)}`,
    `leaves ${account(owner)} in charge until then`,
  ];
  if (offeredOwner?.equals(newOwner)) says.push('repeats an offer that stands already');
  else if (offeredOwner) says.push(`takes back the offer to ${account(offeredOwner)}`);
  return { says, effect: 'loosens', waits: false, against: offBasechain(newOwner) };
}

export function explainAccept(now: Standing): Explanation {
  const { owner, offeredOwner } = now.registry;
  if (!offeredOwner) {
    return neither(['accepts the registry'], ['it is offered to nobody: refused (1001)']);
  }
  return {
    says: [
      `hands the registry from ${account(owner)} to ${account(offeredOwner)}, if it comes from him: he could from then on ${powers(now)}`,
    ],
    effect: 'loosens',
    waits: false,
    against: [],
  };
}

export function explainSeal({ registry }: Standing): Explanation {
  return registry.sealed
    ? neither(['seals the registry; it is sealed already, so nothing changes'])
    : tightening([
        `seals the registry for good: from then on whatever loosens waits ${span(TIMELOCK_SECONDS)} where everybody can read it`,
      ]);
}

export function explainGuardian({ guardian }: Of<'SetGuardian'>, { registry }: Standing): Explanation {
  if (guardian.equals(registry.guardian)) {
    return loosening([`makes ${account(guardian)} guardian; he is already, so nothing changes`]);
  }
  return loosening(
    [
      `makes ${account(guardian)} guardian in place of ${account(registry.guardian)}: he could from then on block new admissions, once for each subject and for ${span(GUARDIAN_BLOCK_SECONDS)}, and nothing else`,
    ],
    offBasechain(guardian),
  );
}

function offBasechain({ workChain }: Address): string[] {
  return workChain === 0 ? [] : ['it is not on the basechain: refused (1011)'];
}
