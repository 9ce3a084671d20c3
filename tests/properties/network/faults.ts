import type { Cell } from '@ton/core';
import { withReplaced } from '../../mutants/guards';
import { compileTact, contractSources, type Sources } from '../../support/tactSources';
import type { Codes } from './beginnings';

/** A fault that somebody could have written into a contract. */
export interface Fault {
  contract: 'escrow' | 'worker';
  what: string;
  /** File below contracts/, what stands there and what the fault makes of it. */
  edit: readonly [file: string, text: string, replacement: string];
}

const escrow = (what: string, file: string, text: string, replacement: string): Fault => ({
  contract: 'escrow',
  what,
  edit: [`escrow/${file}`, text, replacement],
});
const worker = (what: string, file: string, text: string, replacement: string): Fault => ({
  contract: 'worker',
  what,
  edit: [`worker/${file}`, text, replacement],
});

/** Planted faults by id; each breaks a rule that the schedules have to notice. */
export const FAULTS: Readonly<Record<string, Fault>> = {
  'bounce-forgotten': escrow(
    'a payout that comes back is not owed again',
    'ledger.tact',
    'entry.paid -= amount;',
    '',
  ),
  'bounce-unlocked': escrow(
    'a payout that comes back is not locked again',
    'escrow.tact',
    'self.locked += restored.amount;',
    '',
  ),
  'bounce-throws': escrow(
    'a payout that comes back throws when its entry is gone',
    'ledger.tact',
    'return Restored { lines, amount: 0 };',
    'throwUnless(1202, false);\n        return Restored { lines, amount: 0 };',
  ),
  'paid-not-raised': escrow('what was paid is not remembered', 'settle.tact', 'entry.paid += due;', ''),
  'cap-ignored': escrow(
    'a line pays what its receipt says, above its cap',
    'settle.tact',
    'min(tail.preloadUint(64), entry.cap)',
    'tail.preloadUint(64)',
  ),
  'receipt-unsigned': escrow(
    'a receipt needs no signature',
    'settle.tact',
    'throwUnless(ERROR_ESCROW_BAD_RECEIPT, checkSignature(signed, receipt, line.preloadUint(256)));',
    'throwUnless(ERROR_ESCROW_BAD_RECEIPT, signed >= 0);',
  ),
  'final-keeps-locked': escrow(
    'a final receipt frees nothing',
    'settle.tact',
    'locked -= entry.cap - cap;',
    '',
  ),
  'settle-takes-floor': escrow(
    'a settle spends the last of the reserve',
    'escrow.tact',
    'held - escrowReserve(self.entries) / ESCROW_FLOOR_DIVISOR',
    'held',
  ),
  'close-again': escrow(
    'a second close moves the end of a line',
    'ledger.tact',
    'if (entry.closeAt == 0) {\n                    entry.closeAt = closeAt;',
    'if (entry.closeAt >= 0) {\n                    entry.closeAt = closeAt;',
  ),
  'closed-line-pays': escrow(
    'a closed line pays until its settle-by',
    'ledger.tact',
    'entry.closeAt == 0 ? entry.settleBy : min(entry.closeAt, entry.settleBy)',
    'entry.settleBy',
  ),
  'tombstone-deleted': escrow(
    'a pruned line leaves no tombstone',
    'ledger.tact',
    'if (now() > entry.settleBy) {',
    'if (now() > 0) {',
  ),
  'entries-not-counted': escrow(
    'a pruned line still counts',
    'escrow.tact',
    'self.entries -= pruned.deleted;',
    '',
  ),
  'withdraw-locked': escrow(
    'a withdrawal takes locked money',
    'escrow.tact',
    'let free: Int = held - self.locked - escrowReserve(self.entries);\n        let amount',
    'let free: Int = held - escrowReserve(self.entries);\n        let amount',
  ),
  'allocate-locked': escrow(
    'an allocation by the client counts locked money as free',
    'escrow.tact',
    'let free: Int = held - self.locked - escrowReserve(self.entries + msg.count);',
    'let free: Int = held - escrowReserve(self.entries + msg.count);',
  ),
  'budget-not-charged': escrow(
    'what the signer locks is not taken off its budget',
    'escrow.tact',
    'budget - allocated.raised - fee,',
    'budget - fee,',
  ),
  'gas-not-charged': escrow(
    "the signer's gas is not taken off its budget",
    'escrow.tact',
    'budget - allocated.raised - fee,',
    'budget - allocated.raised,',
  ),
  'seqno-stands': escrow(
    'an allocation does not move the sequence number',
    'escrow.tact',
    '.storeUint(seqno + 1, 32);',
    '.storeUint(seqno, 32);',
  ),
  'seqno-not-committed': escrow(
    'the sequence number is not committed before the list is worked off',
    'escrow.tact',
    'commit();\n',
    '\n',
  ),
  'signature-unchecked': escrow(
    'an allocation needs no signature',
    'escrow.tact',
    'checkSignature(allocateHash(list, fields, self.domain), signature, self.signer),',
    'signature.bits() == 512,',
  ),
  'value-kept': escrow(
    'a settle that does not bring what it costs keeps the value',
    'escrow.tact',
    'nativeReserve(amount, ReserveExact | ReserveBounceIfActionFail);',
    'nativeReserve(amount, ReserveExact);',
  ),
  'birth-forgotten': escrow(
    'the domain does not hold the birth of the escrow',
    'escrow.tact',
    '.storeUint(identity.born, 64),',
    '.storeUint(0, 64),',
  ),
  'payout-uncovered': worker(
    'a payout counts without its value',
    'worker.tact',
    'context().value >= msg.amount + getComputeFee(GAS_WORKER_PAYOUT, false),',
    'context().value >= 0,',
  ),
  'fee-twice': worker(
    "the router's share is the provider's too",
    'worker.tact',
    'self.earnings += msg.amount - fee;',
    'self.earnings += msg.amount;',
  ),
  'grace-forgotten': worker(
    'a payout on its way when the key ends is refused',
    'worker.tact',
    'now() <= lastSettleBy + PAYOUT_GRACE_SECONDS',
    'now() <= lastSettleBy',
  ),
  'claim-takes-owed': worker(
    'a claim takes what routers are owed',
    'worker.tact',
    'let claimable: Int = held - WORKER_RESERVE - record.stake - owedInAll(self.owed);',
    'let claimable: Int = held - WORKER_RESERVE - record.stake;',
  ),
  'pull-again': worker(
    'a router pulls its share again and again',
    'worker.tact',
    'self.addOwed(slot, -due);',
    '',
  ),
  'stake-early': worker(
    'a stake comes back before its time',
    'worker.tact',
    'throwUnless(ERROR_WORKER_UNBONDING, record.unstakeAt <= now());',
    '',
  ),
  'terms-worsen': worker(
    'the Registry makes the terms of a stake worse',
    'worker.tact',
    'min(standing.feeBps, msg.feeBps)',
    'msg.feeBps',
  ),
  'slash-again': worker(
    'one proof takes the next stake too',
    'keys.tact',
    'throwIf(ERROR_WORKER_KEY_SLASHED, key.activeUntil == KEY_SLASHED);\n    return key;',
    'return key;',
  ),
  'slash-takes-earnings': worker(
    'a slash takes earnings too',
    'worker.tact',
    'let taken: Int = held - kept;',
    'kept = min(held, owedInAll(self.owed));\n        let taken: Int = held - kept;',
  ),
};

const ENTRIES = {
  escrow: ['contracts/escrow/escrow.tact', 'Escrow'],
  worker: ['contracts/worker/worker.tact', 'Worker'],
} as const;

/** The shipped sources with the fault. Throws RangeError for an id that is not there, Error when its text is not. */
export function faultySources(id: string): { fault: Fault; sources: Sources } {
  const fault = FAULTS[id];
  if (!fault) throw new RangeError(`no planted fault "${id}"; there are: ${Object.keys(FAULTS).join(', ')}`);
  const [file, text, replacement] = fault.edit;
  return { fault, sources: withReplaced(contractSources(), `contracts/${file}`, text, replacement) };
}

/** Compiles the contract with the fault: half a minute, once for each content. */
export async function faultyCodes(id: string): Promise<Codes> {
  const { fault, sources } = faultySources(id);
  const [entry, contract] = ENTRIES[fault.contract];
  const code: Cell = await compileTact(sources, entry, contract);
  return { [fault.contract]: code };
}
