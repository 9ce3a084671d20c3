import {
  billableNano,
  reservedNano,
  roomNano,
  takesTickets,
  type HeldLine,
} from '../../../src/client/heldLine';
import { verifySettlement, type ExpectedJob } from '../../../src/client/settlement';
import { nano } from '../../../src/protocol/amounts';
import { keyPairFromSeed, sign } from '../../../src/protocol/ed25519';
import { JobOutcome, jobRecordImage, type JobRecord } from '../../../src/protocol/jobRecord';
import { EMPTY_RANGE, leafHash, prove, rootFromProof } from '../../../src/protocol/mountainRange';
import { encodeSigned, receiptLayout, type Ask, type Receipt } from '../../../src/protocol/signed';

const worker = keyPairFromSeed(Buffer.alloc(32, 1));
const hash = (byte: number) => Buffer.alloc(32, byte);
const id = Buffer.alloc(20, 7);
/** One nanoton per completion token, nothing else costs. */
const ask = {
  promptPrice: 0n,
  cachedPrice: 0n,
  completionPrice: 1_000_000n,
  audioPrice: 0n,
  notAfter: 1_000,
} as Ask;

const expected: ExpectedJob = {
  domain: hash(1),
  ticketHash: hash(2),
  maxFeeNano: 10n,
  requestHash: hash(3),
  responseHash: hash(4),
  modelHash: hash(5),
  imageId: hash(6),
  bound: { promptTokens: 100, cachedTokens: 0, completionTokens: 100, reasoningTokens: 0, audioMs: 0 },
  choices: 1,
  capNano: 1_000n,
  askOf: () => ask,
  named: ask,
  notAfter: 100,
  delivered: { promptTokens: null, cachedTokens: null, completionTokens: null, textBytes: null },
};

function recordOf(completionTokens: number): JobRecord {
  return {
    ...expected,
    askHash: hash(8),
    promptTokens: 0,
    cachedTokens: 0,
    completionTokens,
    reasoningTokens: 0,
    audioMs: 0,
    fee: nano(completionTokens),
    startedAt: 1,
    endedAt: 2,
    outcome: JobOutcome.Completed,
  };
}

/** A line with one open ticket of 10 nanotons, the job in question, and whatever else. */
function lineWith(change: Partial<HeldLine> = {}): HeldLine {
  return {
    id: id.toString('hex'),
    line: {
      workerAddress: hash(9),
      settleBy: 1_000_000,
      feeBps: 0,
      feeTo: Buffer.alloc(20),
      workerKey: worker.publicKey,
    },
    workerId: worker.publicKey.toString('hex'),
    router: 'http://router.test',
    openedAtUnix: 0,
    knownNano: 0n,
    knownJobs: 0,
    newest: null,
    open: new Map([['this', { maxFeeNano: 10n, notAfter: 100, running: true, refused: false }]]),
    audited: { range: EMPTY_RANGE, totalNano: 0n },
    raises: [],
    usedAtUnix: 0,
    ended: null,
    ...change,
  };
}

/** The bill of a job that is leaf `index` of `count`. */
function verify(
  line: HeldLine,
  bill: { tokens?: number; index?: number; count?: number; total: bigint },
  change: Partial<ExpectedJob> = {},
): Receipt {
  const { tokens = 4, index = 0, count = 1, total } = bill;
  const record = recordOf(tokens);
  const image = jobRecordImage(record);
  const leaves = Array.from({ length: count }, (_, i) => (i === index ? leafHash(image) : hash(i)));
  const proof = prove(leaves, index);
  const value: Receipt = {
    domain: expected.domain,
    lineId: id,
    total,
    jobs: BigInt(count),
    jobsRoot: rootFromProof(leafHash(image), proof)!,
    issuedAt: 3,
    flags: 0,
  };
  const receipt = encodeSigned(receiptLayout, { value, signature: sign(receiptLayout.hash(value), worker) });
  return verifySettlement(line, { ...expected, ...change }, { record, image, proof }, receipt).value;
}

const refusal = (code: string) => expect.objectContaining({ code });
const ticket = (maxFeeNano: bigint) => ({ maxFeeNano, notAfter: 100, running: true, refused: false });
const receiptOf = (jobs: bigint, total: bigint): Receipt => ({
  domain: expected.domain,
  lineId: id,
  total,
  jobs,
  jobsRoot: hash(0),
  issuedAt: 1,
  flags: 0,
});

