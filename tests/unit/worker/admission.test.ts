import { nano } from '../../../src/protocol/amounts';
import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { sha256 } from '../../../src/protocol/hash';
import { lineId, type Line } from '../../../src/protocol/line';
import type { JobBend, JobFacts } from './support/testClient';
import { createWorld, openEscrow, openLine, START, type World } from './support/world';

const HOUR = 3_600;
const DAY = 86_400;
const stranger = keyPairFromSeed(sha256(Buffer.from('stranger')));
const otherHash = sha256(Buffer.from('other'));

/** A refusal: what makes the job wrong, and what makes the same job right. */
interface Refusal {
  code: string;
  name: string;
  facts?: (world: World) => Partial<JobFacts>;
  bend?: (world: World) => JobBend;
  /** Changes the chain or the clock, and says how to repair it. */
  spoil?: (world: World) => () => void;
}

function bendLine(world: World, change: Partial<Line>): Line {
  const line = { ...world.line, ...change };
  openLine(world.escrow, line);
  return line;
}

function setEntry(world: World, change: object): () => void {
  const lines = world.escrow.state.lines as Map<string, object>;
  const key = lineId(world.line).toString('hex');
  const before = lines.get(key)!;
  lines.set(key, { ...before, ...change });
  return () => void lines.set(key, before);
}

const REFUSALS: Refusal[] = [
  {
    code: 'line_wrong_worker',
    name: 'a line to another contract',
    bend: (world) => ({ line: bendLine(world, { workerAddress: otherHash }) }),
  },
  {
    code: 'line_wrong_worker',
    name: 'a line to another key',
    bend: (world) => ({ line: bendLine(world, { workerKey: stranger.publicKey }) }),
  },
  {
    code: 'ticket_wrong_line',
    name: 'a ticket for another line',
    bend: () => ({ ticket: { lineId: Buffer.alloc(20, 1) } }),
  },
  {
    code: 'ticket_wrong_request',
    name: 'a ciphertext that the ticket does not name',
    bend: () => ({
      ciphertext: (sealed) => Buffer.concat([sealed.subarray(0, -1), Buffer.from([sealed.at(-1)! ^ 1])]),
    }),
  },
  {
    code: 'ticket_not_yet_valid',
    name: 'a ticket from more than a minute ahead',
    bend: () => ({ ticket: { issuedAt: START + 61, notAfter: START + 300 } }),
  },
  {
    code: 'ticket_expired',
    name: 'a ticket whose last second has passed',
    bend: () => ({ ticket: { issuedAt: START - 300, notAfter: START - 1 } }),
  },
  {
    code: 'ticket_too_long',
    name: 'a ticket that lives longer than ten minutes',
    bend: () => ({ ticket: { issuedAt: START, notAfter: START + 601 } }),
  },
  {
    code: 'escrow_unknown',
    name: 'an escrow that is not genuine',
    bend: () => ({ escrow: otherHash }),
  },
  {
    code: 'ticket_wrong_domain',
    name: 'a ticket for another domain',
    bend: () => ({ ticket: { domain: otherHash } }),
  },
  {
    code: 'ticket_bad_signature',
    name: 'a ticket that a stranger signed',
    bend: () => ({ signer: stranger }),
  },
  {
    code: 'ticket_bad_signature',
    name: 'a ticket of a signer that the client has replaced',
    spoil(world) {
      const before = world.escrow.state.signer;
      world.escrow.state.signer = stranger.publicKey;
      return () => void (world.escrow.state.signer = before);
    },
  },
  {
    code: 'ticket_bad_signature',
    name: 'a ticket while the escrow has no signer',
    spoil(world) {
      const before = world.escrow.state.signer;
      world.escrow.state.signer = null;
      return () => void (world.escrow.state.signer = before);
    },
  },
  {
    code: 'channel_open_failed',
    name: 'a request that is sealed to another key',
    bend: () => ({ recipientKey: Buffer.from('09'.padEnd(64, '0'), 'hex') }),
  },
  {
    code: 'ticket_wrong_request',
    name: 'a sealed request for another job id',
    bend: () => ({ plaintext: { jobId: Buffer.alloc(16, 9) } }),
  },
  {
    code: 'ticket_wrong_request',
    name: 'a sealed request of another time',
    bend: () => ({ plaintext: { issuedAt: START - 1 } }),
  },
  {
    code: 'ticket_wrong_request',
    name: 'a sealed request with another last start',
    bend: () => ({ plaintext: { notAfter: START + 301 } }),
  },
  {
    code: 'ticket_wrong_request',
    name: 'a sealed request with another maximum',
    bend: () => ({ plaintext: { maxFee: nano(10_001n) } }),
  },
  {
    code: 'model_not_found',
    name: 'a model that is not served',
    facts: () => ({ modelHash: otherHash }),
  },
  {
    code: 'line_unknown',
    name: 'a line that the escrow does not have',
    spoil(world) {
      const lines = world.escrow.state.lines as Map<string, object>;
      const [key, entry] = [...lines][0]!;
      lines.delete(key);
      return () => void lines.set(key, entry);
    },
  },
  {
    code: 'line_unknown',
    name: 'an entry that settles at another time',
    spoil: (world) => setEntry(world, { settleBy: START + 9 * DAY }),
  },
  {
    code: 'line_closing',
    name: 'a line that is being closed',
    spoil: (world) => setEntry(world, { closeAt: START + 36 * HOUR }),
  },
  {
    code: 'line_near_end',
    name: 'a line that settles within a day',
    bend: (world) => ({ line: bendLine(world, { settleBy: START + DAY }) }),
  },
  {
    code: 'line_too_long',
    name: 'a line beyond the last date of the key',
    bend: (world) => ({ line: bendLine(world, { settleBy: START + 13 * DAY + 1 }) }),
  },
  {
    code: 'line_fee_too_high',
    name: 'a line with a fee that is not listed',
    bend: (world) => ({ line: bendLine(world, { feeBps: 1, feeTo: Buffer.alloc(20, 7) }) }),
  },
  {
    code: 'line_below_min_cap',
    name: 'a line below the minimum cap',
    facts: () => ({ maxFee: 900n }),
    spoil: (world) => setEntry(world, { capNano: nano(999n) }),
  },
  {
    code: 'line_cap_exceeded',
    name: 'a job beyond the cap',
    spoil: (world) => setEntry(world, { capNano: nano(9_999n) }),
  },
  {
    code: 'internal',
    name: 'a line that was paid beyond what this ledger knows',
    spoil: (world) => setEntry(world, { paidNano: nano(1n) }),
  },
  {
    code: 'chain_unavailable',
    name: 'a job while the chain cannot be read',
    spoil(world) {
      world.chain.failing = true;
      return () => void (world.chain.failing = false);
    },
  },
  {
    code: 'chain_unavailable',
    name: 'a job while the chain stands still',
    spoil(world) {
      world.chain.lagSeconds = 60;
      return () => void (world.chain.lagSeconds = 0);
    },
  },
];

