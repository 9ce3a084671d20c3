import { request as httpRequest, type IncomingMessage } from 'node:http';
import { sign } from '../../../src/protocol/ed25519';
import {
  LINK_PROTOCOL,
  helloDigest,
  openOffer,
  orderBookSchema,
  type OrderBook,
  type SignedOffer,
} from '../../../src/protocol/wire';
import { LAST_SETTLE_BY, START_UNIX, workerState } from './support/fakeChain';
import { answerWith } from './support/fakeWorker';
import { admit, createWorkerParty, type WorkerFlaws, type WorkerParty } from './support/parties';
import { createRig, readFrames, type Rig } from './support/rig';

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

async function book(): Promise<OrderBook> {
  return orderBookSchema.parse(await (await fetch(`${rig.router.url}/v1/book`)).json());
}

/** Why the router ended the link that was offered, or "accepted". */
async function verdict(options: Parameters<Rig['link']>[0]): Promise<string> {
  const fake = await rig.link(options);
  const outcome = await Promise.race([fake.accepted.then(() => 'accepted'), fake.ended]);
  fake.close();
  return outcome;
}

test('router lists a linked worker in its book with the words that the worker signed', async () => {
  const fake = await rig.link();
  await fake.accepted;
  const { entries, router, registry } = await book();
  expect(entries).toHaveLength(1);
  expect(entries[0]).toMatchObject({ freeSlots: 8, draining: false, successRate: 1, medianLatencyMs: null });
  expect(openOffer(entries[0]!.offer)?.workerKey).toBe(rig.worker.keys.publicKey.toString('hex'));
  expect(router).toEqual({ feeBps: 100, feeTo: '99'.repeat(20) });
  expect(registry).toBe('11'.repeat(32));
});

describe('router refuses the link of a worker', () => {
  const proofOf = (party: WorkerParty, offer: SignedOffer) => (nonce: Buffer) => ({
    offer,
    proof: sign(helloDigest(nonce, offer), party.keys).toString('hex'),
  });

  test('whose offer is not signed by its key', async () => {
    const signature = createWorkerParty(9).offer().signature;
    expect(await verdict({ offer: { ...rig.worker.offer(), signature } })).toMatch('not signed by the key');
    expect(await verdict({ offer: rig.worker.offer() })).toBe('accepted');
  });

  test('whose proof is for another nonce', async () => {
    const offer = rig.worker.offer();
    const replayed = proofOf(rig.worker, offer)(Buffer.alloc(32));
    expect(await verdict({ hello: () => replayed })).toMatch('does not fit the nonce');
    expect(await verdict({ hello: proofOf(rig.worker, offer) })).toBe('accepted');
  });

  test("that shows another worker's offer", async () => {
    const thief = createWorkerParty(9);
    const offer = rig.worker.offer();
    expect(await verdict({ hello: proofOf(thief, offer) })).toMatch('does not fit the nonce');
  });

  test('without contract on the chain', async () => {
    const stranger = createWorkerParty(5);
    expect(await verdict({ party: stranger })).toMatch('not a child of the registry');
    admit(rig.chain, stranger);
    expect(await verdict({ party: stranger })).toBe('accepted');
  });

  test('whose contract is not active', async () => {
    rig.chain.changeWorker(rig.worker.account, { active: false });
    expect(await verdict({})).toMatch('not active');
    rig.chain.changeWorker(rig.worker.account, { active: true });
    expect(await verdict({})).toBe('accepted');
  });

  test('whose key is not admitted', async () => {
    rig.chain.changeWorker(rig.worker.account, { keys: [] });
    expect(await verdict({})).toMatch('not admitted');
  });

  test('whose admission has run out', async () => {
    const workerKey = rig.worker.keys.publicKey;
    const until = (activeUntil: number): void =>
      rig.chain.changeWorker(rig.worker.account, {
        keys: [{ workerKey, activeUntil, lastSettleBy: LAST_SETTLE_BY, platform: Buffer.alloc(32, 0x55) }],
      });
    until(START_UNIX);
    expect(await verdict({})).toMatch('has run out');
    until(START_UNIX + 1);
    expect(await verdict({})).toBe('accepted');
  });

  test('whose statement is not the recorded one', async () => {
    rig.chain.putWorker(workerState(rig.worker.account, rig.worker.keys.publicKey, Buffer.alloc(32)));
    expect(await verdict({})).toMatch('not the one that the Worker contract recorded');
    admit(rig.chain, rig.worker);
    expect(await verdict({})).toBe('accepted');
  });

  const other = Buffer.alloc(32, 0xee);

  /** What becomes of a worker whose contract is in order and whose own words have one flaw. */
  const flawed = async (flaws: WorkerFlaws): Promise<string> => {
    const party = createWorkerParty(7, flaws);
    admit(rig.chain, party);
    return verdict({ party });
  };

  test.each([
    ['network', { networkId: -239 }],
    ['registry', { registry: other }],
    ['worker', { worker: other }],
    ['key', { receiptKey: other }],
  ])('whose statement names another %s', async (_field, statement) => {
    expect(await flawed({ statement })).toMatch('another network, registry, worker or key');
    expect(await flawed({})).toBe('accepted');
  });

  test('whose statement cannot be read', async () => {
    expect(await verdict({ offer: rig.worker.offer({ statement: 'AAAA' }) })).toMatch(
      'statement cannot be read',
    );
  });

  test.each([
    ['domain', { domain: other }],
    ['statement', { statementHash: other }],
  ])('whose HPKE certificate is for another %s', async (_field, certificate) => {
    expect(await flawed({ certificate })).toMatch('HPKE certificate is not signed for');
    expect(await flawed({})).toBe('accepted');
  });

  test('whose ask is for another domain, or for a model that it does not offer', async () => {
    expect(await flawed({ ask: { domain: other } })).toMatch('not signed for this Worker');
    expect(await flawed({ ask: { modelHash: other } })).toMatch('which is not offered');
    expect(await flawed({})).toBe('accepted');
  });

  test('whose asks or certificate another key signed, or nobody can read', async () => {
    const { asks, certificate } = openOffer(createWorkerParty(9).offer())!;
    expect(await verdict({ offer: rig.worker.offer({ asks }) })).toMatch('not signed for this Worker');
    expect(await verdict({ offer: rig.worker.offer({ certificate }) })).toMatch(
      'HPKE certificate is not signed for',
    );
    expect(await verdict({ offer: rig.worker.offer({ asks: ['AAAA'] }) })).toMatch('ask cannot be read');
    expect(await verdict({ offer: rig.worker.offer({ certificate: 'AAAA' }) })).toMatch(
      'certificate cannot be read',
    );
    expect(await verdict({})).toBe('accepted');
  });

  test('whose hello is no hello', async () => {
    for (const hello of ['', 'null', '{', '{"offer":1}', `"${'x'.repeat(600 * 1024)}"`]) {
      expect(await verdict({ hello: () => hello })).not.toBe('accepted');
    }
  });
});

