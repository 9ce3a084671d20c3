import { forgetOldJobs } from '../../../src/browser/books';
import { createBookStore } from '../../../src/browser/bookStore';
import { forgetOldEvidence } from '../../../src/browser/evidenceShelf';
import {
  createTables,
  EMPTY_CONTENTS,
  TABLES,
  type Change,
  type Contents,
  type Tables,
} from '../../../src/browser/tables';
import type { KeptEvidence } from '../../../src/client/evidence/kept';
import type { HeldLine } from '../../../src/client/heldLine';
import { openStore, type Store } from '../../../src/client/store';
import { nano } from '../../../src/protocol/amounts';
import { lineId, type Line } from '../../../src/protocol/line';
import { append, EMPTY_RANGE, leafHash } from '../../../src/protocol/mountainRange';
import {
  encodeSigned,
  receiptLayout,
  type Receipt,
  type Signed,
  type Ticket,
} from '../../../src/protocol/signed';

const DOMAIN = Buffer.alloc(32, 1);
const OTHER_DOMAIN = Buffer.alloc(32, 2);
const NOW = 1_900_000_000;
const SIGNATURE = Buffer.alloc(64, 9);

/** Every change on its way to a disk, so that a later page can be made from what the disk has. */
function createPageBooks(): { store: Store; tables: Tables; reload(): Store } {
  const disk = new Map(TABLES.map((name) => [name, new Map<string, Change['row']>()]));
  const note = (changes: readonly Change[]): void => {
    for (const { table, key, row } of changes) {
      if (row === null) disk.get(table)!.delete(key);
      // As IndexedDB does: a copy of its own.
      else disk.get(table)!.set(key, structuredClone(row));
    }
  };
  const open = (contents: Contents): { store: Store; tables: Tables } => {
    const tables = createTables(contents, note);
    return { tables, store: createBookStore(tables, () => undefined) };
  };
  return {
    ...open(EMPTY_CONTENTS),
    reload: () => open(Object.fromEntries(disk) as unknown as Contents).store,
  };
}

describe('the books of a page', () => {
  test('answer as those in SQLite do, after every step of a life, and once more after a reload', () => {
    const inNode = openStore(null);
    const page = createPageBooks();
    for (const step of LIFE) {
      for (const store of [inNode, page.store]) step(store);
      expect(lookAt(page.store)).toEqual(lookAt(inNode));
    }
    expect(lookAt(page.reload())).toEqual(lookAt(inNode));
    expect(lookAt(inNode).lines).toHaveLength(2);
    expect(inNode.contradictions()).toEqual([
      {
        ...{ worker: held(1).line.workerAddress, workerKey: held(1).line.workerKey },
        first: encodeSigned(receiptLayout, bill(2, held(1)).receipt),
        second: encodeSigned(receiptLayout, retold(2, 21n)),
      },
    ]);
    inNode.close();
  });

  test('refuse a job id that was used before', () => {
    const { store } = createPageBooks();
    store.journal(job(1));
    expect(() => store.journal(job(1))).toThrow('already');
  });

  test('forget jobs of lines that are over, oldest first, and none of a line that is not', () => {
    const { store, tables } = createPageBooks();
    const over = held(1, NOW - 2 * 86_400);
    const open = held(2, NOW - 86_400);
    for (const line of [over, open]) store.addLine(DOMAIN, line);
    for (let n = 1; n <= 6; n++) store.journal(job(n, n % 2 === 0 ? over : open));
    forgetOldJobs(tables, NOW, 6);
    expect(store.jobs(10)).toHaveLength(6);
    forgetOldJobs(tables, NOW, 4);
    expect(store.jobs(10).map(({ issuedAtUnix }) => issuedAtUnix - NOW)).toEqual([6, 5, 3, 1]);
    forgetOldJobs(tables, NOW, 0);
    expect(store.jobs(10).map(({ issuedAtUnix }) => issuedAtUnix - NOW)).toEqual([5, 3, 1]);
  });

  test('keep evidence while a job of the last 90 days rests on it, the newest when there is too much', () => {
    const { store, tables } = createPageBooks();
    const line = held(1);
    store.addLine(DOMAIN, line);
    for (const n of [1, 2, 3]) {
      store.journal(job(n, line));
      store.settle({ ...bill(n, line), evidence: evidence(n) });
    }
    // Three quotes; statement, certificate, ask and collateral are shared.
    expect(tables.count('evidence_parts')).toBe(7);
    forgetOldEvidence(tables, NOW + 1 + 90 * 86_400, 1_000);
    expect(store.evidence(idOf(1))).not.toBeNull();
    forgetOldEvidence(tables, NOW + 2 + 90 * 86_400, 1_000);
    expect(store.evidence(idOf(1))).toBeNull();
    expect(store.evidence(idOf(2))).toEqual(evidence(2));
    // Four shared parts of 10 bytes and two quotes of 10 are 60.
    forgetOldEvidence(tables, NOW, 60);
    expect(store.evidence(idOf(2))).not.toBeNull();
    forgetOldEvidence(tables, NOW, 59);
    expect(store.evidence(idOf(2))).toBeNull();
    expect(store.evidence(idOf(3))).toEqual(evidence(3));
    expect(tables.count('evidence_parts')).toBe(5);
  });
});

