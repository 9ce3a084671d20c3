import { beginCell, contractAddress, Dictionary, type Address, type Cell, type StateInit } from '@ton/core';
import { compileTact, readSource } from './tactSources';

const ENTRY = 'tests/support/multisig.tact';

let code: Promise<Cell> | undefined;

/** A stand-in for a multisig wallet v2 (tests/support/multisig.tact), not deployed yet. */
export async function multisigInit(members: {
  threshold: number;
  signers: readonly Address[];
  proposers?: readonly Address[];
}): Promise<{ address: Address; init: StateInit }> {
  code ??= compileTact(Object.fromEntries([readSource(ENTRY)]), ENTRY, 'Multisig');
  const { threshold, signers, proposers = [] } = members;
  // Tact's own: one bit for "not initialised yet", then the arguments of `init`.
  const data = beginCell()
    .storeBit(false)
    .storeUint(threshold, 8)
    .storeRef(beginCell().storeDictDirect(byIndex(signers)).endCell())
    .storeDict(byIndex(proposers))
    .endCell();
  const init = { code: await code, data };
  return { address: contractAddress(0, init), init };
}

/** An order contract that says it is number `seqno` of `multisig`, whatever that is: as a stranger may deploy it. */
export async function strayOrderInit(
  multisig: Address,
  seqno: bigint,
): Promise<{ address: Address; init: StateInit }> {
  const sources = Object.fromEntries([readSource(ENTRY)]);
  const data = beginCell().storeBit(false).storeAddress(multisig).storeUint(seqno, 256).endCell();
  const init = { code: await compileTact(sources, ENTRY, 'MultisigOrder'), data };
  return { address: contractAddress(0, init), init };
}

/** What a multisig tells its order first. */
export function initOrderBody(signers: readonly Address[], expiresAtUnix: number, order: Cell): Cell {
  return beginCell()
    .storeUint(0x9c73fba2, 32)
    .storeUint(0, 64)
    .storeUint(signers.length, 8)
    .storeRef(beginCell().storeDictDirect(byIndex(signers)).endCell())
    .storeUint(expiresAtUnix, 48)
    .storeRef(order)
    .storeBit(false)
    .endCell();
}

function byIndex(members: readonly Address[]): Dictionary<number, Address> {
  const dict = Dictionary.empty(Dictionary.Keys.Uint(8), Dictionary.Values.Address());
  members.forEach((member, index) => dict.set(index, member));
  return dict;
}
