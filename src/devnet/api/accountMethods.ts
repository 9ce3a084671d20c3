import { z } from 'zod';
import { Cell, type Address } from '@ton/core';
import type { AccountView } from '../accounts';
import { DEVNET_LIMITS } from '../limits';
import { MASTERCHAIN } from '../network';
import { method, type ApiContext } from './method';
import { addressParam, hashParam, integerParam, ltParam, booleanParam } from './params';
import { ApiError } from './apiError';
import {
  blockIdJson,
  cellTextOrEmpty,
  extraCurrenciesJson,
  transactionIdJson,
  transactionJson,
} from './render';
import { walletInformation } from './wallets';
import { parseStack, renderStack } from './stack';
import { methodIdOf } from './methodId';

const byAddress = z.object({ address: addressParam });

/** An account and the block it is read at; both are of the same moment, nothing awaits in between. */
export function readAccount({ ledger }: ApiContext, address: Address) {
  const head = ledger.head();
  return {
    view: ledger.account(address),
    blockId: blockIdJson(ledger.id(head.seqno, MASTERCHAIN)),
    unixTime: Math.floor(head.timeMs / 1000),
  };
}

export const getAddressInformation = method(byAddress, (context, { address }) => {
  const { view, blockId, unixTime } = readAccount(context, address);
  return {
    '@type': 'raw.fullAccountState',
    balance: view.balance.toString(),
    extra_currencies: extraCurrenciesJson(view),
    code: cellTextOrEmpty(view.code),
    data: cellTextOrEmpty(view.data),
    last_transaction_id: transactionIdJson(view.lastLt, view.lastHash),
    block_id: blockId,
    frozen_hash: view.frozenHash?.toString('base64') ?? '',
    sync_utime: unixTime,
    state: view.state,
  };
});

export const getExtendedAddressInformation = method(byAddress, (context, { address }) => {
  const { view, blockId, unixTime } = readAccount(context, address);
  return {
    '@type': 'fullAccountState',
    address: { '@type': 'accountAddress', account_address: address.toString() },
    balance: view.balance.toString(),
    extra_currencies: extraCurrenciesJson(view),
    last_transaction_id: transactionIdJson(view.lastLt, view.lastHash),
    block_id: blockId,
    sync_utime: unixTime,
    account_state: accountStateJson(view),
    revision: 0,
  };
});

function accountStateJson(view: AccountView) {
  const frozen_hash = view.frozenHash?.toString('base64') ?? '';
  return view.state === 'active'
    ? {
        '@type': 'raw.accountState',
        code: cellTextOrEmpty(view.code),
        data: cellTextOrEmpty(view.data),
        frozen_hash,
      }
    : { '@type': 'uninited.accountState', frozen_hash };
}

export const getAddressBalance = method(byAddress, ({ ledger }, { address }) =>
  ledger.account(address).balance.toString(),
);

export const getAddressState = method(byAddress, ({ ledger }, { address }) => ledger.account(address).state);

export const getWalletInformation = method(byAddress, (context, { address }) => {
  const { view } = readAccount(context, address);
  return {
    wallet: false,
    balance: view.balance.toString(),
    account_state: view.state,
    last_transaction_id: transactionIdJson(view.lastLt, view.lastHash),
    ...walletInformation(view),
  };
});

export const runGetMethod = method(
  z.object({
    address: addressParam,
    method: z.union([z.string().min(1).max(128), z.number().int()]),
    stack: z
      .array(z.tuple([z.string(), z.unknown()]))
      .max(64)
      .default([]),
    seqno: integerParam.optional(),
  }),
  async (context, { address, method: name, stack }) => {
    const { view, blockId } = readAccount(context, address);
    const common = {
      '@type': 'smc.runResult',
      block_id: blockId,
      last_transaction_id: transactionIdJson(view.lastLt, view.lastHash),
    };
    const args = parseStack(stack);
    // An account without code ends at once with the code that a liteserver gives for it.
    if (view.code === null) return { ...common, gas_used: 0, stack: [], exit_code: -13 };
    const result = await context.emulator.getMethod(
      { address, code: view.code, data: view.data ?? Cell.EMPTY, balance: view.balance },
      methodIdOf(name),
      args,
      context.collator.sceneNow(),
    );
    return {
      ...common,
      gas_used: result.gasUsed,
      stack: renderStack(result.stack),
      // 0 and 1 both mean success on chain; toncenter's clients know 0 only.
      exit_code: result.exitCode === 1 ? 0 : result.exitCode,
    };
  },
);

export const getTransactions = method(
  z.object({
    address: addressParam,
    limit: integerParam.pipe(z.number().min(1).max(DEVNET_LIMITS.transactionsPageMax)).default(10),
    lt: ltParam.optional(),
    hash: hashParam.optional(),
    to_lt: ltParam.default(0n),
    archival: booleanParam.optional(),
  }),
  ({ store, ledger }, { address, limit, lt, hash, to_lt: toLt }) => {
    if (hash && lt === undefined) throw new ApiError(422, 'lt and hash go together');
    const from = lt ?? ledger.account(address).lastLt;
    const page = store.transactions(address.toRawString(), from, toLt, limit);
    if (lt !== undefined && (page[0]?.lt !== lt || (hash && !page[0].hash.equals(hash)))) {
      throw new ApiError(
        500,
        'LITE_SERVER_UNKNOWN: cannot locate transaction in block with specified logical time',
      );
    }
    return page.map(transactionJson);
  },
);

const byMessage = z.object({ source: addressParam, destination: addressParam, created_lt: ltParam });

/** The transaction that a message caused. */
export const tryLocateResultTx = method(
  byMessage,
  ({ store }, { source, destination, created_lt: createdLt }) => {
    const row = store.transactionOfMessage(source.toRawString(), createdLt, destination.toRawString());
    if (!row) throw new ApiError(404, 'message not found');
    return transactionJson(row);
  },
);

/** The transaction that sent a message: the last one of its source before the message's own logical time. */
export const tryLocateSourceTx = method(
  byMessage,
  ({ store }, { source, destination, created_lt: createdLt }) => {
    const [row] = store.transactions(source.toRawString(), createdLt - 1n, 0n, 1);
    const transaction = row ? transactionJson(row) : null;
    const to = destination.toString();
    const sent = transaction?.out_msgs.some(
      (m) => m.created_lt === createdLt.toString() && m.destination === to,
    );
    if (!transaction || !sent) throw new ApiError(404, 'message not found');
    return transaction;
  },
);