test('router accepts no links above its limit', async () => {
  const full = await createRig({ limits: { links: 1 } });
  const first = await full.link();
  await first.accepted;
  await expect(full.link()).rejects.toThrow('no upgrade: 503');
  first.close();
  await full.close();
});

test('router upgrades nothing but links', async () => {
  const ask = (path: string, upgrade: string, method = 'GET'): Promise<number> =>
    new Promise((resolve, reject) => {
      const request = httpRequest(`${rig.router.url}${path}`, {
        method,
        headers: { connection: 'Upgrade', upgrade },
      });
      request.once('response', (response: IncomingMessage) => {
        resolve(response.statusCode!);
        response.resume();
      });
      request.once('upgrade', () => reject(new Error('upgraded')));
      request.once('error', reject);
      request.end();
    });
  expect(await ask('/v1/other', LINK_PROTOCOL)).toBe(404);
  expect(await ask('/v1/link', 'websocket')).toBe(426);
  expect(await ask('/v1/link', LINK_PROTOCOL, 'PUT')).toBe(405);
  expect(await verdict({})).toBe('accepted');
});

test('a second link of one key takes over, and the first ends its job', async () => {
  let finish: () => void = () => undefined;
  const receipt = rig.client.receipt(rig.worker);
  const first = await rig.link({ onJob: (stream) => (finish = () => answerWith(stream, [], receipt)) });
  await first.accepted;
  const running = rig.post(rig.client.job(Buffer.from('one')));
  await until(() => first.jobs.length === 1);
  const second = await rig.link({ onJob: (stream) => answerWith(stream, [], receipt) });
  await second.accepted;
  await readFrames(await rig.post(rig.client.job(Buffer.from('two'))));
  expect(second.jobs).toHaveLength(1);
  expect((await book()).entries).toHaveLength(1);
  finish();
  expect((await readFrames(await running)).frames).toHaveLength(2);
  expect(await first.ended).toBe('closed');
  second.close();
});

