import { Address } from '@ton/core';
import type { HeldReceipt } from '../../../src/chain/dues';
import type { EscrowState, LineEntry } from '../../../src/chain/types';
import { nano } from '../../../src/protocol/amounts';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../../src/protocol/line';
import { RECEIPT_FINAL } from '../../../src/protocol/signed';
import { planSettlement, type PlanOptions } from '../../../src/settle/plan';
import { DEFAULT_POLICY } from '../../../src/settle/policy';

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

const held = (of: Line, total: bigint, domain = DOMAIN, flags = 0): HeldReceipt => ({
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
      flags,
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

const plan = (of: EscrowState, receipts: HeldReceipt[], options: Partial<PlanOptions> = {}, now = NOW) =>
  planSettlement(receipts, new Map([[ESCROW.toString('hex'), of]]), {
    ...{ nowUnix: now, feeNano: fee, policy: DEFAULT_POLICY },
    ...options,
  });

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

  test('small lines do not keep a large one waiting: they stay out where they lift the fees above their share', () => {
    const lines = Array.from({ length: 10 }, (_, n) => line(n));
    const of = state(lines.map((each) => [each, {}]));
    const receipts = lines.map((each, n) => held(each, n === 0 ? 110_000n : 150n));
    const [batch] = plan(of, receipts);
    expect(batch).toMatchObject({ dueNano: 110_000n, feeNano: 1_100n });
    expect(plan(of, [held(line(0), 500_000n), ...receipts.slice(1)])[0]!.items).toHaveLength(10);
  });

  test('a line that could wait does not join an urgent batch unless that is cheap for it', () => {
    const of = state([
      [line(0), { closeAt: NOW + 36 * 3_600 }],
      [line(1), {}],
    ]);
    const items = (due: bigint) => plan(of, [held(line(0), 2_000n), held(line(1), due)])[0]!.items.length;
    expect(items(9_999n)).toBe(1);
    expect(items(10_000n)).toBe(2);
  });

  test('after a day the daily share decides', () => {
    const of = state([[line(0), {}]]);
    const policy = { ...DEFAULT_POLICY, feesBelowBps: 10 };
    const after = (seconds: number) =>
      plan(of, [held(line(0), 110_000n)], { policy, waitedSeconds: () => seconds });
    expect(after(86_399)).toEqual([]);
    expect(after(86_400)).toHaveLength(1);
  });

  test('a final receipt with nothing due goes along where there is room and the batch stays cheap, and never alone', () => {
    const paid = { paidNano: nano(5_000n) };
    const of = state([
      [line(0), {}],
      [line(1), paid],
    ]);
    const final = held(line(1), 5_000n, DOMAIN, RECEIPT_FINAL);
    expect(plan(of, [final], { all: true })).toEqual([]);
    expect(plan(of, [held(line(0), 120_000n), final])[0]!.items).toHaveLength(2);
    expect(plan(of, [held(line(0), 119_999n), final])[0]!.items).toHaveLength(1);
    expect(plan(of, [held(line(0), 120_000n), held(line(1), 5_000n)])[0]!.items).toHaveLength(1);
    // The escrow took it: nothing is left to free.
    const taken = state([
      [line(0), {}],
      [line(1), { ...paid, capNano: nano(5_000n), closeAt: FAR }],
    ]);
    expect(plan(taken, [held(line(0), 120_000n), final])[0]!.items).toHaveLength(1);
  });

  test('what ends first goes first, then what is worth most', () => {
    const other = Buffer.alloc(32, 2);
    const of = state([[line(0), {}]]);
    const closing = { ...state([[line(1), { closeAt: NOW + 3_600 }]]), address: new Address(0, other) };
    const states = new Map([
      [ESCROW.toString('hex'), of],
      [other.toString('hex'), closing],
    ]);
    const receipts = [held(line(0), 900_000n), { ...held(line(1), 2_000n), escrow: other }];
    const plans = planSettlement(receipts, states, { nowUnix: NOW, feeNano: fee, policy: DEFAULT_POLICY });
    expect(plans.map(({ urgent, dueNano }) => [urgent, dueNano])).toEqual([
      [true, 2_000n],
      [false, 900_000n],
    ]);
  });
});
