import { DatabaseSync } from '@photostructure/sqlite';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createReceiptLedger, type ReceiptLedger, type RecordResult } from '../../../src/router/ledger';
import { readReceipt } from '../../../src/router/storedReceipt';
import { RECEIPT_FINAL, type Receipt } from '../../../src/protocol/signed';
import { createFakeChain, START_UNIX } from './support/fakeChain';
import {
  CAP_NANO,
  SETTLE_BY,
  createClientParty,
  createWorkerParty,
  type ClientParty,
} from './support/parties';

let directory: string;
let path: string;
let ledger: ReceiptLedger;
const worker = createWorkerParty(1);
const chain = createFakeChain();
const client = createClientParty(chain, 2, worker);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'ledger-'));
  path = join(directory, 'receipts.db');
  ledger = createReceiptLedger({ path });
});
afterEach(() => {
  ledger.close();
  rmSync(directory, { recursive: true, force: true });
});

function record(change: Partial<Receipt> = {}, by: ClientParty = client): Promise<RecordResult> {
  return ledger.record({ ...by, capNano: CAP_NANO, receipt: by.receipt(worker, change) });
}

async function outcome(result: Promise<RecordResult>): Promise<string> {
  const settled = await result;
  return settled.ok ? settled.outcome : settled.code;
}

const total = (): bigint => ledger.total(client.lineId, client.domain);

test('ledger keeps the newest receipt of a line', async () => {
  expect(await outcome(record({ total: 10n, jobs: 1n }))).toBe('stored');
  expect(await outcome(record({ total: 25n, jobs: 2n }))).toBe('stored');
  expect(total()).toBe(25n);
  expect(readReceipt(ledger.newest(client.lineId, client.domain)!).value.jobs).toBe(2n);
});

test('ledger knows a receipt that comes again', async () => {
  await record();
  expect(await outcome(record())).toBe('known');
});

test('ledger acknowledges an older receipt of the same history without keeping it', async () => {
  await record({ total: 25n, jobs: 2n });
  expect(await outcome(record({ total: 10n, jobs: 1n }))).toBe('older');
  expect(total()).toBe(25n);
});

describe('ledger refuses a receipt', () => {
  test('with a lower total for more jobs', async () => {
    await record({ total: 25n, jobs: 2n });
    expect(await outcome(record({ total: 24n, jobs: 3n }))).toBe('receipt_stale');
    expect(total()).toBe(25n);
    expect(await outcome(record({ total: 25n, jobs: 3n }))).toBe('stored');
  });

  test('with a higher total for fewer jobs', async () => {
    await record({ total: 25n, jobs: 2n });
    expect(await outcome(record({ total: 26n, jobs: 1n }))).toBe('receipt_stale');
  });

  test('with another total or root for the same jobs, and keeps both as proof', async () => {
    await record({ total: 25n, jobs: 2n });
    expect(await outcome(record({ total: 30n, jobs: 2n }))).toBe('receipt_conflicting');
    expect(await outcome(record({ total: 25n, jobs: 2n, jobsRoot: Buffer.alloc(32, 2) }))).toBe(
      'receipt_conflicting',
    );
    expect(total()).toBe(25n);
    // One pair of each key is enough, and nobody fills the disk with more.
    const [pair, ...more] = ledger.conflicts(null, 10);
    expect(more).toEqual([]);
    expect(pair).toMatchObject({
      first: client.receipt(worker, { total: 25n, jobs: 2n }),
      second: client.receipt(worker, { total: 30n, jobs: 2n }),
    });
    const after = { domain: client.domain, lineId: client.lineId };
    expect(ledger.conflicts(after, 10)).toEqual([]);
  });

  test('in the domain of another escrow', async () => {
    const other = createClientParty(chain, 3, worker);
    expect(await outcome(record({ domain: other.domain }))).toBe('receipt_wrong_domain');
    expect(total()).toBe(0n);
    expect(await outcome(record({ domain: client.domain }))).toBe('stored');
  });

  test('of another line', async () => {
    expect(await outcome(record({ lineId: Buffer.alloc(20, 5) }))).toBe('receipt_wrong_line');
    expect(await outcome(record({ lineId: client.lineId }))).toBe('stored');
  });

  test('that another key signed', async () => {
    const receipt = client.receipt(createWorkerParty(8));
    expect(await outcome(ledger.record({ ...client, capNano: CAP_NANO, receipt }))).toBe(
      'receipt_bad_signature',
    );
    expect(ledger.newest(client.lineId, client.domain)).toBeNull();
    expect(await outcome(record())).toBe('stored');
  });

  test('of which one bit was changed', async () => {
    const receipt = client.receipt(worker);
    receipt[70]! ^= 1;
    expect(await outcome(ledger.record({ ...client, capNano: CAP_NANO, receipt }))).toBe(
      'receipt_bad_signature',
    );
  });

  test('above the cap', async () => {
    expect(await outcome(record({ total: CAP_NANO + 1n }))).toBe('receipt_over_cap');
    expect(await outcome(record({ total: CAP_NANO }))).toBe('stored');
  });

  test('of a wrong size or tag', async () => {
    const receipt = client.receipt(worker);
    const claim = { ...client, capNano: CAP_NANO };
    expect(await outcome(ledger.record({ ...claim, receipt: receipt.subarray(1) }))).toBe(
      'receipt_malformed',
    );
    expect(await outcome(ledger.record({ ...claim, receipt: Buffer.alloc(173) }))).toBe('receipt_malformed');
    expect(await outcome(ledger.record({ ...claim, receipt }))).toBe('stored');
  });
});

