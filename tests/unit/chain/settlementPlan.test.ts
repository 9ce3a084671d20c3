import { Address } from '@ton/core';
import { planSettlement, type HeldReceipt, type SettlementPolicy } from '../../../src/chain/settlementPlan';
import type { EscrowState, LineEntry } from '../../../src/chain/types';
import { nano } from '../../../src/protocol/amounts';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../../src/protocol/line';

const NOW = 1_780_000_000;
const DOMAIN = Buffer.alloc(32, 9);
const ESCROW = Buffer.alloc(32, 1);
const FAR = NOW + 7 * 86_400;

const line = (n: number): Line => ({
  workerAddress: Buffer.alloc(32, 5),
  settleBy: FAR + n,
  feeBps: 0,
  feeTo: NO_FEE_RECIPIENT,
  workerKey: Buffer.alloc(32, 6),
});

const held = (of: Line, total: bigint, domain = DOMAIN): HeldReceipt => ({
  escrow: ESCROW,
  line: of,
  receipt: {
    value: {
      domain,
      lineId: lineId(of),
      total,
      jobs: 1n,
      jobsRoot: Buffer.alloc(32),
      issuedAt: NOW,
      flags: 0,
    },
    signature: Buffer.alloc(64),
  },
});

const state = (entries: [Line, Partial<LineEntry>][]): EscrowState =>
  ({
    address: new Address(0, ESCROW),
    domain: DOMAIN,
    lines: new Map(
      entries.map(([of, entry]) => [
        lineId(of).toString('hex'),
        { capNano: nano(1_000_000_000n), paidNano: nano(0), settleBy: of.settleBy, closeAt: 0, ...entry },
      ]),
    ),
  }) as unknown as EscrowState;

/** 1,000 for the message and 100 for each line. */
const fee = (_state: EscrowState, lines: number): bigint => 1_000n + 100n * BigInt(lines);

const plan = (of: EscrowState, receipts: HeldReceipt[], policy?: SettlementPolicy, now = NOW) =>
  planSettlement(receipts, new Map([[ESCROW.toString('hex'), of]]), now, fee, policy);

describe('which receipts are redeemed now', () => {
  test('fees of 1% are low enough, a nanoton less due is too little', () => {
    const of = state([[line(0), {}]]);
    expect(plan(of, [held(line(0), 110_000n)])).toMatchObject([{ dueNano: 110_000n, feeNano: 1_100n }]);
    expect(plan(of, [held(line(0), 109_999n)])).toEqual([]);
  });

  test('a line that ends within 26 hours is due as soon as it brings more than it costs', () => {
    const of = state([[line(0), {}]]);
    const late = FAR - 26 * 3_600;
    expect(plan(of, [held(line(0), 2_000n)], {}, late)).toEqual([]);
    expect(plan(of, [held(line(0), 2_000n)], {}, late + 1)).toHaveLength(1);
    expect(plan(of, [held(line(0), 1_100n)], {}, late + 1)).toEqual([]);
    expect(plan(of, [held(line(0), 1_101n)], {}, late + 1)).toHaveLength(1);
  });

  test('a line that is being closed is due at once, and until its last second', () => {
    const closeAt = NOW + 36 * 3_600;
    const of = state([[line(0), { closeAt }]]);
    expect(plan(of, [held(line(0), 2_000n)])).toHaveLength(1);
    expect(plan(of, [held(line(0), 2_000n)], {}, closeAt)).toHaveLength(1);
    expect(plan(of, [held(line(0), 2_000n)], {}, closeAt + 1)).toEqual([]);
  });

  test('a shutdown settles whatever brings more than it costs', () => {
    const of = state([[line(0), {}]]);
    expect(plan(of, [held(line(0), 1_101n)])).toEqual([]);
    expect(plan(of, [held(line(0), 1_101n)], { all: true })).toHaveLength(1);
    expect(plan(of, [held(line(0), 1_100n)], { all: true })).toEqual([]);
  });

  test('what counts is the newest receipt, up to the cap, beyond what was paid', () => {
    const of = state([[line(0), { capNano: nano(500_000n), paidNano: nano(200_000n) }]]);
    const receipts = [held(line(0), 400_000n), held(line(0), 900_000n), held(line(0), 300_000n)];
    const [batch] = plan(of, receipts);
    expect(batch).toMatchObject({ dueNano: 300_000n });
    expect(batch!.items.map(({ receipt }) => receipt.value.total)).toEqual([900_000n]);
    expect(plan(of, [held(line(0), 200_000n)], { all: true })).toEqual([]);
  });

  test('receipts that the escrow would skip are left out', () => {
    const of = state([[line(0), {}]]);
    expect(plan(of, [held(line(1), 1_000_000n)])).toEqual([]);
    expect(plan(of, [held(line(0), 1_000_000n, Buffer.alloc(32, 8))])).toEqual([]);
    expect(plan(of, [held(line(0), 1_000_000n)], {}, FAR)).toHaveLength(1);
    expect(plan(of, [held(line(0), 1_000_000n)], {}, FAR + 1)).toEqual([]);
    expect(plan(of, [{ ...held(line(0), 1_000_000n), escrow: Buffer.alloc(32, 2) }])).toEqual([]);
  });

  test('ten lines go into a batch, the largest first', () => {
    const lines = Array.from({ length: 13 }, (_, n) => line(n));
    const of = state(lines.map((each) => [each, {}]));
    const batches = plan(
      of,
      lines.map((each, n) => held(each, BigInt(1_000_000 + n))),
    );
    expect(batches.map(({ items }) => items.length)).toEqual([10, 3]);
    expect(batches[0]!.items[0]!.receipt.value.total).toBe(1_000_012n);
    const totals = batches.flatMap(({ items }) => items.map(({ receipt }) => receipt.value.total));
    expect(totals).toEqual([...totals].sort((a, b) => (b > a ? 1 : -1)));
  });

  test('a line that brings no more than it adds to the fee does not ride along', () => {
    const of = state([
      [line(0), {}],
      [line(1), {}],
    ]);
    const ride = (due: bigint) => plan(of, [held(line(0), 1_000_000n), held(line(1), due)])[0]!.items.length;
    expect(ride(100n)).toBe(1);
    expect(ride(101n)).toBe(2);
  });
});
