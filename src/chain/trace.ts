import type { Address, Cell, Message } from '@ton/core';
import { nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import type { ChainClient, RawTransaction } from './chainClient';
import { CHAIN_LIMITS } from './limits';
import { exitCodeOf, feesOf } from './transactionView';
import type { TransferReport } from './types';

export interface SentMessage {
  wallet: Address;
  /** Signed body: no two are the same, so it names its transaction. */
  body: Cell;
  validUntil: number;
  balanceBefore: bigint;
  /** How many messages the wallet was told to send. */
  count: number;
}

export interface TraceDeps {
  client: ChainClient;
  sleep: (ms: number) => Promise<void>;
  monotonicMs: () => number;
}

/** Stands for an exit code where no code ran; a liteserver says the same of a get-method. */
export const NO_CONTRACT = -13;

/** Newest transactions of an account that are searched for one message; a busy one is searched further back. */
const WINDOW = 30;

/**
 * Waits for a wallet's transaction and for everything that follows from it. Throws CocoonError `chain_unavailable`
 * when the message expired unseen, or when its consequences do not end in time.
 */
export async function followTransfer(sent: SentMessage, deps: TraceDeps): Promise<TransferReport> {
  const deadlineMs = deps.monotonicMs() + CHAIN_LIMITS.traceTimeoutMs;
  return followRoot(await findExternal(sent, deps, deadlineMs), sent, deps, deadlineMs);
}

/** The same from the wallet's own transaction, where somebody else signed and sent the message. */
export async function followRoot(
  root: RawTransaction,
  sent: Pick<SentMessage, 'wallet' | 'balanceBefore' | 'count'>,
  deps: TraceDeps,
  deadlineMs: number,
): Promise<TransferReport> {
  let fees = feesOf(root.transaction);
  let failure: TransferReport['failure'] = null;
  const answers: TransferReport['answers'][number][] = [];
  const open = consequences(root);
  // A wallet skips what it cannot pay for, and says nothing.
  if (open.length < sent.count) {
    throw new CocoonError(
      'chain_refused',
      `The wallet sent ${open.length} of ${sent.count} messages: it holds too little.`,
      {
        remedy: 'Top up the wallet; what was not sent is still there.',
      },
    );
  }
  for (let n = 0; open.length > 0; n++) {
    if (n >= CHAIN_LIMITS.traceTransactions) throw endless();
    const message = open.shift()!;
    if (message.info.type === 'internal' && message.info.dest.equals(sent.wallet)) {
      const { src, value } = message.info;
      answers.push({ from: src, valueNano: nano(value.coins), body: message.body });
    }
    const next = await findInternal(message, deps, deadlineMs);
    fees = nano(fees + feesOf(next.transaction));
    failure ??= failureOf(next);
    open.push(...consequences(next));
  }
  const after = await deps.client.account(sent.wallet);
  return {
    feesNano: fees,
    spentNano: nano(sent.balanceBefore - after.balanceNano),
    lt: root.transaction.lt,
    hash: root.hash,
    atUnix: root.transaction.now,
    failure,
    answers,
  };
}

async function findExternal(sent: SentMessage, deps: TraceDeps, deadlineMs: number): Promise<RawTransaction> {
  const bodyHash = sent.body.hash();
  for (;;) {
    // The account is read first: once its block is past the expiry, the list that follows is complete.
    const { atUnix } = await deps.client.account(sent.wallet);
    const found = (await deps.client.transactions(sent.wallet, WINDOW)).find(
      ({ transaction }) =>
        transaction.inMessage?.info.type === 'external-in' &&
        transaction.inMessage.body.hash().equals(bodyHash),
    );
    if (found) return found;
    if (atUnix > sent.validUntil) {
      throw new CocoonError('chain_unavailable', 'The message expired before any block took it.', {
        remedy: 'Send it again: nothing was spent.',
      });
    }
    if (deps.monotonicMs() > deadlineMs) throw late();
    await deps.sleep(CHAIN_LIMITS.pollMs);
  }
}

async function findInternal(message: Message, deps: TraceDeps, deadlineMs: number): Promise<RawTransaction> {
  const { info } = message;
  if (info.type !== 'internal') throw new RangeError('only internal messages have consequences');
  for (let limit = WINDOW; ;) {
    const newest = await deps.client.transactions(info.dest, limit);
    const found = newest.find(({ transaction }) => {
      const inbound = transaction.inMessage?.info;
      return (
        inbound?.type === 'internal' && inbound.createdLt === info.createdLt && inbound.src.equals(info.src)
      );
    });
    if (found) return found;
    if (deps.monotonicMs() > deadlineMs) throw late();
    const oldest = newest.at(-1)?.transaction.lt ?? 0n;
    const mayBeOlder =
      newest.length === limit && oldest > info.createdLt && limit < CHAIN_LIMITS.transactionsMax;
    if (mayBeOlder) limit *= 2;
    else await deps.sleep(CHAIN_LIMITS.pollMs);
  }
}

function consequences({ transaction }: RawTransaction): Message[] {
  return [...transaction.outMessages.values()].filter(({ info }) => info.type === 'internal');
}

/** A refused message comes back. So does one to nobody, unless it was a plain gift that may lie there. */
function failureOf({ transaction }: RawTransaction): TransferReport['failure'] {
  const { description, inMessage } = transaction;
  const info = inMessage?.info;
  if (info?.type !== 'internal' || description.type !== 'generic' || !description.aborted) return null;
  const exitCode = exitCodeOf(transaction) ?? (info.bounce ? NO_CONTRACT : null);
  return exitCode === null ? null : { address: info.dest, exitCode };
}

function late(): CocoonError {
  return new CocoonError('chain_unavailable', 'A message was sent, but the chain has not processed it yet.', {
    remedy: 'Look at the wallet before sending again: the message may still be processed.',
  });
}

function endless(): CocoonError {
  return new CocoonError(
    'chain_unavailable',
    `A message caused more than ${CHAIN_LIMITS.traceTransactions} transactions, which are not all followed.`,
  );
}
