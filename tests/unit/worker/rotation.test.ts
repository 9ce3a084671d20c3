import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sealRequest } from '../../../src/channel';
import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { JobOutcome } from '../../../src/protocol/jobRecord';
import { createHpkeKeyring, type HpkeKeyring } from '../../../src/worker/hpkeKeys';
import { createWorld, START, type World } from './support/world';

const HOUR = 3_600;
const DAY = 86_400;
/** The longest ticket and the skew of clocks. */
const GRACE = 660;

describe('worker that renews its statement', () => {
  let world: World;
  beforeEach(async () => {
    world = await createWorld();
  });
  afterEach(() => world.end());

  it('worker serves what was sealed to its former key at the moment of the rotation, and what is sealed to the new one', async () => {
    const former = world.chain.statement();
    world.clock.time = START + 17 * HOUR;
    world.timers.advance(10_000);
    await world.until(() => world.chain.announced === 2 && world.worker.status().ready);
    const current = world.chain.statement();
    expect(current.hpkeKey).not.toEqual(former.hpkeKey);
    const late = await world.run({ recipientKey: former.hpkeKey, statementHash: former.hash });
    expect(late.settlement.record.outcome).toBe(JobOutcome.Completed);
    expect((await world.run()).settlement.record.outcome).toBe(JobOutcome.Completed);
    // The key of one statement opens nothing that names the other.
    const mixed = world.job({ recipientKey: former.hpkeKey, statementHash: current.hash });
    expect((await world.send(mixed)).code).toBe('channel_open_failed');
  });

  it('worker serves after a restart of its process what was sealed before', async () => {
    const job = world.job();
    await world.restart();
    expect((await world.send(job)).code).toBeNull();
  });
});

describe('a keyring', () => {
  let folder: string;
  let now: number;
  const statement = (fill: number, notBefore: number) => ({
    hash: Buffer.alloc(32, fill),
    notBefore,
    notAfter: notBefore + DAY,
  });
  const open = (): HpkeKeyring =>
    createHpkeKeyring(
      { stateDir: folder, domain: Buffer.alloc(32, 1), receiptKeys: keyPairFromSeed(Buffer.alloc(32, 2)) },
      { now: () => now, random: (bytes) => Buffer.alloc(bytes, ++draws) },
    );
  let draws = 0;
  const binding = {
    escrowDomain: Buffer.alloc(32, 3),
    lineId: Buffer.alloc(20, 4),
    jobId: Buffer.alloc(16, 5),
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'cocoon-keyring-'));
    now = START;
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it('opens by a key until its statement and the last ticket that could name it are over, and not a second longer', () => {
    const ring = open();
    const keys = ring.generate();
    const { hash, notAfter } = statement(7, START);
    ring.bind(keys, { hash, notBefore: START, notAfter });
    const plaintext = Buffer.from('Grüße');
    const { ciphertext } = sealRequest({
      ...binding,
      recipientKey: keys.publicKey,
      statementHash: hash,
      plaintext,
    });
    for (const at of [START, notAfter, notAfter + GRACE]) {
      now = at;
      expect(ring.open(binding, ciphertext).plaintext).toEqual(plaintext);
    }
    now = notAfter + GRACE + 1;
    expect(() => ring.open(binding, ciphertext)).toThrow(
      expect.objectContaining({ code: 'channel_open_failed' }),
    );
  });

  it('forgets on disk a key whose time is over when it keeps the next, and keeps it until then', () => {
    const first = statement(7, START);
    const ring = open();
    ring.bind(ring.generate(), first);
    now = first.notAfter + GRACE;
    ring.bind(ring.generate(), statement(8, now));
    expect(open().certificate(first.hash)).not.toBeNull();
    now += 1;
    ring.bind(ring.generate(), statement(9, now));
    expect(open().certificate(first.hash)).toBeNull();
    expect(open().certificate(Buffer.alloc(32, 8))).not.toBeNull();
  });
});
