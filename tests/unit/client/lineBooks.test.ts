import { createLineBooks } from '../../../src/client/lineBooks';
import { reservedNano, type HeldLine } from '../../../src/client/heldLine';
import { openStore } from '../../../src/client/store';
import { keyPairFromSeed, sign } from '../../../src/protocol/ed25519';
import { nano } from '../../../src/protocol/amounts';
import { lineId, type Line } from '../../../src/protocol/line';
import { EMPTY_RANGE } from '../../../src/protocol/mountainRange';
import { encodeSigned, receiptLayout, type Receipt, type Ticket } from '../../../src/protocol/signed';

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

describe('a receipt that was refused', () => {
  test('is no proof against a line of which another worker signed the first receipt', () => {
    const { store, held, ticket } = setUp();
    const liar = keyPairFromSeed(Buffer.alloc(32, 7));
    const books = createLineBooks(store, () => DOMAIN);
    const value: Receipt = {
      ...{ domain: DOMAIN, lineId: ticket.lineId, total: nano(5n), jobs: 1n },
      ...{ jobsRoot: Buffer.alloc(32), issuedAt: NOW, flags: 0 },
    };
    store.journal({ ticket: { value: ticket, signature: Buffer.alloc(64) }, worker: '', model: '' });
    store.settle({
      ...{ domain: DOMAIN, jobId: ticket.jobId, lineId: held.id, feeNano: 5n, newest: true },
      ...{ record: Buffer.alloc(1), proof: Buffer.alloc(1) },
      receipt: { value, signature: Buffer.alloc(64) },
    });
    const other: Receipt = { ...value, total: nano(6n) };
    const bytes = encodeSigned(receiptLayout, {
      value: other,
      signature: sign(receiptLayout.hash(other), liar),
    });
    const line = { ...LINE, workerKey: liar.publicKey };
    books.refused({ ...held, line, id: lineId(line).toString('hex') }, bytes);
    expect(store.contradictions()).toEqual([]);
    books.refused({ ...held, line }, bytes);
    expect(store.contradictions()).toHaveLength(1);
    store.close();
  });
});
