import type { Address } from '@ton/core';

/**
 * Addresses by what they follow from. They never change, and computing one unpacks and hashes the contract's whole
 * code, which takes longer than reading the contract.
 */
export function createAddressMemo(maxEntries: number) {
  const known = new Map<string, Address>();
  return async (
    owner: Address,
    number: bigint | number,
    compute: () => Promise<Address>,
  ): Promise<Address> => {
    const key = `${owner.toRawString()}/${number}`;
    const found = known.get(key);
    if (found) return found;
    const address = await compute();
    if (known.size >= maxEntries) known.delete(known.keys().next().value!);
    known.set(key, address);
    return address;
  };
}

export type AddressMemo = ReturnType<typeof createAddressMemo>;
