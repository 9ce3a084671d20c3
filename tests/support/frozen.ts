import { beginCell, storeStateInit, type Address, type StateInit } from '@ton/core';
import type { Blockchain } from '@ton/sandbox';

/** What years without rent do to an account: all that is left of its state is a hash. Returns the state that thaws it. */
export async function freeze(chain: Blockchain, address: Address): Promise<StateInit> {
  const { account } = await chain.getContract(address);
  const storage = account.account?.storage;
  if (storage?.state.type !== 'active') throw new Error('only a deployed account freezes');
  const { code, data } = storage.state.state;
  const state: StateInit = { code: code!, data: data! };
  storage.state = { type: 'frozen', stateHash: hashOf(state) };
  storage.balance.coins = 0n;
  await chain.setShardAccount(address, account);
  return state;
}

/** What more years do: the account is gone. */
export async function wipe(chain: Blockchain, address: Address): Promise<void> {
  const { account } = await chain.getContract(address);
  await chain.setShardAccount(address, { ...account, account: null });
}

function hashOf(state: StateInit): bigint {
  const cell = beginCell().store(storeStateInit(state)).endCell();
  return BigInt(`0x${cell.hash().toString('hex')}`);
}
