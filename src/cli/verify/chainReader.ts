import type { Address, Message, Transaction } from '@ton/core';
import { ESCROW_OPCODES } from '../../../wrappers/Escrow';
import { WORKER_OPCODES } from '../../../wrappers/Worker';
import type { ConnectedChain } from '../../chain/chain';
import type { RawTransaction } from '../../chain/chainClient';
import type { EvidenceChain, Payout, SeenTransaction } from '../../evidence';
import { LINE_ID_BYTES } from '../../protocol/line';
import { parseStatement, statementCell } from '../../protocol/statement';
import { VERIFY_LIMITS } from './limits';

/** Reads from one endpoint what a bundle alone does not show. */
export function createEvidenceChain(chain: ConnectedChain): EvidenceChain {
  return {
    ...chain,
    async admission(worker, statement) {
      const { notBefore } = parseStatement(statement);
      return admissionIn(await transactionsSince(chain, worker, notBefore), statement);
    },
    async payouts(escrow, lineId) {
      return payoutsIn(await transactionsSince(chain, escrow, 0), lineId);
    },
  };
}

/** Oldest first; of a very busy account the newest only. */
async function transactionsSince(
  chain: ConnectedChain,
  account: Address,
  sinceUnix: number,
): Promise<RawTransaction[]> {
  for (let limit = VERIFY_LIMITS.transactionsFirst; ; limit *= VERIFY_LIMITS.transactionsFactor) {
    const newest = await chain.client.transactions(account, limit);
    const oldest = newest.at(-1)?.transaction.now ?? 0;
    const isAll = newest.length < limit || oldest < sinceUnix - VERIFY_LIMITS.earlierSeconds;
    if (isAll || limit >= VERIFY_LIMITS.transactionsMax) return newest.reverse();
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
function payoutsIn(transactions: readonly RawTransaction[], lineId: Buffer): Payout[] {
  const paid: Payout[] = [];
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
