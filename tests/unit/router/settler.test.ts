import pino from 'pino';
import { Address } from '@ton/core';
import { nano } from '../../../src/protocol/amounts';
import type { HeldReceipt } from '../../../src/chain/settlementPlan';
import { createReceiptLedger, type ReceiptLedger } from '../../../src/router/ledger';
import { createMetrics } from '../../../src/router/metrics';
import { createSettler, type Settler } from '../../../src/router/settler';
import { createFakeChain, createFakeClock, START_UNIX, type FakeClock } from './support/fakeChain';
import { CAP_NANO, SETTLE_BY, createClientParty, createWorkerParty } from './support/parties';

const worker = createWorkerParty(1);
const client = createClientParty(createFakeChain(), 2, worker);
const REPORT = { paidNano: nano(1), spentNano: nano(1), lines: 1, unpaid: [] };
let clock: FakeClock;
let ledger: ReceiptLedger;
let settler: Settler;
let runs: (readonly HeldReceipt[])[];
let broken: boolean;
/** What a settlement waits for. */
let held: Promise<void>;

beforeEach(() => {
  clock = createFakeClock();
  ledger = createReceiptLedger({ path: ':memory:' });
  runs = [];
  broken = false;
  held = Promise.resolve();
  const settlement = {
    async run(receipts: readonly HeldReceipt[]) {
      runs.push(receipts);
      await held;
      if (broken) throw new Error('no chain');
      return [{ ...REPORT, escrow: new Address(0, client.escrow) }];
    },
  };
  settler = createSettler({
    ledger,
    settlement,
    clock,
    metrics: createMetrics(),
    log: pino({ level: 'silent' }),
  });
});
afterEach(() => ledger.close());

async function earn(total: bigint): Promise<void> {
  await ledger.record({
    ...client,
    capNano: CAP_NANO,
    receipt: client.receipt(worker, { total, jobs: total }),
  });
}

test('router offers the newest receipt of each line for settlement', async () => {
  await settler.run();
  expect(runs).toEqual([]);
  await earn(5n);
  await earn(9n);
  await settler.run();
  expect(runs).toHaveLength(1);
  expect(runs[0]!.map(({ escrow, receipt }) => [escrow, receipt.value.total])).toEqual([[client.escrow, 9n]]);
});

test('a line without a new receipt is offered once an hour', async () => {
  await earn(5n);
  await settler.run();
  clock.set(START_UNIX + 3_599);
  await settler.run();
  expect(runs).toHaveLength(1);
  clock.set(START_UNIX + 3_600);
  await settler.run();
  expect(runs).toHaveLength(2);
  await earn(6n);
  await settler.run();
  expect(runs).toHaveLength(3);
});

test('a line that ended is not offered', async () => {
  await earn(5n);
  clock.set(SETTLE_BY + 1);
  await settler.run();
  expect(runs).toEqual([]);
  clock.set(SETTLE_BY);
  await settler.run();
  expect(runs).toHaveLength(1);
});

test('a failed settlement is tried again and ends nothing', async () => {
  await earn(5n);
  broken = true;
  await settler.run();
  broken = false;
  await earn(6n);
  await settler.run();
  expect(runs).toHaveLength(2);
});

test('one settlement runs at a time', async () => {
  await earn(5n);
  let end: () => void = () => undefined;
  held = new Promise((resolve) => (end = resolve));
  const first = settler.run();
  await earn(6n);
  const second = settler.run();
  expect(runs).toHaveLength(1);
  end();
  await Promise.all([first, second]);
  expect(runs).toHaveLength(1);
  await settler.run();
  expect(runs).toHaveLength(2);
});
