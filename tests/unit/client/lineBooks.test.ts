import { createLineBooks } from '../../../src/client/lineBooks';
import { reservedNano, type HeldLine } from '../../../src/client/heldLine';
import { openStore } from '../../../src/client/store';
import { nano } from '../../../src/protocol/amounts';
import { lineId, type Line } from '../../../src/protocol/line';
import { EMPTY_RANGE } from '../../../src/protocol/mountainRange';
import type { Ticket } from '../../../src/protocol/signed';

const NOW = 1_900_000_000;
const DOMAIN = Buffer.alloc(32, 1);
const LINE: Line = {
  workerAddress: Buffer.alloc(32, 2),
  settleBy: NOW + 86_400,
  feeBps: 0,
  feeTo: Buffer.alloc(20),
  workerKey: Buffer.alloc(32, 3),
};

function setUp() {
  const store = openStore(null);
  const held: HeldLine = {
    ...{
      id: lineId(LINE).toString('hex'),
      line: LINE,
      workerId: '03'.repeat(32),
      router: 'https://router.example',
    },
    ...{ openedAtUnix: NOW, knownNano: 0n, knownJobs: 0, newest: null, open: new Map() },
    ...{ audited: { range: EMPTY_RANGE, totalNano: 0n }, raises: [], usedAtUnix: NOW, ended: null },
  };
  store.addLine(DOMAIN, held);
  const ticket: Ticket = {
    ...{ domain: DOMAIN, lineId: Buffer.from(held.id, 'hex'), jobId: Buffer.alloc(16, 4) },
    ...{ requestHash: Buffer.alloc(32, 5), maxFee: nano(700n), issuedAt: NOW, notAfter: NOW + 120 },
  };
  return { store, held, ticket, books: createLineBooks(store, () => DOMAIN) };
}

describe('a ticket whose signer takes his time', () => {
  test('holds its room from the moment that it is asked for, and is in the books before it is given out', async () => {
    const { store, held, ticket, books } = setUp();
    let answer: (signature: Buffer) => void = () => undefined;
    const signed = books.issue(held, ticket, 'model', () => new Promise((resolve) => (answer = resolve)));
    expect(reservedNano(held, NOW)).toBe(700n);
    expect(store.jobs(1)).toEqual([]);
    answer(Buffer.alloc(64, 6));
    expect((await signed).signature).toEqual(Buffer.alloc(64, 6));
    expect(store.jobs(1)).toHaveLength(1);
    expect(reservedNano(held, NOW)).toBe(700n);
    store.close();
  });

  test('that is refused holds nothing, and was never issued', async () => {
    const { store, held, ticket, books } = setUp();
    const refused = books.issue(held, ticket, 'model', () => Promise.reject(new Error('locked')));
    await expect(refused).rejects.toThrow('locked');
    expect(reservedNano(held, NOW)).toBe(0n);
    expect(store.jobs(1)).toEqual([]);
    store.close();
  });
});
