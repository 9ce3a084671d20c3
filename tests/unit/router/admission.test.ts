import { LIMITS } from '../../../src/protocol/limits';
import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { createAdmission, type Admission } from '../../../src/router/admission';
import { createExposure, type Exposure } from '../../../src/router/exposure';
import { createReceiptLedger, type ReceiptLedger } from '../../../src/router/ledger';
import type { Link } from '../../../src/router/link';
import { createLinkTable, type LinkTable } from '../../../src/router/links';
import { ROUTER_LIMITS } from '../../../src/router/limits';
import { checkOffer, checkWorker } from '../../../src/router/offers';
import type { Line } from '../../../src/protocol/line';
import type { JobEnvelope } from '../../../src/protocol/wire';
import type { Ticket } from '../../../src/protocol/signed';
import {
  FEE_TO,
  LAST_SETTLE_BY,
  START_UNIX,
  createFakeChain,
  createFakeClock,
  type FakeChain,
  type FakeClock,
} from './support/fakeChain';
import {
  CAP_NANO,
  MIN_CAP_NANO,
  SETTLE_BY,
  admit,
  createClientParty,
  createWorkerParty,
  lineTo,
  type ClientParty,
  type WorkerParty,
} from './support/parties';

const BODY = Buffer.from('ciphertext');

let chain: FakeChain;
let clock: FakeClock;
let worker: WorkerParty;
let client: ClientParty;
let links: LinkTable;
let link: { -readonly [K in keyof Link]: Link[K] };
let ledger: ReceiptLedger;
let exposure: Exposure;
let admission: Admission;

beforeEach(async () => {
  chain = createFakeChain();
  clock = createFakeClock();
  worker = createWorkerParty(1);
  admit(chain, worker);
  client = createClientParty(chain, 2, worker);
  links = createLinkTable();
  link = await fakeLink(worker);
  links.add(link);
  ledger = createReceiptLedger({ path: ':memory:' });
  exposure = createExposure(ROUTER_LIMITS);
  admission = createAdmission(
    {
      feeBps: 100,
      feeTo: FEE_TO,
      acceptFreeLines: true,
      limits: { ...ROUTER_LIMITS, jobs: 3, jobsPerEscrow: 2 },
    },
    { clock, escrows: chain, links, ledger, exposure },
  );
});
afterEach(() => ledger.close());

async function fakeLink(party: WorkerParty): Promise<Link> {
  const checked = checkOffer(party.offer(), chain);
  return {
    key: party.keys.publicKey.toString('hex'),
    checked,
    terms: await checkWorker(checked, chain, START_UNIX),
    freeSlots: () => 8,
    draining: () => false,
    openJob: () => {
      throw new Error('no job is sent here');
    },
    fetchEvidence: () => Promise.reject(new Error('no evidence is asked for here')),
    retire: () => undefined,
    end: () => undefined,
    closed: Promise.resolve(),
  };
}

type Head = Omit<JobEnvelope, 'ciphertext'>;

function headOf(change: Partial<Ticket> = {}, by: ClientParty = client): Head {
  return { line: by.line, escrow: by.escrow, ticket: by.ticket(BODY, change) };
}

async function codeOf(act: () => unknown): Promise<string> {
  try {
    await act();
    return 'accepted';
  } catch (cause) {
    return (cause as { code: string }).code;
  }
}

const verdict = (head: Head): Promise<string> => codeOf(() => admission.check(head));

/** A line with other fields, open in an escrow of its own. */
function clientWithLine(change: Partial<Line>, seed = 7): ClientParty {
  return createClientParty(chain, seed, worker, { line: lineTo(worker, change) });
}

test('router admits a genuine ticket', async () => {
  const job = await admission.check(headOf());
  expect(job.domain).toEqual(client.domain);
  expect(job.ticket.maxFee).toBe(1_000n);
});