describe('a bill', () => {
  it('is accepted at exactly what its ticket allows, and not one above', () => {
    expect(verify(lineWith(), { tokens: 10, total: 10n }).total).toBe(10n);
    expect(() => verify(lineWith(), { tokens: 11, total: 11n })).toThrow(refusal('receipt_overcharged'));
  });

  it('is accepted at exactly the cap of its line, and not one above', () => {
    expect(() => verify(lineWith(), { total: 4n }, { capNano: 4n })).not.toThrow();
    expect(() => verify(lineWith(), { total: 4n }, { capNano: 3n })).toThrow(refusal('receipt_over_cap'));
  });

  it('may show as many visible tokens as the text has bytes, and some silent ones per answer', () => {
    const seen = { ...expected.delivered, textBytes: 10 };
    const wide = { maxFeeNano: 1_000n, bound: { ...expected.bound, completionTokens: 1_000 } };
    const line = lineWith({ open: new Map([['this', ticket(1_000n)]]) });
    expect(() => verify(line, { tokens: 74, total: 74n }, { ...wide, delivered: seen })).not.toThrow();
    expect(() => verify(line, { tokens: 75, total: 75n }, { ...wide, delivered: seen })).toThrow(
      refusal('receipt_overcharged'),
    );
    expect(() =>
      verify(line, { tokens: 138, total: 138n }, { ...wide, choices: 2, delivered: seen }),
    ).not.toThrow();
  });

  it('may count jobs beside it that are not settled yet, up to their maximum', () => {
    const open = new Map([
      ['this', ticket(10n)],
      ['other', ticket(20n)],
    ]);
    const beside = { index: 1, count: 2 };
    expect(() => verify(lineWith({ open }), { ...beside, total: 24n })).not.toThrow();
    expect(() => verify(lineWith({ open }), { ...beside, total: 25n })).toThrow(
      refusal('receipt_overcharged'),
    );
    expect(() => verify(lineWith(), { ...beside, total: 4n })).toThrow(refusal('receipt_overcharged'));
  });
});

describe('a bill after an earlier one', () => {
  const known = { knownNano: 6n, knownJobs: 1 };

  it.each([
    [9n, 'receipt_stale'],
    [10n, null],
    [11n, 'receipt_overcharged'],
  ])('that adds one job makes the total exactly 10, not %i', (total, code) => {
    const open = new Map([
      ['this', ticket(10n)],
      ['lost', ticket(10n)],
    ]);
    const line = lineWith({ ...known, open, newest: receiptOf(1n, 6n) });
    const run = () => verify(line, { index: 1, count: 2, total });
    if (code) expect(run).toThrow(refusal(code));
    else expect(run).not.toThrow();
  });

  it('that arrives late, for fewer jobs, counts no more than the later one', () => {
    const line = lineWith({ ...known, newest: receiptOf(2n, 10n) });
    expect(() => verify(line, { count: 1, total: 10n })).not.toThrow();
    const rich = lineWith({ ...known, newest: receiptOf(2n, 9n) });
    expect(() => verify(rich, { count: 1, total: 10n })).toThrow(refusal('receipt_conflicting'));
  });

  it('for the same jobs says the same', () => {
    const first = verify(lineWith(), { total: 4n });
    expect(() => verify(lineWith({ newest: first }), { total: 4n })).not.toThrow();
    for (const change of [{ total: 5n }, { jobsRoot: hash(9) }]) {
      const line = lineWith({ newest: { ...first, ...change } });
      expect(() => verify(line, { total: 4n })).toThrow(refusal('receipt_conflicting'));
    }
  });
});

describe('a line', () => {
  const entry = { capNano: nano(100), paidNano: nano(0), settleBy: 1_000_000, closeAt: 0 };

  it('has the room that bills and open tickets leave', () => {
    const line = lineWith({ knownNano: 30n });
    expect(roomNano(line, entry, 0)).toBe(60n);
    expect(roomNano(lineWith({ knownNano: 30n, newest: receiptOf(2n, 40n) }), entry, 0)).toBe(50n);
    expect(roomNano(line, { ...entry, paidNano: nano(50) }, 0)).toBe(40n);
    expect(roomNano(line, { ...entry, capNano: nano(20) }, 0)).toBe(0n);
    expect(billableNano(line)).toBe(40n);
  });

  it('reserves for a ticket until its job cannot be running any more', () => {
    expect(reservedNano(lineWith(), 100 + 1_800 + 60)).toBe(10n);
    expect(reservedNano(lineWith(), 100 + 1_800 + 61)).toBe(0n);
  });

  it('takes tickets until a day and a minute before its end', () => {
    const last = entry.settleBy - 86_400 - 60;
    expect(takesTickets(lineWith(), entry, last - 1)).toBe(true);
    expect(takesTickets(lineWith(), entry, last)).toBe(false);
    expect(takesTickets(lineWith(), { ...entry, closeAt: 1 }, 0)).toBe(false);
    expect(takesTickets(lineWith({ ended: 'closed' }), entry, 0)).toBe(false);
    expect(takesTickets(lineWith(), undefined, 0)).toBe(false);
  });
});
