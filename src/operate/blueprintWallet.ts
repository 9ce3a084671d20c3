import type { Address, Cell, StateInit } from '@ton/core';
import type { ChainClient, RawTransaction } from '../chain/chainClient';
import { CHAIN_LIMITS } from '../chain/limits';
import { followRoot, type TraceDeps } from '../chain/trace';
import type { OutgoingMessage, TransferReport, WalletSender } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { checkFunds, sendingTrouble } from './trouble';

/** What Blueprint's sender can do, whatever wallet stands behind it. */
export interface BlueprintSender {
  readonly address?: Address;
  send(message: {
    to: Address;
    value: bigint;
    body?: Cell;
    init?: StateInit;
    bounce?: boolean;
  }): Promise<void>;
}

/** A person may take his time with a phone. */
const CONFIRM_MS = 300_000;
const NEWEST = 20;

/**
 * Blueprint's wallet (a mnemonic, TON Connect, a deep link) as one that reports what followed and what it cost.
 * Blueprint does not tell which message it signed, so the wallet's transaction is known by what it sends.
 */
export function createBlueprintWallet(sender: BlueprintSender, deps: TraceDeps): WalletSender {
  const wallet = sender.address;
  if (!wallet) {
    throw new CocoonError('invalid_request', 'This kind of wallet does not tell its address.', {
      remedy: 'Use --mnemonic or --tonconnect.',
    });
  }

  async function transfer(messages: readonly OutgoingMessage[]): Promise<TransferReport> {
    const [message] = messages;
    if (messages.length !== 1 || !message) throw new RangeError('Blueprint sends one message at a time');
    const before = await deps.client.account(wallet!);
    checkFunds(wallet!, before, message.valueNano);
    const deadlineMs = deps.monotonicMs() + CONFIRM_MS;
    await sendBy(sender, message);
    const root = await findOutgoing(wallet!, message, before.last?.lt ?? 0n, deps, deadlineMs);
    const sent = { wallet: wallet!, count: 1 };
    return followRoot(root, sent, deps, deps.monotonicMs() + CHAIN_LIMITS.traceTimeoutMs);
  }

  return {
    address: wallet,
    transfer,
    async send(message) {
      await transfer([message]);
    },
  };
}

async function sendBy(sender: BlueprintSender, message: OutgoingMessage): Promise<void> {
  try {
    await sender.send({
      to: message.to,
      value: message.valueNano,
      ...(message.body ? { body: message.body } : {}),
      ...(message.init ? { init: message.init } : {}),
    });
  } catch (error) {
    throw sendingTrouble(error);
  }
}

async function findOutgoing(
  wallet: Address,
  message: OutgoingMessage,
  afterLt: bigint,
  deps: { client: ChainClient; sleep: (ms: number) => Promise<void>; monotonicMs: () => number },
  deadlineMs: number,
): Promise<RawTransaction> {
  for (;;) {
    const newest = await deps.client.transactions(wallet, NEWEST);
    const found = newest.find(
      ({ transaction }) =>
        transaction.lt > afterLt &&
        [...transaction.outMessages.values()].some(
          ({ info, body }) =>
            info.type === 'internal' &&
            info.dest.equals(message.to) &&
            (message.body === undefined || body.hash().equals(message.body.hash())),
        ),
    );
    if (found) return found;
    if (deps.monotonicMs() > deadlineMs) {
      throw new CocoonError('chain_unavailable', 'The wallet has not sent the message.', {
        remedy: 'Look at the wallet: it may hold too little, or wait for a confirmation.',
      });
    }
    await deps.sleep(CHAIN_LIMITS.pollMs);
  }
}
