import type { Address } from '@ton/core';
import type { Blockchain, BlockchainTransaction, SendMessageResult } from '@ton/sandbox';
import { balanceOf } from './chain';

// Where a message chain's money went, read from the fee fields of its transactions: nothing here is an estimate.

/** Rent that the transaction collected, nanotons. */
export function storageFee(tx: BlockchainTransaction): bigint {
  return tx.description.type === 'generic' ? (tx.description.storagePhase?.storageFeesCollected ?? 0n) : 0n;
}

/** What validators get of a message chain: the fees of each transaction, and of each message what its arrival is charged. */
export function burnedBy({ transactions }: SendMessageResult): bigint {
  return transactions.reduce((sum, tx) => sum + tx.totalFees.coins + carriageLeft(tx), 0n);
}

function carriageLeft(tx: BlockchainTransaction): bigint {
  return tx.outMessages
    .values()
    .reduce((sum, { info }) => sum + (info.type === 'internal' ? info.forwardFee : 0n), 0n);
}

/** What a message brought, nanotons. */
export function valueOf(tx: BlockchainTransaction): bigint {
  const info = tx.inMessage?.info;
  return info?.type === 'internal' ? info.value.coins : 0n;
}

/** What all of them hold together, nanotons. */
export async function heldBy(chain: Blockchain, accounts: readonly Address[]): Promise<bigint> {
  const balances = await Promise.all(accounts.map((account) => balanceOf(chain, account)));
  return balances.reduce((sum, balance) => sum + balance, 0n);
}
