import type { Address, Cell } from '@ton/core';
import type { ChainClient } from '../chain/chainClient';
import {
  MULTISIG_GETTERS,
  parseMultisig,
  parseMultisigOrder,
  type MultisigOrder,
  type MultisigState,
} from '../governance/multisig';
import { CocoonError } from '../protocol/errors';

/** Null for an account that is no multisig wallet. Throws CocoonError `chain_unavailable`. */
export async function readMultisig(client: ChainClient, address: Address): Promise<MultisigState | null> {
  return orNull(async () => parseMultisig(await client.getMethod(address, MULTISIG_GETTERS.multisig)));
}

/**
 * An order contract of a multisig; null for an account that is none. Throws CocoonError `proposal_foreign` when its multisig does
 * not know it: anybody can deploy something that looks like one.
 */
export async function readMultisigOrder(
  client: ChainClient,
  address: Address,
): Promise<MultisigOrder | null> {
  const order = await orNull(async () =>
    parseMultisigOrder(await client.getMethod(address, MULTISIG_GETTERS.order)),
  );
  if (!order) return null;
  const known = await orNull(() => readOrderAddress(client, order.multisig, order.seqno));
  if (known?.equals(address)) return order;
  throw new CocoonError(
    'proposal_foreign',
    `${address.toString()} says that it is order ${order.seqno} of the multisig ${order.multisig.toString()}, which does not know it.`,
  );
}

/** A get-method that is not there, or answers in another form, is an answer. */
async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof CocoonError && error.code !== 'chain_refused') throw error;
    return null;
  }
}

/** Where the multisig's order of this number is, or will be. Throws CocoonError `chain_unavailable`, `chain_refused`. */
export async function readOrderAddress(
  client: ChainClient,
  multisig: Address,
  seqno: bigint,
): Promise<Address> {
  const stack = await client.getMethod(multisig, MULTISIG_GETTERS.orderAddress, [
    { type: 'int', value: seqno },
  ]);
  return stack.readAddress();
}

/** Value for a new_order: twice what the multisig asks at least, since it asks again when the message arrives. */
export async function readOrderValue(
  client: ChainClient,
  multisig: Address,
  content: Cell,
  expiresAtUnix: number,
): Promise<bigint> {
  const stack = await client.getMethod(multisig, MULTISIG_GETTERS.estimate, [
    { type: 'cell', cell: content },
    { type: 'int', value: BigInt(expiresAtUnix) },
  ]);
  return 2n * stack.readBigNumber();
}