describe('router refuses a ticket', () => {
  test('for another line than the one sent', async () => {
    const other = clientWithLine({ settleBy: SETTLE_BY + 1 });
    expect(await verdict({ ...headOf(), line: other.line })).toBe('ticket_wrong_line');
    expect(await verdict({ ...headOf({}, other) })).toBe('accepted');
  });

  test('issued more than a minute ahead', async () => {
    const ahead = START_UNIX + LIMITS.clockSkewSeconds;
    expect(await verdict(headOf({ issuedAt: ahead + 1, notAfter: ahead + 60 }))).toBe('ticket_not_yet_valid');
    expect(await verdict(headOf({ issuedAt: ahead, notAfter: ahead + 60 }))).toBe('accepted');
  });

  test('that may start for more than ten minutes', async () => {
    expect(await verdict(headOf({ notAfter: START_UNIX + LIMITS.ticketMaxSeconds + 1 }))).toBe(
      'ticket_too_long',
    );
    expect(await verdict(headOf({ notAfter: START_UNIX + LIMITS.ticketMaxSeconds }))).toBe('accepted');
  });

  test('whose latest start has passed', async () => {
    expect(await verdict(headOf({ issuedAt: START_UNIX - 100, notAfter: START_UNIX - 1 }))).toBe(
      'ticket_expired',
    );
    expect(await verdict(headOf({ issuedAt: START_UNIX - 100, notAfter: START_UNIX }))).toBe('accepted');
  });

  test('in the domain of another escrow, network or birth', async () => {
    const stranger = createClientParty(chain, 3, worker);
    expect(await verdict(headOf({ domain: stranger.domain }))).toBe('ticket_wrong_domain');
    expect(await verdict(headOf({ domain: client.domain }))).toBe('accepted');
  });

  test('signed by another key than the signer of the escrow', async () => {
    const thief = keyPairFromSeed(Buffer.alloc(32, 99));
    expect(await verdict({ ...headOf(), ticket: client.ticket(BODY, {}, thief) })).toBe(
      'ticket_bad_signature',
    );
    expect(await verdict({ ...headOf(), ticket: client.ticket(BODY) })).toBe('accepted');
  });

  test('of an escrow without signer', async () => {
    chain.changeEscrow(client.escrow, { signer: null });
    expect(await verdict(headOf())).toBe('ticket_bad_signature');
    chain.changeEscrow(client.escrow, { signer: client.signer.publicKey });
    expect(await verdict(headOf())).toBe('accepted');
  });
});

