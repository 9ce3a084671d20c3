import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { openEvidence, type WorkerEvidence } from '../../../src/protocol/wire';
import { createKeptQuotes } from '../../../src/worker/keptQuotes';
import { createFakeAdmission, HOUR, type FakeAdmission } from './support/fakeAdmission';
import { request } from './support/testRouter';
import { createWorld } from './support/world';

const open = (evidence: WorkerEvidence | null) => openEvidence(JSON.stringify(evidence));

describe('worker shows the quote with which its statement was admitted', () => {
  let fake: FakeAdmission;
  beforeEach(() => {
    fake = createFakeAdmission();
  });
  afterEach(() => fake.end());

  it('as soon as the contract has recorded it, also after a restart', async () => {
    expect(fake.watch.evidence()).toBeNull();
    await fake.watch.tick();
    const evidence = open(fake.watch.evidence())!;
    expect(evidence.statement).toEqual(fake.watch.current().statement!.image);
    // The quotes of this world are their report data.
    expect(evidence.quote.subarray(32)).toEqual(fake.block.rootHash);
    fake.restart();
    expect(fake.watch.evidence()).toBeNull();
    await fake.watch.tick();
    expect(open(fake.watch.evidence())).toEqual(evidence);
  });

  it('and not one that was refused, or that came later', async () => {
    fake.refusesQuote = 1142;
    await fake.run(60, 5);
    fake.refusesQuote = 0;
    await fake.run(120, 5);
    const { tcb } = fake.state;
    expect(open(fake.watch.evidence())!.quote.subarray(32)).toEqual(tcb!.blockRoot);
    const other = Buffer.alloc(32, 1);
    fake.state.tcb = { ...tcb!, blockRoot: other };
    await fake.watch.tick();
    expect(fake.watch.evidence()).toBeNull();
  });

  it('and says so once when it was admitted by one that it does not have', async () => {
    await fake.watch.tick();
    fake.state.tcb = null;
    await fake.run(HOUR, 600);
    const said = fake.log.filter(({ text }) => text.includes('not kept here'));
    expect(said).toHaveLength(1);
  });
});

it('worker keeps its newest eight quotes, for its owner alone', () => {
  const dir = mkdtempSync(join(tmpdir(), 'cocoon-quotes-'));
  const quotes = createKeptQuotes(dir);
  const kept = (n: number) => ({
    ...{ statementHash: Buffer.alloc(32, 1), blockRoot: Buffer.alloc(32, n), quote: Buffer.alloc(10, n) },
  });
  for (let n = 1; n <= 9; n++) quotes.keep(kept(n));
  const again = createKeptQuotes(dir);
  expect(again.find(Buffer.alloc(32, 1), Buffer.alloc(32, 1))).toBeNull();
  expect(again.find(Buffer.alloc(32, 1), Buffer.alloc(32, 2))).toEqual(Buffer.alloc(10, 2));
  expect(again.find(Buffer.alloc(32, 2), Buffer.alloc(32, 2))).toBeNull();
  expect(existsSync(join(dir, 'quotes.json'))).toBe(true);
  expect(statSync(join(dir, 'quotes.json')).mode & 0o777).toBe(0o600);
  rmSync(dir, { recursive: true });
});

it('worker without a quote answers so to its router', async () => {
  const world = await createWorld();
  const { status } = await request(await world.router.link(), 'GET', '/v1/evidence', undefined);
  expect(status).toBe(404);
  await world.end();
});
