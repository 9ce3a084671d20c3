import type { Message } from '@ton/core';
import { WORKER_OPCODES } from '../../wrappers/Worker';
import type { RawTransaction } from '../chain/chainClient';

/** Adds up what a settle paid to each line, as its transactions show it: sent to Workers, less what came back. */
export interface PayoutSum {
  add(transaction: RawTransaction): void;
  /** `lineId` in hex. */
  paidNano(lineId: string): bigint;
}

const BOUNCED = 0xffff_ffff;
const OP_BITS = 32;
const PAYOUT_BITS = OP_BITS + 64 + 160;

/** Of the escrow with this account hash; another settler's payouts of the same lines are in other transactions. */
export function createPayoutSum(escrow: Buffer): PayoutSum {
  const paid = new Map<string, bigint>();
  const count = (payout: { lineId: string; nano: bigint } | null, sign: bigint): void => {
    if (payout) paid.set(payout.lineId, (paid.get(payout.lineId) ?? 0n) + sign * payout.nano);
  };
  return {
    add({ transaction }) {
      if (transaction.address !== BigInt(`0x${escrow.toString('hex')}`)) return;
      for (const message of transaction.outMessages.values()) count(payoutIn(message, false), 1n);
      if (transaction.inMessage) count(payoutIn(transaction.inMessage, true), -1n);
    },
    paidNano: (lineId) => paid.get(lineId) ?? 0n,
  };
}

/** A payout begins with op ‖ amount ‖ lineId: exactly what a bounce brings back. */
function payoutIn({ info, body }: Message, bounced: boolean): { lineId: string; nano: bigint } | null {
  if (info.type !== 'internal' || info.bounced !== bounced) return null;
  const slice = body.beginParse();
  if (slice.remainingBits < PAYOUT_BITS + (bounced ? OP_BITS : 0)) return null;
  if (bounced && slice.loadUint(OP_BITS) !== BOUNCED) return null;
  if (slice.loadUint(OP_BITS) !== WORKER_OPCODES.Payout) return null;
  const nano = slice.loadUintBig(64);
  return { nano, lineId: slice.loadBuffer(20).toString('hex') };
}