describe('router refuses a line', () => {
  test('that pays less than its fee, or another router', async () => {
    expect(await verdict(headOf({}, clientWithLine({ feeBps: 99, feeTo: FEE_TO }, 10)))).toBe(
      'line_fee_too_low',
    );
    expect(await verdict(headOf({}, clientWithLine({ feeBps: 100, feeTo: Buffer.alloc(20, 1) }, 11)))).toBe(
      'line_fee_too_low',
    );
    expect(await verdict(headOf({}, clientWithLine({ feeBps: 100, feeTo: FEE_TO }, 12)))).toBe('accepted');
  });

  test('without fee only where the operator wants one', async () => {
    const strict = createAdmission(
      { feeBps: 100, feeTo: FEE_TO, acceptFreeLines: false, limits: ROUTER_LIMITS },
      { clock, escrows: chain, links, ledger, exposure },
    );
    expect(await codeOf(() => strict.check(headOf()))).toBe('line_fee_too_low');
    expect(await codeOf(() => strict.check(headOf({}, clientWithLine({ feeBps: 100, feeTo: FEE_TO }))))).toBe(
      'accepted',
    );
  });

  test('whose fee is above what the provider lists', async () => {
    expect(await verdict(headOf({}, clientWithLine({ feeBps: 501, feeTo: FEE_TO }, 10)))).toBe(
      'line_fee_too_high',
    );
    expect(await verdict(headOf({}, clientWithLine({ feeBps: 500, feeTo: FEE_TO }, 11)))).toBe('accepted');
  });

  test('that ends after the last date of its key', async () => {
    expect(await verdict(headOf({}, clientWithLine({ settleBy: LAST_SETTLE_BY + 1 }, 10)))).toBe(
      'line_too_long',
    );
    expect(await verdict(headOf({}, clientWithLine({ settleBy: LAST_SETTLE_BY }, 11)))).toBe('accepted');
  });

  test('to a worker that is not linked', async () => {
    links.remove(link);
    expect(await verdict(headOf())).toBe('no_attested_worker');
    links.add(link);
    expect(await verdict(headOf())).toBe('accepted');
  });

  test('whose key belongs to another contract', async () => {
    const other = createWorkerParty(9);
    expect(await verdict(headOf({}, clientWithLine({ workerAddress: other.account })))).toBe(
      'line_wrong_worker',
    );
  });

  test('of an escrow that does not exist', async () => {
    const stranger = createClientParty(createFakeChain(), 3, worker);
    expect(await verdict(headOf({}, stranger))).toBe('escrow_unknown');
    createClientParty(chain, 3, worker);
    expect(await verdict(headOf({}, stranger))).toBe('accepted');
  });

  test('that its escrow does not have', async () => {
    const before = await chain.read(client.escrow);
    chain.changeEscrow(client.escrow, { lines: new Map() });
    expect(await verdict(headOf())).toBe('line_unknown');
    chain.changeEscrow(client.escrow, { lines: before!.lines });
    expect(await verdict(headOf())).toBe('accepted');
  });

  test('that is being closed', async () => {
    chain.changeLine(client.escrow, client.line, { closeAt: START_UNIX + 129_600 });
    expect(await verdict(headOf())).toBe('line_closing');
    chain.changeLine(client.escrow, client.line, { closeAt: 0 });
    expect(await verdict(headOf())).toBe('accepted');
  });

  test('in the last day before it ends', async () => {
    const nearEnd = SETTLE_BY - LIMITS.noTicketsBeforeSettleBySeconds;
    const at = (unix: number): Promise<string> => {
      clock.set(unix);
      chain.changeEscrow(client.escrow, { readAtUnix: unix });
      return verdict(headOf({ issuedAt: unix, notAfter: unix + 60 }));
    };
    expect(await at(nearEnd)).toBe('line_near_end');
    expect(await at(nearEnd - 1)).toBe('accepted');
  });

  test('whose cap is below the minimum of every ask', async () => {
    chain.changeLine(client.escrow, client.line, { capNano: (MIN_CAP_NANO - 1n) as never });
    expect(await verdict(headOf({ maxFee: 1n }))).toBe('line_below_min_cap');
    chain.changeLine(client.escrow, client.line, { capNano: MIN_CAP_NANO as never });
    expect(await verdict(headOf({ maxFee: 1n }))).toBe('accepted');
  });

  test('whose cap would be passed', async () => {
    expect(await verdict(headOf({ maxFee: CAP_NANO + 1n }))).toBe('line_cap_exceeded');
    expect(await verdict(headOf({ maxFee: CAP_NANO }))).toBe('accepted');
  });

  test('whose receipts and running jobs leave no room', async () => {
    const receipt = client.receipt(worker, { total: CAP_NANO - 100n });
    await ledger.record({ ...client, capNano: CAP_NANO, receipt });
    expect(await verdict(headOf({ maxFee: 101n }))).toBe('line_cap_exceeded');

    const end = admission.start(await admission.check(headOf({ maxFee: 60n })));
    expect(await verdict(headOf({ maxFee: 41n }))).toBe('line_cap_exceeded');
    expect(await verdict(headOf({ maxFee: 40n }))).toBe('accepted');
    end();
    expect(await verdict(headOf({ maxFee: 100n }))).toBe('accepted');
  });

  test('that the chain already paid', async () => {
    chain.changeLine(client.escrow, client.line, { paidNano: (CAP_NANO - 5n) as never });
    expect(await verdict(headOf({ maxFee: 6n }))).toBe('line_cap_exceeded');
    expect(await verdict(headOf({ maxFee: 5n }))).toBe('accepted');
  });
});

describe('router refuses a job while', () => {
  test('the chain cannot be read', async () => {
    chain.breakDown(true);
    expect(await verdict(headOf())).toBe('chain_unavailable');
    chain.breakDown(false);
    expect(await verdict(headOf())).toBe('accepted');
  });

  test('what it read is more than a minute old', async () => {
    chain.changeEscrow(client.escrow, { readAtUnix: START_UNIX - LIMITS.chainReadMaxAgeSeconds - 1 });
    expect(await verdict(headOf())).toBe('chain_unavailable');
    chain.changeEscrow(client.escrow, { readAtUnix: START_UNIX - LIMITS.chainReadMaxAgeSeconds });
    expect(await verdict(headOf())).toBe('accepted');
  });

  test('its clock is more than a minute behind the chain', async () => {
    chain.changeEscrow(client.escrow, { readAtUnix: START_UNIX + LIMITS.chainReadMaxAgeSeconds + 1 });
    expect(await verdict(headOf())).toBe('chain_unavailable');
  });

  test('the worker drains', async () => {
    link.draining = () => true;
    expect(await verdict(headOf())).toBe('draining');
  });

  test('the worker has no free slot', async () => {
    link.freeSlots = () => 0;
    expect(await verdict(headOf())).toBe('worker_busy');
    link.freeSlots = () => 1;
    expect(await verdict(headOf())).toBe('accepted');
  });

  test('the escrow runs as many jobs as it may', async () => {
    const first = admission.start(await admission.check(headOf({ jobId: Buffer.alloc(16, 1) })));
    admission.start(await admission.check(headOf({ jobId: Buffer.alloc(16, 2) })));
    expect(await verdict(headOf({ jobId: Buffer.alloc(16, 3) }))).toBe('rate_limited');
    expect(await verdict(headOf({}, createClientParty(chain, 3, worker)))).toBe('accepted');
    first();
    expect(await verdict(headOf({ jobId: Buffer.alloc(16, 3) }))).toBe('accepted');
  });

  test('it runs as many jobs as it may', async () => {
    const others = [3, 4, 5].map((seed) => createClientParty(chain, seed, worker));
    const ends = [];
    for (const other of others) ends.push(admission.start(await admission.check(headOf({}, other))));
    expect(await verdict(headOf())).toBe('rate_limited');
    ends[0]!();
    expect(await verdict(headOf())).toBe('accepted');
  });
});

