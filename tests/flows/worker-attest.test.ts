import { internal, type SendMessageResult } from '@ton/sandbox';
import { sha256 } from '../../src/protocol/hash';
import { modelsRoot, statementDigest, statementHash } from '../../src/protocol/statement';
import { allowImageBody, parseAdmissionRefusal } from '../../wrappers/Registry';
import { stakeBody, unstakeBody, WORKER_OPCODES } from '../../wrappers/Worker';
import * as A from '../support/attestation';
import * as N from '../support/network';

const ADMITTED = [
  'platform -> registry: QuoteVerified 0',
  'registry -> worker: Attested 0',
  'worker -> registry: WorkerAdmitted 0',
  'registry -> platform: SlotTaken 0',
  'platform -> stranger: Excesses 0',
];
const REFUSED = [
  'platform -> registry: QuoteVerified 0',
  'registry -> worker: Attested 0',
  'worker -> stranger: AdmissionRefused 0',
];

function refusal(result: SendMessageResult): number | undefined {
  return parseAdmissionRefusal(result.transactions.at(-1)!.inMessage!.body)?.reason;
}

test('a quote confirms what was announced, and the key is active until the statement ends', async () => {
  const { net, image } = await N.announcedWorker();
  expect(N.story(net, await N.admit(net, image))).toEqual(ADMITTED);
  const now = net.chain.now!;
  const seqno = A.recentBlock(net.chain);
  expect(await N.readWorker(net)).toMatchObject({
    active: true,
    activeUntil: now + N.DAY,
    quoteSeqno: seqno,
    pending: null,
    keys: [
      { workerKey: N.workerKey().toString('hex'), activeUntil: now + N.DAY, lastSettleBy: now + 13 * N.DAY },
    ],
    admitted: N.plain({
      statementHash: statementHash(image),
      statementDigest: statementDigest(image),
      receiptKey: N.workerKey(),
      modelsRoot: modelsRoot([N.MODEL]),
      imageId: N.IMAGE_ID,
      shape: N.SHAPE,
      platform: net.platform.hash,
      attestedAt: now,
      tcb: { ...A.MACHINE, blockRoot: A.blockRoot(seqno) },
    }),
  });
  net.chain.now = now + N.DAY;
  expect((await N.readWorker(net)).active).toBe(true);
  net.chain.now += 1;
  expect((await N.readWorker(net)).active).toBe(false);
});

test('attesting a known key again extends its activity, never its last date', async () => {
  const net = await N.createActiveWorker();
  const first = net.chain.now!;
  const renew = async (notAfter?: number): Promise<unknown> => {
    const image = N.statement(net, notAfter === undefined ? {} : { notAfter });
    await N.announce(net, image);
    expect(N.story(net, await N.admit(net, image))).toEqual(ADMITTED);
    return (await N.readWorker(net)).keys;
  };
  net.chain.now = first + 1_000;
  expect(await renew()).toMatchObject([
    { activeUntil: first + 1_000 + N.DAY, lastSettleBy: first + 13 * N.DAY },
  ]);
  expect(await renew(net.chain.now + 10)).toMatchObject([{ activeUntil: first + 1_000 + N.DAY }]);
  net.chain.now = first + 13 * N.DAY - 1;
  expect(await renew()).toMatchObject([{ activeUntil: first + 13 * N.DAY }]);
});

test('a key is active no longer than its image is allowed, nor than its certificates hold', async () => {
  const { net, image } = await N.announcedWorker();
  const now = net.chain.now!;
  await N.attest(net, N.quoteOf(net, image), { certifiedUntil: now + 700 });
  expect((await N.readWorker(net)).activeUntil).toBe(now + 700);
  await N.send(net, net.owner, net.registry, allowImageBody(N.IMAGE_ID, now + 800));
  await N.announce(net, image);
  await N.admit(net, image);
  expect((await N.readWorker(net)).activeUntil).toBe(now + 800);
});

