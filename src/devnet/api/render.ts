import {
  beginCell,
  Cell,
  loadTransaction,
  storeStateInit,
  type Address,
  type Message,
  type Transaction,
} from '@ton/core';
import type { AccountView } from '../accounts';
import { cellText } from '../cellText';
import { inboundMessage, outMessages } from '../messages';
import type { TransactionRow } from '../store';
import type { BlockId } from '../timeline';

/** The JSON shapes of toncenter's v2 API, as far as they are read by anybody. */
export const blockIdJson = (id: BlockId) => ({
  '@type': 'ton.blockIdExt',
  workchain: id.workchain,
  shard: id.shard.toString(),
  seqno: id.seqno,
  root_hash: id.rootHash.toString('base64'),
  file_hash: id.fileHash.toString('base64'),
});

export const transactionIdJson = (lt: bigint, hash: Buffer) => ({
  '@type': 'internal.transactionId',
  lt: lt.toString(),
  hash: hash.toString('base64'),
});

export const cellTextOrEmpty = (cell: Cell | null): string => (cell ? cellText(cell) : '');

export const extraCurrenciesJson = (view: AccountView) =>
  view.extraCurrencies.map(({ id, amount }) => ({ '@type': 'extraCurrency', id, amount: amount.toString() }));

export function transactionJson(row: TransactionRow) {
  const cell = Cell.fromBoc(row.boc)[0]!;
  const transaction = loadTransaction(cell.beginParse());
  const inbound = inboundMessage(cell);
  const sent = outMessages(cell);
  const { total, storage } = costOf(transaction);
  return {
    '@type': 'raw.transaction',
    address: { '@type': 'accountAddress', account_address: row.account },
    utime: transaction.now,
    data: row.boc.toString('base64'),
    transaction_id: transactionIdJson(row.lt, row.hash),
    fee: total.toString(),
    storage_fee: storage.toString(),
    other_fee: (total - storage).toString(),
    ...(inbound && transaction.inMessage ? { in_msg: messageJson(inbound, transaction.inMessage) } : {}),
    out_msgs: sent.map(({ cell: out, message }) => messageJson(out, message)),
  };
}

/** All that a transaction cost its account: its own fees, and what its messages carry for their forwarding. */
function costOf(transaction: Transaction): { total: bigint; storage: bigint } {
  let total = transaction.totalFees.coins;
  for (const message of transaction.outMessages.values()) {
    if (message.info.type === 'internal') total += message.info.forwardFee + message.info.ihrFee;
  }
  const { description } = transaction;
  const storage = 'storagePhase' in description ? (description.storagePhase?.storageFeesCollected ?? 0n) : 0n;
  return { total, storage };
}

function messageJson(cell: Cell, message: Message) {
  const { info, body, init } = message;
  const internal = info.type === 'internal' ? info : null;
  return {
    '@type': 'ext.message',
    hash: cell.hash().toString('base64'),
    source: info.type === 'external-in' ? '' : friendly(info.src),
    destination: info.type === 'external-out' ? '' : friendly(info.dest),
    value: (internal?.value.coins ?? 0n).toString(),
    extra_currencies: [],
    fwd_fee: (internal?.forwardFee ?? 0n).toString(),
    ihr_fee: (internal?.ihrFee ?? 0n).toString(),
    created_lt: (info.type === 'external-in' ? 0n : info.createdLt).toString(),
    body_hash: body.hash().toString('base64'),
    msg_data: {
      '@type': 'msg.dataRaw',
      body: cellText(body),
      init_state: init ? cellText(beginCell().store(storeStateInit(init)).endCell()) : '',
    },
    message: body.bits.length === 0 ? '' : cellText(body),
  };
}

const friendly = (address: Address): string => address.toString();
