import {
  beginCell,
  loadShardAccount,
  storeAccountStorage,
  storeShardAccount,
  storeStateInit,
  Cell,
  type Address,
  type ShardAccount,
  type StateInit,
} from '@ton/core';
import { createShardAccount } from '@ton/sandbox';
import { storageOf } from '../../support/escrowState';
import { lightCell } from './cells';

// Accounts as the emulator takes them: base64 of a serialized ShardAccount.

/** What is read of an account. `data` is light: it can be parsed, not hashed. */
export interface Held {
  balance: bigint;
  state: 'active' | 'frozen' | 'none';
  data: Cell | null;
}

/** An address where nothing was ever deployed. */
export const NO_ACCOUNT: string = base64(
  beginCell().storeRef(beginCell().storeBit(false).endCell()).storeUint(0, 256).storeUint(0, 64).endCell(),
);

export function readAccount(account: string): Held {
  const { account: found } = loadShardAccount(lightCell(Buffer.from(account, 'base64')).beginParse());
  if (!found) return { balance: 0n, state: 'none', data: null };
  const { balance, state } = found.storage;
  return {
    balance: balance.coins,
    state: state.type === 'uninit' ? 'none' : state.type,
    data: state.type === 'active' ? (state.state.data ?? null) : null,
  };
}

/** A deployed account, whose storage is counted as the chain would. */
export function makeAccount(address: Address, code: Cell, data: Cell, balance: bigint, now: number): string {
  const shard = createShardAccount({ address, code, data, balance });
  shard.account!.storageStats.lastPaid = now;
  return counted(shard);
}

/** The same account with another balance. */
export function withBalance(account: string, balance: bigint): string {
  const shard = loadWhole(account);
  shard.account!.storage.balance.coins = balance;
  return counted(shard);
}

/** The account with other code: that of a contract with a planted fault. */
export function withCode(account: string, code: Cell): string {
  const shard = loadWhole(account);
  const { state } = shard.account!.storage;
  if (state.type !== 'active') throw new Error('only what is active has code');
  state.state = { ...state.state, code };
  return counted(shard);
}

/** The account as the chain leaves it when rent could not be paid for long: a hash of its state. */
export function frozen(account: string): string {
  const shard = loadWhole(account);
  const { storage } = shard.account!;
  const hash = beginCell()
    .store(storeStateInit(stateOf(account)))
    .endCell()
    .hash();
  storage.state = { type: 'frozen', stateHash: BigInt(`0x${hash.toString('hex')}`) };
  return counted(shard);
}

/** The state that thaws an account which was frozen when it looked like this. */
export function stateOf(account: string): StateInit {
  const { state } = loadWhole(account).account!.storage;
  if (state.type !== 'active') throw new Error('the account is not active');
  return state.state;
}

/**
 * Serialized, with its storage counted as the chain would. An account that is made claims to use none: the emulator counts
 * on from there, and aborts once the balance loses a byte of its encoding while nothing else changes.
 */
function counted(shard: ShardAccount): string {
  const { storage, storageStats } = shard.account!;
  storageStats.used = storageOf(beginCell().store(storeAccountStorage(storage)).endCell());
  return base64(beginCell().store(storeShardAccount(shard)).endCell());
}

function loadWhole(account: string): ShardAccount {
  return loadShardAccount(Cell.fromBase64(account).beginParse());
}

function base64(cell: Cell): string {
  return cell.toBoc().toString('base64');
}