describe('the worker refuses a quote and answers whoever brought it with the reason', () => {
  test('when nothing was announced, another statement, or the same one twice', async () => {
    const net = await N.createNetwork();
    await N.stake(net);
    const image = N.statement(net);
    const early = await N.admit(net, image);
    expect(N.story(net, early)).toEqual(REFUSED);
    expect(refusal(early)).toBe(1140);
    await N.announce(net, image);
    expect(refusal(await N.admit(net, N.statement(net, { hostTier: 1 })))).toBe(1140);
    expect(N.story(net, await N.admit(net, image))).toEqual(ADMITTED);
    expect(refusal(await N.admit(net, image))).toBe(1140);
  });

  test('when its statement was replaced by a later one', async () => {
    const { net, image } = await N.announcedWorker();
    const later = N.statement(net, { receiptKey: N.workerKey('second') });
    await N.announce(net, later);
    expect(refusal(await N.admit(net, image))).toBe(1140);
    expect(N.story(net, await N.admit(net, later))).toEqual(ADMITTED);
  });

  test('when the registry did not clear the statement', async () => {
    const { net, image } = await N.announcedWorker();
    const unknown = sha256(Buffer.from('a model that no registry knows'));
    const other = N.statement(net, { modelsRoot: modelsRoot([unknown]) });
    await N.announce(net, other, [unknown]);
    const cleared = A.statementClearedBody(statementDigest(image), net.operator.address);
    expect(N.firstExit(net, await N.send(net, net.registry, net.worker, cleared))).toBe(0);
    expect(refusal(await N.admit(net, other))).toBe(1144);
    const own = A.statementClearedBody(statementDigest(other), net.operator.address);
    await N.send(net, net.registry, net.worker, own);
    expect(N.story(net, await N.admit(net, other))).toEqual(ADMITTED);
  });

  test('when the statement ended meanwhile, to the second', async () => {
    const after = async (seconds: number): Promise<number | undefined> => {
      const { net, image } = await N.announcedWorker();
      net.chain.now! += seconds;
      return refusal(await N.admit(net, image));
    };
    expect(await after(N.DAY)).toBe(1135);
    expect(await after(N.DAY - 1)).toBeUndefined();
  });

  test('when the certificates ended meanwhile, to the second', async () => {
    const until = async (seconds: number): Promise<number | undefined> => {
      const { net, image } = await N.announcedWorker();
      const certifiedUntil = net.chain.now! + seconds;
      return refusal(await N.attest(net, N.quoteOf(net, image), { certifiedUntil }));
    };
    expect(await until(0)).toBe(1141);
    expect(await until(1)).toBeUndefined();
  });

  test('while it is leaving', async () => {
    const { net, image } = await N.announcedWorker();
    // The registry's list says so first; what a Worker knows itself does not depend on it.
    await N.send(net, net.provider, net.worker, unstakeBody());
    const attested = await N.send(net, net.registry, net.worker, N.attestedBody(net, image));
    expect(refusal(attested)).toBe(1122);
    expect(refusal(await N.admit(net, image))).toBe(1036);
    await N.send(net, net.provider, net.worker, stakeBody(0n, net.operator.address));
    expect(N.story(net, await N.admit(net, image))).toEqual(ADMITTED);
  });

  test('when its key came to its last date meanwhile, to the second', async () => {
    const after = async (seconds: number): Promise<number | undefined> => {
      const net = await N.createActiveWorker();
      const lastSettleBy = net.chain.now! + 13 * N.DAY;
      net.chain.now = lastSettleBy - 10;
      const image = N.statement(net);
      await N.announce(net, image);
      net.chain.now = lastSettleBy + seconds;
      return refusal(await N.admit(net, image));
    };
    expect(await after(0)).toBe(1137);
    expect(await after(-1)).toBeUndefined();
  });
});