const range = append(EMPTY_RANGE, leafHash(Buffer.from('a record')));

/** Everything that a client tells its books, in an order that makes each matter. */
const LIFE: readonly ((store: Store) => void)[] = [
  (store) => store.addLine(DOMAIN, held(1)),
  (store) => store.addLine(DOMAIN, { ...held(1), router: 'ignored: it is there' }),
  (store) => store.addLine(OTHER_DOMAIN, held(1)),
  (store) => store.addLine(DOMAIN, held(2)),
  (store) => store.addLine(DOMAIN, held(3)),
  (store) => store.raised(held(1).id, { atUnix: NOW + 7.5, capNano: 5n, raiseNano: 3n }),
  (store) => store.raised(held(1).id, { atUnix: NOW + 2, capNano: 2n, raiseNano: 2n }),
  (store) => [1, 2, 3].forEach((n) => store.journal(job(n, held(1)))),
  (store) => store.settle({ ...bill(1, held(1)), newest: true, evidence: evidence(1) }),
  (store) => store.settle({ ...bill(2, held(1)), newest: false }),
  // The first has no other of as many jobs, the second tells the same, the third does not; the last comes too late.
  (store) => store.contradicted(held(1).line, bill(3, held(1)).receipt),
  (store) => store.contradicted(held(1).line, bill(2, held(1)).receipt),
  (store) => store.contradicted(held(1).line, retold(2, 21n)),
  (store) => store.contradicted(held(1).line, retold(2, 22n)),
  (store) =>
    store.audited(DOMAIN, { id: held(1).id, range, totalNano: 77n }, [
      { jobId: idOf(2), feeNano: 9_999n, record: Buffer.from('known already') },
      { jobId: idOf(3), feeNano: 3n, record: Buffer.from('found') },
      { jobId: idOf(4), feeNano: 4n, record: Buffer.from('of nobody') },
    ]),
  (store) => store.endLine(DOMAIN, held(2).id, 'too dear'),
  (store) => store.endLine(DOMAIN, held(9).id, 'gone'),
  (store) => store.dropLine(DOMAIN, held(3).id),
  (store) => store.avoid('liar', 'receipt_overcharged', NOW + 10.9),
  (store) => store.avoid('liar', 'receipt_stale', NOW + 20),
  (store) => store.avoid('late', 'receipt_stale', NOW - 1),
  (store) => store.addCost({ account: '0:a', lt: 5n, kind: 'allocate', atUnix: NOW, feeNano: 100n }),
  (store) => store.addCost({ account: '0:a', lt: 5n, kind: 'prune', atUnix: NOW, feeNano: 100n }),
  (store) => store.addCost({ account: '0:b', lt: 5n, kind: 'prune', atUnix: NOW - 5.5, feeNano: 2n ** 60n }),
];

