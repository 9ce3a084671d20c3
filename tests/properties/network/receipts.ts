import { sign } from '../../../src/protocol/ed25519';
import { RECEIPT_FINAL, receiptLayout, type Receipt } from '../../../src/protocol/signed';
import type { SettleItem } from '../../../wrappers/Escrow';
import { LINES, SIGNERS, WORKERS } from './cast';
import type { Claim } from './escrowRules';
import { lineOf, type World } from './world';

/** How a receipt may lie: with the signature of another content, signed for another escrow, or by another key. */
export type Lie = 'none' | 'swapped' | 'foreign' | 'forged';

export interface ReceiptPlan {
  line: number;
  total: bigint;
  final: boolean;
  lie: Lie;
}

/** The receipt as it travels, and what the rules need to know of it. What keys sign is remembered (I-3). */
export function writeReceipt(
  world: World,
  escrow: number,
  plan: ReceiptPlan,
): { item: SettleItem; claim: Claim } {
  const role = world.cast.lines[plan.line % LINES]!;
  const keys = WORKERS[role.worker]!.keys[role.key];
  const id = role.id.toString('hex');
  const receipt: Receipt = {
    domain: Buffer.from(world.escrows[escrow]!.books.domain, 'hex'),
    lineId: role.id,
    total: plan.total,
    jobs: plan.total,
    jobsRoot: JOBS_ROOT,
    issuedAt: world.now,
    flags: plan.final ? RECEIPT_FINAL : 0,
  };
  const claim = { id, total: plan.total, final: plan.final, signed: plan.lie === 'none' };
  const signed = (at: number, content: Receipt): Buffer => {
    const line = lineOf(world, at, id);
    // Before Open there is no domain: what is signed then is of no escrow.
    if (world.escrows[at]!.books.born !== 0n && content.total > line.signed) line.signed = content.total;
    return sign(receiptLayout.hash(content), keys);
  };
  switch (plan.lie) {
    case 'none':
      return { item: { line: role.line, receipt, signature: signed(escrow, receipt) }, claim };
    case 'swapped': {
      const other = { ...receipt, total: 1n, flags: receipt.flags ^ RECEIPT_FINAL };
      return { item: { line: role.line, receipt, signature: signed(escrow, other) }, claim };
    }
    case 'foreign': {
      const at = (escrow + 1) % world.escrows.length;
      const other = { ...receipt, domain: Buffer.from(world.escrows[at]!.books.domain, 'hex') };
      return { item: { line: role.line, receipt, signature: signed(at, other) }, claim };
    }
    case 'forged':
      return {
        item: { line: role.line, receipt, signature: sign(receiptLayout.hash(receipt), SIGNERS[0]!) },
        claim,
      };
  }
}

const JOBS_ROOT = Buffer.alloc(32, 1);
