import { WalletContractV3R1, WalletContractV3R2, WalletContractV4, WalletContractV5R1 } from '@ton/ton';
import type { Cell } from '@ton/core';
import type { AccountView } from '../accounts';

interface WalletKind {
  wallet_type: string;
  /** Where the data cell holds the sequence number and the wallet id. */
  read(data: Cell): { seqno: number; wallet_id: number };
}

const seqnoFirst = (data: Cell): { seqno: number; wallet_id: number } => {
  const slice = data.beginParse();
  return { seqno: slice.loadUint(32), wallet_id: slice.loadUint(32) };
};

const afterOneBit = (data: Cell): { seqno: number; wallet_id: number } => seqnoFirst(skipBit(data));

function skipBit(data: Cell): Cell {
  const slice = data.beginParse();
  slice.skip(1);
  return slice.asCell();
}

const anyKey = { workchain: 0, publicKey: Buffer.alloc(32) };

const KINDS: ReadonlyMap<string, WalletKind> = new Map([
  [codeHash(WalletContractV3R1.create(anyKey)), { wallet_type: 'wallet v3 r1', read: seqnoFirst }],
  [codeHash(WalletContractV3R2.create(anyKey)), { wallet_type: 'wallet v3 r2', read: seqnoFirst }],
  [codeHash(WalletContractV4.create(anyKey)), { wallet_type: 'wallet v4 r2', read: seqnoFirst }],
  [codeHash(WalletContractV5R1.create(anyKey)), { wallet_type: 'wallet v5 r1', read: afterOneBit }],
]);

function codeHash({ init }: { init: { code: Cell } }): string {
  return init.code.hash().toString('hex');
}

/** What a known wallet's code says about its data; empty for everything else. */
export function walletInformation(view: AccountView) {
  const kind = view.code ? KINDS.get(view.code.hash().toString('hex')) : undefined;
  if (!kind || !view.data) return {};
  return { wallet: true, wallet_type: kind.wallet_type, ...kind.read(view.data) };
}
