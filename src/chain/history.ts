import type { Address, Message, Transaction } from '@ton/core';
import { ESCROW_OPCODES } from '../../wrappers/Escrow';
import { WORKER_OPCODES } from '../../wrappers/Worker';
import { LINE_ID_BYTES } from '../protocol/line';
import { parseStatement, statementCell } from '../protocol/statement';
import type { ChainClient, RawTransaction } from './chainClient';
import { CHAIN_LIMITS } from './limits';

/** What only transactions show, because contracts keep the newest state alone. */
export interface History {
  /** In which transaction a Worker admitted that statement (217 bytes); null where none is found. */
  admission(worker: Address, statement: Buffer): Promise<SeenTransaction | null>;
  /** Transactions in which an escrow paid a line, oldest first; what came back counts as never paid. */
  payouts(escrow: Address, lineId: Buffer): Promise<LinePayout[]>;
}

export interface SeenTransaction {
  hash: Buffer;
  atUnix: number;
}

export interface LinePayout extends SeenTransaction {
  amountNano: bigint;
}

/** Searches the newest transactions of an account, up to a limit. Throws CocoonError `chain_unavailable`. */
export function createHistory(client: ChainClient): History {
  return {
    async admission(worker, statement) {
      const { notBefore } = parseStatement(statement);
      return admissionIn(await transactionsSince(client, worker, notBefore), statement);
    },
    async payouts(escrow, lineId) {
      return payoutsIn(await transactionsSince(client, escrow, 0), lineId);
    },
  };
}

/** Oldest first; of a very busy account the newest only. */
async function transactionsSince(
  client: ChainClient,
  account: Address,
  sinceUnix: number,
): Promise<RawTransaction[]> {
  for (let limit = CHAIN_LIMITS.historyFirst; ; limit *= CHAIN_LIMITS.historyFactor) {
    const newest = await client.transactions(account, limit);
    const oldest = newest.at(-1)?.transaction.now ?? 0;
    const isAll = newest.length < limit || oldest < sinceUnix - CHAIN_LIMITS.announcedEarlierSeconds;
    if (isAll || limit >= CHAIN_LIMITS.historyMax) return newest.reverse();
  }
}

/** A Worker admits the statement that was announced last before a quote confirmed it. */
function admissionIn(transactions: readonly RawTransaction[], statement: Buffer): SeenTransaction | null {
  const wanted = statementCell(statement).hash();
  let isAnnounced = false;
  for (const { transaction, hash } of transactions) {
    const announced = announcedIn(transaction);
    if (announced) isAnnounced = announced.equals(wanted);
    else if (isAnnounced && admits(transaction)) return { hash, atUnix: transaction.now };
  }
  return null;
}

function announcedIn(transaction: Transaction): Buffer | null {
  const { inMessage } = transaction;
  if (!inMessage || opOf(inMessage) !== WORKER_OPCODES.Announce || !succeeded(transaction)) return null;
  return inMessage.body.beginParse().loadRef().hash();
}

function admits(transaction: Transaction): boolean {
  if (!succeeded(transaction)) return false;
  return transaction.outMessages.values().some((message) => opOf(message) === WORKER_OPCODES.WorkerAdmitted);
}

/** A payout that the Worker refused comes back: it was never paid. */
function payoutsIn(transactions: readonly RawTransaction[], lineId: Buffer): LinePayout[] {
  const paid: LinePayout[] = [];
  for (const { transaction, hash } of transactions) {
    const { inMessage, now: atUnix } = transaction;
    if (inMessage?.info.type === 'internal' && inMessage.info.bounced) {
      const back = amountOf(inMessage, lineId, true);
      const at = paid.findLastIndex(({ amountNano }) => amountNano === back);
      if (at >= 0) paid.splice(at, 1);
    }
    for (const message of transaction.outMessages.values()) {
      const amountNano = amountOf(message, lineId, false);
      if (amountNano !== null) paid.push({ amountNano, hash, atUnix });
    }
  }
  return paid;
}

const BOUNCED_BITS = 32;
const PAYOUT_BITS = 32 + 64 + 8 * LINE_ID_BYTES;

/** What a payout carries for that line; null for any other message. */
function amountOf({ info, body }: Message, lineId: Buffer, bounced: boolean): bigint | null {
  const slice = body.beginParse();
  if (info.type !== 'internal' || slice.remainingBits < PAYOUT_BITS + (bounced ? BOUNCED_BITS : 0))
    return null;
  if (bounced) slice.skip(BOUNCED_BITS);
  if (slice.loadUint(32) !== ESCROW_OPCODES.Payout) return null;
  const amount = slice.loadUintBig(64);
  return slice.loadBuffer(LINE_ID_BYTES).equals(lineId) ? amount : null;
}

function opOf({ body }: Message): number | null {
  const slice = body.beginParse();
  return slice.remainingBits >= 32 ? slice.preloadUint(32) : null;
}

function succeeded({ description }: Transaction): boolean {
  return description.type === 'generic' && !description.aborted;
}