test('ledger takes the same history signed as final', async () => {
  await record({ total: 25n, jobs: 2n });
  expect(await outcome(record({ total: 25n, jobs: 2n, flags: RECEIPT_FINAL }))).toBe('stored');
  expect(await outcome(record({ total: 25n, jobs: 2n }))).toBe('older');
});

test('lines of two escrows with one id are two lines', async () => {
  const other = createClientParty(chain, 3, worker);
  expect(other.lineId).toEqual(client.lineId);
  await record({ total: 10n });
  await record({ total: 700n }, other);
  expect(total()).toBe(10n);
  expect(ledger.total(other.lineId, other.domain)).toBe(700n);
  expect(ledger.findByLine(client.lineId)).toHaveLength(2);
});

test('receipts that arrive together share one commit, and nobody is told before it', async () => {
  const steps: string[] = [];
  ledger.close();
  ledger = createReceiptLedger(
    { path },
    { faultPoint: (point) => void steps.push(point), onCommit: (lines) => void steps.push(`${lines} lines`) },
  );
  const clients = [10, 11, 12].map((seed) => createClientParty(chain, seed, worker));
  await Promise.all(
    clients.map(async (one) => {
      await record({}, one);
      steps.push('told');
    }),
  );
  expect(steps).toEqual([
    'ledger.begun',
    'ledger.written',
    'ledger.committed',
    '3 lines',
    'told',
    'told',
    'told',
  ]);
});

test('a receipt covered by one that is being committed waits for that commit', async () => {
  const order: string[] = [];
  const newer = record({ total: 25n, jobs: 2n }).then(() => order.push('newer'));
  const older = record({ total: 10n, jobs: 1n }).then(() => order.push('older'));
  await Promise.resolve();
  expect(order).toEqual([]);
  await Promise.all([newer, older]);
  expect(order).toEqual(['newer', 'older']);
});

test('a failed commit tells everybody who waits, and stores nothing', async () => {
  ledger.close();
  let broken = true;
  ledger = createReceiptLedger(
    { path },
    {
      faultPoint(point) {
        if (broken && point === 'ledger.written') throw new Error('disk full');
      },
    },
  );
  await expect(record()).rejects.toThrow('disk full');
  expect(ledger.healthy()).toBe(false);
  expect(total()).toBe(0n);
  broken = false;
  expect(await outcome(record())).toBe('stored');
  expect(ledger.healthy()).toBe(true);
});

test('ledger restores everything when it is opened again', async () => {
  await record({ total: 25n, jobs: 2n });
  ledger.close();
  ledger = createReceiptLedger({ path });
  expect(total()).toBe(25n);
  expect(await outcome(record({ total: 25n, jobs: 2n }))).toBe('known');
  expect([...ledger.all()]).toHaveLength(1);
});

test('ledger forgets a line from memory and still knows it', async () => {
  ledger.close();
  ledger = createReceiptLedger({ path, cachedLines: 1 });
  await record({ total: 25n, jobs: 2n });
  await record({}, createClientParty(chain, 3, worker));
  expect(total()).toBe(25n);
});

test('ledger prunes lines that ended', async () => {
  await record();
  expect(ledger.prune(SETTLE_BY)).toBe(0);
  expect(ledger.prune(SETTLE_BY + 1)).toBe(1);
  expect([...ledger.all()]).toEqual([]);
  expect(total()).toBe(0n);
});

test('ledger does not open a file with an altered receipt', async () => {
  await record();
  ledger.close();
  const db = new DatabaseSync(path);
  const receipt = client.receipt(worker, { total: 10n });
  receipt[receipt.length - 1]! ^= 1;
  db.prepare('UPDATE receipts SET receipt = ?').run(receipt);
  db.close();
  expect(() => createReceiptLedger({ path })).toThrow('altered receipt');
  const again = new DatabaseSync(path);
  again.prepare('UPDATE receipts SET receipt = ?').run(client.receipt(worker, { total: 10n }));
  again.close();
  ledger = createReceiptLedger({ path });
  expect(total()).toBe(10n);
});

test('ledger does not open a file of another release', () => {
  ledger.close();
  const db = new DatabaseSync(path);
  db.exec('PRAGMA user_version = 7');
  db.close();
  expect(() => createReceiptLedger({ path })).toThrow('cannot be opened');
  const again = new DatabaseSync(path);
  again.exec('PRAGMA user_version = 1');
  again.close();
  ledger = createReceiptLedger({ path });
});

test('two processes cannot hold one ledger', () => {
  const second = new DatabaseSync(path);
  expect(() => second.exec('CREATE TABLE other (x)')).toThrow(/locked|busy/);
  second.close();
});

test('the time in a receipt does not decide which is newer', async () => {
  await record({ total: 25n, jobs: 2n, issuedAt: START_UNIX + 100 });
  expect(await outcome(record({ total: 30n, jobs: 3n, issuedAt: START_UNIX }))).toBe('stored');
});

test('ledger gives the receipts of a Worker in pages, and none of another', async () => {
  const others = [3, 4].map((seed) => createClientParty(chain, seed, worker));
  for (const by of [client, ...others]) await record({}, by);
  const of = client.line.workerAddress;
  const first = ledger.ofWorker(of, null, 2);
  const second = ledger.ofWorker(of, first[1]!, 2);
  expect([first.length, second.length]).toEqual([2, 1]);
  const domains = [...first, ...second].map(({ domain }) => domain.toString('hex'));
  expect(domains).toEqual([...domains].sort());
  expect(new Set(domains).size).toBe(3);
  expect(ledger.ofWorker(Buffer.alloc(32, 9), null, 2)).toEqual([]);
});