describe('worker refuses a job that is wrong in one thing, and takes it repaired', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it.each(REFUSALS)('worker refuses $name: $code', async ({ code, facts, bend, spoil }) => {
    const repair = spoil?.(world);
    const jobId = Buffer.alloc(16, 5);
    const good: Partial<JobFacts> = facts ? (({ modelHash: _, ...rest }) => rest)(facts(world)) : {};
    const wrong = world.job({ ...facts?.(world), jobId }, bend?.(world));
    const refused = await world.send(wrong);
    expect(refused.code).toBe(code);
    expect(refused.frames).toHaveLength(0);
    expect(world.engine.calls).toHaveLength(0);

    repair?.();
    const accepted = await world.run({ ...good, jobId });
    expect(accepted.status).toBe(200);
    expect(accepted.receipt.value.jobs).toBe(1n);
  });
});

describe('worker accepts a job at the edge of what it allows', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it('worker takes a ticket from a minute ahead, in its last second and of exactly ten minutes', async () => {
    await world.run({}, { ticket: { issuedAt: START + 60, notAfter: START + 300 } });
    await world.run({}, { ticket: { issuedAt: START - 300, notAfter: START } });
    await world.run({}, { ticket: { issuedAt: START, notAfter: START + 600 } });
    expect(world.engine.calls).toHaveLength(3);
  });

  it('worker takes a line that settles a second after the last day, and one on the last date of its key', async () => {
    for (const settleBy of [START + DAY + 1, START + 13 * DAY]) {
      await world.run({}, { line: bendLine(world, { settleBy }) });
    }
  });

  it('worker takes a line with exactly the listed fee, and refuses one basis point more', async () => {
    const feeTo = Buffer.alloc(20, 7);
    world.chain.workerState = {
      ...world.chain.workerState!,
      feeRecipients: [{ feeTo, maxBps: 100, owedNano: nano(0) }],
    };
    world.timers.advance(10_000);
    await new Promise((resolve) => setImmediate(resolve));
    const over = await world.send(world.job({}, { line: bendLine(world, { feeBps: 101, feeTo }) }));
    expect(over.code).toBe('line_fee_too_high');
    await world.run({}, { line: bendLine(world, { feeBps: 100, feeTo }) });
  });

  it('worker takes a job that fills the cap exactly, and none after it', async () => {
    const restore = setEntry(world, { capNano: nano(10_000n) });
    await world.run({ maxFee: 10_000n });
    // 17 nanotons are earned now: 9,983 are left.
    expect((await world.send(world.job({ maxFee: 9_984n }))).code).toBe('line_cap_exceeded');
    await world.run({ maxFee: 9_983n });
    restore();
  });

  it('worker counts running jobs against the cap', async () => {
    setEntry(world, { capNano: nano(20_000n) });
    const held = holdEngine(world);
    const first = world.send(world.job({ maxFee: 10_000n }));
    await held.arrived;
    expect((await world.send(world.job({ maxFee: 10_001n }))).code).toBe('line_cap_exceeded');
    held.release();
    expect((await first).code).toBeNull();
    await world.run({ maxFee: 10_001n - 18n });
  });

  it('worker keeps two escrows apart that have the same line', async () => {
    const other = openEscrow(world.chain, 'other', START);
    openLine(other, world.line);
    await world.run();
    const reply = await world.run({ escrow: other.hash, domain: other.domain, signer: other.signer });
    expect(reply.receipt.value).toMatchObject({ total: 17n, jobs: 1n, domain: other.domain });
  });
});

