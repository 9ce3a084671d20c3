import { beginCell, type Cell } from '@ton/core';
import { storeSlotDenied, storeTermsGranted } from '../../../build/Worker/Worker_Worker';
import { addressCell } from '../../support/attestation';
import { OUTSIDER, PLATFORM, TREASURY } from './cast';
import type { takeTerms } from './workerRules';
import type { Terms } from './world';

// What the Registry says to Workers. A stand-in says it: no rule about money asks who stands on its lists.

export function termsBody({ feeBps, unbondingSeconds, minStake }: Terms): Cell {
  return beginCell()
    .store(
      storeTermsGranted({
        $$type: 'TermsGranted',
        feeBps: BigInt(feeBps),
        treasury: TREASURY,
        minStake,
        unbondingSeconds: BigInt(unbondingSeconds),
      }),
    )
    .endCell();
}

/** The same in the words of the rules. */
export function termsOf(terms: Terms): Parameters<typeof takeTerms>[1] {
  return { ...terms, treasury: TREASURY.hash.toString('hex') };
}

/** The machine of the newest admission has no slot left. */
export function slotDeniedBody(): Cell {
  return beginCell()
    .store(
      storeSlotDenied({
        $$type: 'SlotDenied',
        platform: BigInt(`0x${PLATFORM.toString('hex')}`),
        responseTo: addressCell(OUTSIDER),
      }),
    )
    .endCell();
}
