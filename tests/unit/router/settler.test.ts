import pino from 'pino';
import type { HeldReceipt } from '../../../src/chain/dues';
import { createReceiptLedger, type ReceiptLedger } from '../../../src/router/ledger';
import { createSettler, type Settler } from '../../../src/router/settler';
import { createFakeChain, createFakeClock, type FakeClock } from './support/fakeChain';
import { CAP_NANO, SETTLE_BY, createClientParty, createWorkerParty } from './support/parties';

const worker = createWorkerParty(1);
const client = createClientParty(createFakeChain(), 2, worker);
let clock: FakeClock;
let ledger: ReceiptLedger;
let settler: Settler;
let runs: (readonly HeldReceipt[])[];
let broken: boolean;

beforeEach(() => {
  clock = createFakeClock();
  ledger = createReceiptLedger({ path: ':memory:' });
  runs = [];
  broken = false;
  const settlement = {
    async run(receipts: readonly HeldReceipt[]) {
      runs.push(receipts);
      if (broken) throw new Error('no chain');
      return { settled: [], claims: [], alarms: [], failures: [] };
    },
  };
  settler = createSettler({
    ledger,
    settlement,
    clock,
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
  await earn(5n);
  await earn(9n);
  await settler.run();
  expect(runs).toHaveLength(1);
  expect(runs[0]!.map(({ escrow, receipt }) => [escrow, receipt.value.total])).toEqual([[client.escrow, 9n]]);
});

test('a line that ended is not offered', async () => {
  await earn(5n);
  clock.set(SETTLE_BY + 1);
  await settler.run();
  expect(runs).toEqual([[]]);
  clock.set(SETTLE_BY);
  await settler.run();
  expect(runs[1]).toHaveLength(1);
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
