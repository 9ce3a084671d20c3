import type { Message } from '@ton/core';
import { nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import type { ChainClient, RawTransaction } from './chainClient';
import { CHAIN_LIMITS } from './limits';
import { exitCodeOf, feesOf } from './transactionView';
import type { SignedTransfer, TransferHooks, TransferReport } from './types';

export interface TraceDeps {
  client: ChainClient;
  sleep: (ms: number) => Promise<void>;
  monotonicMs: () => number;
  onTransaction?: TransferHooks['onTransaction'];
}

/** Stands for an exit code where no code ran; a liteserver says the same of a get-method. */
export const NO_CONTRACT = -13;

/** Newest transactions of an account that are searched for one message; a busy one is searched further back. */
const WINDOW = 30;

/**
 * Waits for a wallet's transaction and for everything that follows from it. Throws CocoonError `wallet_overtaken` when
 * another message took this one's number, and `chain_unavailable` when it expired unseen, or when it or its
 * consequences do not show in time.
 */
export async function followTransfer(sent: SignedTransfer, deps: TraceDeps): Promise<TransferReport> {
  const deadlineMs = deps.monotonicMs() + CHAIN_LIMITS.traceTimeoutMs;
  for (;;) {
    const fate = await lookForExternal(sent, deps.client);
    if (typeof fate === 'object') return followRoot(fate, sent, deps, deadlineMs);
    if (fate === 'overtaken') throw overtaken();
    if (fate === 'expired') throw expired();
    if (deps.monotonicMs() > deadlineMs) throw late();
    await deps.sleep(CHAIN_LIMITS.pollMs);
  }
}

/** The same for a message of an earlier process, after one look; null when no block took it or ever will. */
export async function followEarlier(sent: SignedTransfer, deps: TraceDeps): Promise<TransferReport | null> {
  const fate = await lookForExternal(sent, deps.client);
  if (fate === 'waiting') throw late();
  if (typeof fate === 'string') return null;
  return followRoot(fate, sent, deps, deps.monotonicMs() + CHAIN_LIMITS.traceTimeoutMs);
}

/** The same from the wallet's own transaction, where somebody else signed and sent the message. */
export async function followRoot(
  root: RawTransaction,
  sent: Pick<SignedTransfer, 'wallet' | 'count'>,
  deps: TraceDeps,
  deadlineMs: number,
): Promise<TransferReport> {
  deps.onTransaction?.(root);
  let fees = feesOf(root.transaction);
  let spent = fees + sumOf(consequences(root));
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
    deps.onTransaction?.(next);
    fees = nano(fees + feesOf(next.transaction));
    if (message.info.dest?.toString() === sent.wallet.toString()) {
      spent += feesOf(next.transaction) - sumOf([message]);
    }
    failure ??= failureOf(next);
    open.push(...consequences(next));
  }
  return {
    feesNano: fees,
    spentNano: nano(spent),
    lt: root.transaction.lt,
    hash: root.hash,
    atUnix: root.transaction.now,
    failure,
    answers,
  };
}

/** `overtaken` and `expired` are for ever: no block will take the message. */
type Fate = RawTransaction | 'waiting' | 'overtaken' | 'expired';

async function lookForExternal(sent: SignedTransfer, client: ChainClient): Promise<Fate> {
  // The account is read first: once its block is past the expiry, the list that follows is complete.
  const { atUnix, deployed } = await client.account(sent.wallet);
  const found = await searchExternal(sent, client);
  if (found) return found;
  if (atUnix > sent.validUntil) return 'expired';
  const seqno = deployed ? (await client.getMethod(sent.wallet, 'seqno')).readNumber() : 0;
  if (seqno <= sent.seqno) return 'waiting';
  // Its number is taken: by itself, in a block that was not there at the first look, or by another message.
  return (await searchExternal(sent, client)) ?? 'overtaken';
}

/** Among the newest transactions, and back to when the message was signed. */
async function searchExternal(sent: SignedTransfer, client: ChainClient): Promise<RawTransaction | null> {
  for (let limit = WINDOW; ; limit = Math.min(2 * limit, CHAIN_LIMITS.transactionsMax)) {
    const newest = await client.transactions(sent.wallet, limit);
    const found = newest.find(
      ({ transaction: { inMessage } }) =>
        inMessage?.info.type === 'external-in' && inMessage.body.hash().equals(sent.bodyHash),
    );
    if (found) return found;
    const oldest = newest.at(-1)?.transaction.now ?? 0;
    const signedAt = sent.validUntil - CHAIN_LIMITS.walletValidSeconds;
    if (newest.length < limit || limit === CHAIN_LIMITS.transactionsMax || oldest < signedAt) return null;
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

function sumOf(messages: readonly Message[]): bigint {
  return messages.reduce((sum, { info }) => sum + (info.type === 'internal' ? info.value.coins : 0n), 0n);
}

/** A refused message comes back. So does one to nobody, unless it was a plain gift that may lie there. */
function failureOf({ transaction }: RawTransaction): TransferReport['failure'] {
  const { description, inMessage } = transaction;
  const info = inMessage?.info;
  if (info?.type !== 'internal' || description.type !== 'generic' || !description.aborted) return null;
  const exitCode = exitCodeOf(transaction) ?? (info.bounce ? NO_CONTRACT : null);
  return exitCode === null ? null : { address: info.dest, exitCode };
}

export function overtaken(): CocoonError {
  return new CocoonError('wallet_overtaken', 'Another process sent from this wallet first.');
}

function expired(): CocoonError {
  return new CocoonError('chain_unavailable', 'The message expired before any block took it.', {
    remedy: 'Send it again: nothing was spent.',
  });
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