test('a refused ticket changes nothing', async () => {
  await verdict(headOf({ maxFee: CAP_NANO + 1n }));
  expect(exposure.jobs).toBe(0);
  expect(exposure.feesOf('')).toBe(0n);
  expect(await verdict(headOf({ maxFee: CAP_NANO }))).toBe('accepted');
});

test('two jobs that fit one at a time are not started side by side', async () => {
  const first = await admission.check(headOf({ jobId: Buffer.alloc(16, 1), maxFee: CAP_NANO }));
  const second = await admission.check(headOf({ jobId: Buffer.alloc(16, 2), maxFee: CAP_NANO }));
  admission.start(first);
  expect(await codeOf(() => admission.start(second))).toBe('line_cap_exceeded');
});

test('a repeated ticket passes although it could start nothing any more', async () => {
  const head = headOf({ maxFee: CAP_NANO });
  admission.start(await admission.check(head))();
  await ledger.record({ ...client, capNano: CAP_NANO, receipt: client.receipt(worker, { total: CAP_NANO }) });
  link.freeSlots = () => 0;
  clock.set(START_UNIX + 900);
  chain.changeEscrow(client.escrow, { readAtUnix: START_UNIX + 900 });
  expect(await verdict(head)).toBe('accepted');
  expect(await verdict(headOf({ jobId: Buffer.alloc(16, 5) }))).toBe('ticket_expired');
});

test('a repeated ticket counts its fee once', async () => {
  const head = headOf({ maxFee: CAP_NANO - 1n });
  const first = admission.start(await admission.check(head));
  const again = await admission.check(head);
  const second = admission.start(again);
  expect(exposure.feesOf(again.lineKey)).toBe(CAP_NANO - 1n);
  second();
  expect(exposure.feesOf(again.lineKey)).toBe(CAP_NANO - 1n);
  first();
  first();
  expect(exposure.feesOf(again.lineKey)).toBe(0n);
  expect(exposure.jobs).toBe(0);
});

test('a cap raised a moment ago is seen by reading the escrow again', async () => {
  const stale = await chain.read(client.escrow);
  chain.changeLine(client.escrow, client.line, { capNano: (2n * CAP_NANO) as never });
  const cached = {
    read: (account: Buffer, maxAge?: number) =>
      maxAge !== undefined && maxAge < 60 ? chain.read(account) : Promise.resolve(stale),
  };
  const behind = createAdmission(
    { feeBps: 0, feeTo: FEE_TO, acceptFreeLines: true, limits: ROUTER_LIMITS },
    { clock, escrows: cached, links, ledger, exposure },
  );
  expect(await codeOf(() => behind.check(headOf({ maxFee: 2n * CAP_NANO })))).toBe('accepted');
  expect(await codeOf(() => behind.check(headOf({ maxFee: 2n * CAP_NANO + 1n })))).toBe('line_cap_exceeded');
});

test('escrow reads are bounded', async () => {
  let answer: () => void = () => undefined;
  const slow = {
    read: () => new Promise<null>((resolve) => (answer = () => resolve(null))),
  };
  const busy = createAdmission(
    { feeBps: 0, feeTo: FEE_TO, acceptFreeLines: true, limits: { ...ROUTER_LIMITS, escrowReads: 1 } },
    { clock, escrows: slow, links, ledger, exposure },
  );
  const waiting = codeOf(() => busy.check(headOf()));
  expect(await codeOf(() => busy.check(headOf()))).toBe('rate_limited');
  answer();
  await new Promise(setImmediate);
  answer();
  expect(await waiting).toBe('escrow_unknown');
});