describe('worker that is not admitted', () => {
  it('worker has nothing to offer until the registry confirms its statement, and links at once when it does', async () => {
    const world = await createWorld({ admits: false });
    try {
      expect(world.worker.offer()).toBeNull();
      expect(world.worker.status()).toMatchObject({
        ready: false,
        admitted: false,
        links: [{ connected: false }],
      });
      world.chain.admitAnnounced();
      world.timers.advance(1_000);
      await world.until(() => world.worker.status().links[0]!.connected);
      await world.run();
    } finally {
      await world.end();
    }
  });

  it('worker that unstaked refuses every job, and serves again when it is active again', async () => {
    const world = await createWorld();
    const active = world.chain.workerState!;
    try {
      world.chain.workerState = { ...active, active: false };
      world.timers.advance(10_000);
      await world.until(() => !world.worker.status().admitted);
      expect((await world.send(world.job())).code).toBe('worker_unverified');
      world.chain.workerState = active;
      world.timers.advance(1_000);
      await world.until(() => world.worker.status().admitted);
      await world.run();
    } finally {
      await world.end();
    }
  });

  it('worker whose admission has run out refuses, and announces again in time', async () => {
    const world = await createWorld();
    try {
      expect(world.chain.announced).toBe(1);
      world.clock.time = START + 18 * HOUR + 1;
      world.timers.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect(world.chain.announced).toBe(2);
      await world.run();
      world.chain.admits = false;
      world.clock.time += 25 * HOUR;
      world.timers.advance(10_000);
      await new Promise((resolve) => setImmediate(resolve));
      expect((await world.send(world.job())).code).toBe('worker_unverified');
    } finally {
      await world.end();
    }
  });
});

/** The engine keeps its first request waiting until the test releases it. */
function holdEngine(world: World): { arrived: Promise<void>; release: () => void } {
  let release = (): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    world.engine.answer((call) => {
      release = () => world.engine.hello(call);
      world.engine.answer((next) => world.engine.hello(next));
      resolve();
    });
  });
  return { arrived, release: () => release() };
}