function lookAt(store: Store) {
  const ids = [1, 2, 3, 4].map(idOf);
  return {
    lines: store.lines(DOMAIN),
    wanted: store.lines(DOMAIN, (id) => id === held(2).id),
    others: store.lines(OTHER_DOMAIN),
    contradictions: store.contradictions(),
    jobs: store.jobs(2),
    earlier: store.jobs(10, NOW + 2),
    each: ids.map((id) => [store.job(id), store.wasAudited(id), store.evidence(id)]),
    avoided: [NOW - 2, NOW + 19, NOW + 20].map((at) => new Set(store.avoided(at))),
    costs: [0, NOW - 5, NOW + 2].map((at) => store.costsSince(at)),
  };
}

function held(n: number, settleBy = NOW + 86_400): HeldLine {
  const line: Line = {
    workerAddress: Buffer.alloc(32, n),
    settleBy,
    feeBps: n,
    feeTo: Buffer.alloc(20, n),
    workerKey: Buffer.alloc(32, 0x40 + n),
  };
  return {
    id: lineId(line).toString('hex'),
    line,
    workerId: line.workerKey.toString('hex'),
    router: `https://router-${n}.example`,
    openedAtUnix: NOW + n,
    knownNano: 0n,
    knownJobs: 0,
    newest: null,
    open: new Map(),
    audited: { range: EMPTY_RANGE, totalNano: 0n },
    raises: [],
    usedAtUnix: NOW + n,
    ended: null,
  };
}

function idOf(n: number): string {
  return Buffer.alloc(16, n).toString('hex');
}

function job(n: number, line = held(1)): { ticket: Signed<Ticket>; worker: string; model: string } {
  const value: Ticket = {
    domain: DOMAIN,
    lineId: Buffer.from(line.id, 'hex'),
    jobId: Buffer.alloc(16, n),
    requestHash: Buffer.alloc(32, n),
    maxFee: nano(BigInt(1_000 * n)),
    issuedAt: NOW + n,
    notAfter: NOW + n + 120,
  };
  return { ticket: { value, signature: SIGNATURE }, worker: `worker ${n}`, model: `model ${n}` };
}

function bill(n: number, line: HeldLine) {
  const value: Receipt = {
    domain: DOMAIN,
    lineId: Buffer.from(line.id, 'hex'),
    total: nano(BigInt(10 * n)),
    jobs: BigInt(n),
    jobsRoot: Buffer.alloc(32, n),
    issuedAt: NOW + n,
    flags: 0,
  };
  return {
    domain: DOMAIN,
    jobId: Buffer.alloc(16, n),
    lineId: line.id,
    feeNano: BigInt(n),
    record: Buffer.from(`record ${n}`),
    proof: Buffer.from(`proof ${n}`),
    receipt: { value, signature: SIGNATURE },
    newest: true,
  };
}

/** Another history of as many jobs. */
function retold(n: number, total: bigint): Signed<Receipt> {
  const { receipt } = bill(n, held(1));
  return { ...receipt, value: { ...receipt.value, total: nano(total) } };
}

function evidence(n: number): KeptEvidence {
  const part = (name: string): Buffer => Buffer.from(name.padEnd(10, '.'));
  return {
    escrow: Buffer.alloc(32, 3),
    born: 2n ** 63n,
    signer: Buffer.alloc(32, 4),
    line: Buffer.alloc(90, 5),
    verifiedAtUnix: NOW,
    quoteBlock: 1_700,
    models: [Buffer.alloc(32, 6)],
    statement: part('statement'),
    certificate: part('cert'),
    ask: part('ask'),
    quote: part(`quote ${n}`),
    collateral: part('collateral'),
  };
}