test('the book follows what a worker reports', async () => {
  const fake = await rig.link();
  await fake.accepted;
  fake.report({ free: 3, draining: false });
  await until(async () => (await book()).entries[0]!.freeSlots === 3);
  fake.report({ free: 3, draining: true });
  await until(async () => (await book()).entries[0]!.draining);
  fake.report({ free: 4, draining: false });
  fake.report({ offer: rig.worker.offer({ seq: 2, slots: 5 }) });
  await until(async () => openOffer((await book()).entries[0]!.offer)!.seq === 2);
  expect((await book()).entries[0]!.freeSlots).toBe(4);
});

test('slots taken by running jobs are not offered again before the worker reports', async () => {
  const waiting: (() => void)[] = [];
  const fake = await rig.link({
    onJob: (stream) => waiting.push(() => answerWith(stream, [], rig.client.receipt(rig.worker))),
  });
  await fake.accepted;
  fake.report({ free: 3, draining: false });
  const free = async (): Promise<number> => (await book()).entries[0]!.freeSlots;
  await until(async () => (await free()) === 3);
  const jobs = ['a', 'b'].map((text) => rig.post(rig.client.job(Buffer.from(text))));
  await until(() => waiting.length === 2);
  expect(await free()).toBe(1);
  // The worker reports with both jobs in mind, then one more is sent.
  fake.report({ free: 2, draining: false });
  await until(async () => (await free()) === 2);
  waiting.forEach((answer) => answer());
  for (const job of jobs) await readFrames(await job);
  await until(() => rig.router.status().runningJobs === 0);
  expect(await free()).toBe(2);
});

test('the book tells how a worker served, by paying escrows', async () => {
  const fake = await rig.link({ onJob: (stream) => answerWith(stream, [], rig.client.receipt(rig.worker)) });
  await fake.accepted;
  await readFrames(await rig.post(rig.client.job(Buffer.from('a'))));
  await until(() => rig.router.status().runningJobs === 0);
  const [entry] = (await book()).entries;
  expect(entry).toMatchObject({ distinctEscrows: 1, successRate: 1 });
  expect(entry!.medianLatencyMs).toBeGreaterThanOrEqual(0);
});

describe('router ends the link of a worker', () => {
  test('that reports nonsense', async () => {
    for (const line of [
      '{',
      '{"free":-1,"draining":false}',
      '{"free":1}',
      '{"free":1,"draining":false,"more":1}',
    ]) {
      const fake = await rig.link();
      await fake.accepted;
      fake.report(line);
      expect(await fake.ended).toBe('malformed status');
    }
    expect((await book()).entries).toEqual([]);
  });

  test('whose status line has no end', async () => {
    const fake = await rig.link();
    await fake.accepted;
    fake.report('x'.repeat(600 * 1024));
    expect(await fake.ended).toMatch(/too long|malformed/);
  });

  test('that takes its offer back to an older one, or to another worker', async () => {
    const other = createWorkerParty(9);
    admit(rig.chain, other);
    for (const offer of [rig.worker.offer({ seq: 4 }), other.offer({ seq: 6 })]) {
      const fake = await rig.link({ offer: rig.worker.offer({ seq: 5 }) });
      await fake.accepted;
      fake.report({ offer });
      expect(await fake.ended).toMatch(/older|keeps its worker/);
    }
  });

  test('that answers no ping', async () => {
    const strict = await createRig({ limits: { pingIntervalMs: 20 } });
    const fake = await strict.link();
    await fake.accepted;
    fake.socket.pause();
    fake.socket.removeAllListeners('data');
    // A socket that nobody reads answers nothing.
    (fake.socket as unknown as { _handle: { readStop(): void } })._handle.readStop();
    await until(() => strict.router.status().links === 0);
    expect(strict.logged.join('')).toMatch('pings were not answered');
    await strict.close();
  });

  test('that reports nothing for too long', async () => {
    const strict = await createRig({ limits: { statusTimeoutMs: 50 } });
    const fake = await strict.link();
    await fake.accepted;
    expect(await fake.ended).toBe('no status');
    await strict.close();
  });

  test('that the chain no longer admits', async () => {
    const strict = await createRig({ limits: { recheckIntervalMs: 20 } });
    const fake = await strict.link();
    await fake.accepted;
    strict.chain.breakDown(true);
    await until(() => strict.logged.join('').includes('worker not read'));
    expect(strict.router.status().links).toBe(1);
    strict.chain.changeWorker(strict.worker.account, { active: false });
    strict.chain.breakDown(false);
    expect(await fake.ended).toMatch('not active');
    await strict.close();
  });
});

/** Waits, turn by turn of the event loop, for what will come. Jest's own limit ends a wait in vain. */
async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise(setImmediate);
}