describe('a quote is young and used once', () => {
  test('when it names one of the last sixteen hundredth blocks, newest and oldest, and no other', async () => {
    const bound = async (seqno: number): Promise<number | undefined> => {
      const { net, image } = await N.announcedWorker();
      A.setRecentBlocks(net.chain, 90_000);
      return refusal(await N.attest(net, N.quoteOf(net, image, { blockRoot: A.blockRoot(seqno) })));
    };
    expect(await bound(90_000)).toBeUndefined();
    expect(await bound(88_500)).toBeUndefined();
    expect(await bound(88_400)).toBe(1142); // too old
    expect(await bound(90_100)).toBe(1142); // not there yet
    expect(await bound(89_950)).toBe(1142); // no hundredth block
    expect(await bound(0)).toBe(1142);
  });

  test('also on a chain with fewer such blocks, or none', async () => {
    const { net, image } = await N.announcedWorker();
    const said = (seqno: number) => N.quoteOf(net, image, { blockRoot: A.blockRoot(seqno) });
    const [first, second, third] = [said(100), said(200), said(300)];
    A.setRecentBlocks(net.chain, 300, 0);
    expect(refusal(await N.attest(net, third))).toBe(1142);
    A.setRecentBlocks(net.chain, 300, 2);
    expect(refusal(await N.attest(net, first))).toBe(1142);
    expect(refusal(await N.attest(net, second))).toBeUndefined();
  });

  test('which its block makes sure: the next quote is bound to a younger one', async () => {
    const net = await N.createActiveWorker();
    const used = (await N.readWorker(net)).quoteSeqno;
    const announced = async (seqno: number): Promise<number | undefined> => {
      const image = N.statement(net);
      await N.announce(net, image);
      return refusal(await N.attest(net, N.quoteOf(net, image, { blockRoot: A.blockRoot(seqno) })));
    };
    A.setRecentBlocks(net.chain, used + 100);
    expect(await announced(used)).toBe(1143);
    expect(await announced(used - 100)).toBe(1143);
    expect(await announced(used + 100)).toBeUndefined();
    expect((await N.readWorker(net)).quoteSeqno).toBe(used + 100);
  });

  test('a replay after a renewal finds its statement gone', async () => {
    const { net, image } = await N.announcedWorker();
    const said = N.quoteOf(net, image);
    expect(N.story(net, await N.attest(net, said))).toEqual(ADMITTED);
    expect(refusal(await N.attest(net, said))).toBe(1140);
    await N.announce(net, image);
    expect(refusal(await N.attest(net, said))).toBe(1143);
  });
});

describe('when its platform gave the last slot to another worker', () => {
  test('the worker is active no more, what was earned stays payable, and the submitter is told', async () => {
    const net = await N.createActiveWorker();
    const now = net.chain.now!;
    const result = await N.refuseSlot(net);
    expect(N.story(net, result)).toEqual([
      'platform -> registry: SlotRefused 0',
      'registry -> worker: SlotDenied 0',
      'worker -> stranger: AdmissionRefused 0',
    ]);
    expect(refusal(result)).toBe(1303);
    expect(await N.readWorker(net)).toMatchObject({
      active: false,
      activeUntil: now - 1,
      keys: [{ activeUntil: now - 1, lastSettleBy: now + 13 * N.DAY }],
    });
  });

  test('a quote of another machine that came in between is not concerned', async () => {
    const net = await N.createActiveWorker();
    const before = await N.readWorker(net);
    expect(refusal(await N.refuseSlot(net, sha256(Buffer.from('another machine'))))).toBe(1303);
    expect({ ...(await N.readWorker(net)), balanceNano: 0n }).toEqual({ ...before, balanceNano: 0n });
  });

  test('it can attest again, elsewhere or later', async () => {
    const net = await N.createActiveWorker();
    await N.refuseSlot(net);
    const image = N.statement(net);
    await N.announce(net, image);
    expect(N.story(net, await N.admit(net, image))).toEqual(ADMITTED);
    expect((await N.readWorker(net)).active).toBe(true);
  });
});

test('an admission that comes back without its slot counts for nothing; nothing else that comes back changes anything', async () => {
  const net = await N.createActiveWorker();
  const before = await N.readWorker(net);
  const comesBack = (from: typeof net.registry, opcode: number) =>
    net.chain.sendMessage(
      internal({ from, to: net.worker, value: N.COIN, bounced: true, body: A.bouncedBody(opcode) }),
    );
  for (const opcode of [
    WORKER_OPCODES.StatementAnnounced,
    WORKER_OPCODES.WorkerStaked,
    WORKER_OPCODES.WorkerLeft,
  ]) {
    await comesBack(net.registry, opcode);
  }
  await comesBack(net.stranger.address, WORKER_OPCODES.WorkerAdmitted);
  expect(await N.readWorker(net)).toMatchObject({
    active: true,
    keys: before.keys,
    admitted: before.admitted,
  });
  await comesBack(net.registry, WORKER_OPCODES.WorkerAdmitted);
  const now = net.chain.now!;
  expect(await N.readWorker(net)).toMatchObject({
    active: false,
    activeUntil: now - 1,
    keys: [{ activeUntil: now - 1, lastSettleBy: now + 13 * N.DAY }],
  });
});
