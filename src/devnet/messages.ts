import {
  beginCell,
  Cell,
  Dictionary,
  loadMessage,
  storeMessage,
  type Address,
  type Message,
} from '@ton/core';
import { FAUCET_ADDRESS } from './network';

/** The messages that a transaction sends to accounts, cell for cell as it made them, in order. */
export function outMessages(transaction: Cell): { cell: Cell; message: Message; to: Address }[] {
  // transaction$0111: the first reference holds `in_msg:(Maybe ^Message) out_msgs:(HashmapE 15 ^Message)`.
  const inner = transaction.refs[0]!.beginParse();
  inner.loadMaybeRef();
  const cells = inner.loadDict(Dictionary.Keys.Uint(15), Dictionary.Values.Cell());
  const sent: { cell: Cell; message: Message; to: Address }[] = [];
  for (const cell of cells.values()) {
    const message = loadMessage(cell.beginParse());
    if (message.info.type === 'internal') sent.push({ cell, message, to: message.info.dest });
  }
  return sent;
}

export function inboundMessage(transaction: Cell): Cell | null {
  return transaction.refs[0]!.beginParse().loadMaybeRef();
}

/**
 * The hash by which an external message is known whatever its encoding: import fee zero, no source, no state,
 * body in a reference (TEP-467).
 */
export function normalizedHash(message: Message): Buffer {
  if (message.info.type !== 'external-in')
    throw new RangeError('only external messages have a normalized hash');
  return beginCell()
    .storeUint(0b10, 2)
    .storeUint(0, 2)
    .storeAddress(message.info.dest)
    .storeCoins(0)
    .storeBit(false)
    .storeBit(true)
    .storeRef(message.body)
    .endCell()
    .hash();
}

/** A faucet's gift: a plain internal message from the minter, never bounced. */
export function giftMessage(to: Address, value: bigint, createdLt: bigint, createdAt: number): Cell {
  return beginCell()
    .store(
      storeMessage({
        info: {
          type: 'internal',
          ihrDisabled: true,
          bounce: false,
          bounced: false,
          src: FAUCET_ADDRESS,
          dest: to,
          value: { coins: value },
          ihrFee: 0n,
          forwardFee: 0n,
          createdLt,
          createdAt,
        },
        body: Cell.EMPTY,
      }),
    )
    .endCell();
}
