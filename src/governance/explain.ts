import type { GovernanceMessage } from '../../wrappers/governanceMessages';
import { explainBlock, explainUnblock } from './explainBlocks';
import { explainAllowTcb, explainRevokeTcb } from './explainFloors';
import {
  explainAllowImage,
  explainAllowModel,
  explainAllowShape,
  explainRevokeImage,
  explainRevokeModel,
  explainRevokeShape,
} from './explainLists';
import { explainAccept, explainGuardian, explainOffer, explainSeal } from './explainPower';
import { explainCancel, explainExecute } from './explainQueue';
import { explainParameters } from './explainTerms';
import type { Explanation } from './explanation';
import type { Standing } from './standing';

/** What an order would do to a Registry that stands like this. Total: what makes no sense is said, not thrown. */
export function explain(order: GovernanceMessage, now: Standing): Explanation {
  switch (order.$$type) {
    case 'OfferOwnership':
      return explainOffer(order, now);
    case 'AcceptOwnership':
      return explainAccept(now);
    case 'Seal':
      return explainSeal(now);
    case 'SetParameters':
      return explainParameters(order, now);
    case 'SetGuardian':
      return explainGuardian(order, now);
    case 'AllowImage':
      return explainAllowImage(order, now);
    case 'RevokeImage':
      return explainRevokeImage(order, now);
    case 'AllowShape':
      return explainAllowShape(order, now);
    case 'RevokeShape':
      return explainRevokeShape(order, now);
    case 'AllowModel':
      return explainAllowModel(order, now);
    case 'RevokeModel':
      return explainRevokeModel(order, now);
    case 'AllowTcb':
      return explainAllowTcb(order, now);
    case 'RevokeTcb':
      return explainRevokeTcb(order, now);
    case 'Block':
      return explainBlock(order, now);
    case 'Unblock':
      return explainUnblock(order, now);
    case 'ExecuteOrder':
      return explainExecute(order, now, (queued) => explain(queued, now));
    case 'CancelOrder':
      return explainCancel(order, now, (queued) => explain(queued, now));
  }
}
