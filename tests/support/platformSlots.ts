import { beginCell, type Cell } from '@ton/core';
import { storeSlotTaken } from '../../build/RegistrySimulated/RegistrySimulated_Platform';
import { PROVIDER, SUBMITTER } from './platform';

/** What only the Registry may say: the provider's Worker number `index` was admitted. */
export function slotTaken(index: number, heldUntil: number): Cell {
  return beginCell()
    .store(
      storeSlotTaken({
        $$type: 'SlotTaken',
        worker: BigInt(index + 1),
        heldUntil: BigInt(heldUntil),
        provider: PROVIDER,
        index: BigInt(index),
        responseTo: beginCell().storeAddress(SUBMITTER).endCell(),
      }),
    )
    .endCell();
}
