import {
  beginCell,
  Cell,
  loadShardAccount,
  storeShardAccount,
  type ShardAccount,
  type Address,
} from '@ton/core';

/** An account as readers see it. */
export interface AccountView {
  state: 'active' | 'uninitialized' | 'frozen';
  balance: bigint;
  extraCurrencies: readonly { id: number; amount: bigint }[];
  code: Cell | null;
  data: Cell | null;
  frozenHash: Buffer | null;
  lastLt: bigint;
  lastHash: Buffer;
}

/** Nothing was ever sent there. */
export const EMPTY_ACCOUNT: Buffer = encodeAccount({
  account: null,
  lastTransactionHash: 0n,
  lastTransactionLt: 0n,
});

export function encodeAccount(account: ShardAccount): Buffer {
  return beginCell().store(storeShardAccount(account)).endCell().toBoc();
}

/** An account that exists from genesis on. */
export function genesisAccount(address: Address, code: Cell, data: Cell, balance: bigint): Buffer {
  return encodeAccount({
    account: {
      addr: address,
      storage: {
        lastTransLt: 0n,
        balance: { coins: balance },
        state: { type: 'active', state: { code, data } },
      },
      storageStats: { used: { cells: 0n, bits: 0n }, lastPaid: 0, storageExtra: null },
    },
    lastTransactionHash: 0n,
    lastTransactionLt: 0n,
  });
}

export function viewAccount(boc: Buffer): AccountView {
  const { account, lastTransactionLt, lastTransactionHash } = loadShardAccount(
    Cell.fromBoc(boc)[0]!.beginParse(),
  );
  const state = account?.storage.state;
  const others = account?.storage.balance.other;
  return {
    state: state?.type === 'active' ? 'active' : state?.type === 'frozen' ? 'frozen' : 'uninitialized',
    balance: account?.storage.balance.coins ?? 0n,
    extraCurrencies: others ? [...others].map(([id, amount]) => ({ id, amount })) : [],
    code: state?.type === 'active' ? (state.state.code ?? null) : null,
    data: state?.type === 'active' ? (state.state.data ?? null) : null,
    frozenHash: state?.type === 'frozen' ? hashBytes(state.stateHash) : null,
    lastLt: lastTransactionLt,
    lastHash: hashBytes(lastTransactionHash),
  };
}

function hashBytes(value: bigint): Buffer {
  return Buffer.from(value.toString(16).padStart(64, '0'), 'hex');
}
