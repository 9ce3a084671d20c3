import type { MeasuredTcb, RegistryRules, WorkerState } from '../../chain/types';
import { floorFor, isAtOrAbove } from '../../protocol/tcb';
import type { WorkerOffer } from '../../protocol/wire';
import { demand } from './refusal';

/**
 * What the registry lists now. A Worker contract does not learn of a revocation, a block or a new floor: each stops new
 * requests here, at once (I-7). Throws Refusal `image`, `shape`, `tcb`, `platform`, `registry`.
 */
export function checkRules(
  offer: WorkerOffer,
  state: WorkerState,
  tcb: MeasuredTcb,
  rules: RegistryRules,
  now: number,
): void {
  const isBlocked = (subject: string): boolean => now <= (rules.blocks.get(subject) ?? 0);
  demand(now <= (rules.images.get(offer.imageId) ?? 0), 'image', "the image is not on the registry's list");
  demand(!isBlocked(offer.imageId), 'image', 'the image is blocked');
  demand(rules.shapes.has(state.shape.toString('hex')), 'shape', "the shape is not on the registry's list");
  demand(isTcbAllowed(tcb, rules), 'tcb', "the machine's TCB is below the registry's floor");
  demand(!isBlocked(state.platform.toString('hex')), 'platform', 'the machine is blocked');
  demand(!isBlocked(offer.worker), 'registry', 'the worker is blocked');
}

function isTcbAllowed(tcb: MeasuredTcb, { floors }: RegistryRules): boolean {
  const floor = floorFor(floors, tcb.fmspc.toString('hex'));
  return floor !== null && isAtOrAbove(tcb, floor);
}
