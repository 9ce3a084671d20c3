import type { SendMessageResult } from '@ton/sandbox';
import { sha256 } from '../../src/protocol/hash';
import { modelsRoot, statementHash } from '../../src/protocol/statement';
import {
  admitBody,
  allowImageBody,
  allowShapeBody,
  blockBody,
  parseAdmissionRefusal,
  revokeImageBody,
  revokeShapeBody,
} from '../../wrappers/Registry';
import { stakeBody, unstakeBody } from '../../wrappers/Worker';
import * as N from '../support/network';

const ADMITTED = [
  'owner -> registry: Admit 0',
  'registry -> worker: Admitted 0',
  'worker -> owner: Excesses 0',
];
const REFUSED_BY_WORKER = [
  'owner -> registry: Admit 0',
  'registry -> worker: Admitted 0',
  'worker -> owner: AdmissionRefused 0',
];

async function announcedWorker(): Promise<{ net: N.Network; image: Buffer }> {
  const net = await N.createNetwork();
  await N.stake(net);
  const image = N.statement(net);
  await N.announce(net, image);
  return { net, image };
}

function refusal(result: SendMessageResult): number | undefined {
  return parseAdmissionRefusal(result.transactions.at(-1)!.inMessage!.body)?.reason;
}

test('owner confirms what was announced, and the key is active until the statement ends', async () => {
  const { net, image } = await announcedWorker();
  expect(N.story(net, await N.admit(net, image))).toEqual(ADMITTED);
  const now = net.chain.now!;
  expect(await N.readWorker(net)).toMatchObject({
    active: true,
    activeUntil: now + N.DAY,
    pending: null,
    keys: [
      { workerKey: N.workerKey().toString('hex'), activeUntil: now + N.DAY, lastSettleBy: now + 13 * N.DAY },
    ],
    admitted: {
      statementHash: statementHash(image).toString('hex'),
      imageId: N.IMAGE_ID.toString('hex'),
      shape: N.SHAPE.toString('hex'),
      modelsRoot: modelsRoot([sha256(Buffer.from('model'))]).toString('hex'),
    },
  });
  net.chain.now = now + N.DAY;
  expect((await N.readWorker(net)).active).toBe(true);
  net.chain.now += 1;
  expect((await N.readWorker(net)).active).toBe(false);
});

test('attesting a known key again extends its activity, never its last date', async () => {
  const net = await N.createActiveWorker();
  const first = net.chain.now!;
  net.chain.now = first + 1_000;
  const again = N.statement(net);
  await N.announce(net, again);
  await N.admit(net, again);
  expect((await N.readWorker(net)).keys).toMatchObject([
    { activeUntil: first + 1_000 + N.DAY, lastSettleBy: first + 13 * N.DAY },
  ]);
  const shorter = N.statement(net, { notAfter: net.chain.now + 10 });
  await N.announce(net, shorter);
  await N.admit(net, shorter);
  expect((await N.readWorker(net)).keys).toMatchObject([{ activeUntil: first + 1_000 + N.DAY }]);
  net.chain.now = first + 13 * N.DAY - 1;
  const last = N.statement(net);
  await N.announce(net, last);
  await N.admit(net, last);
  expect((await N.readWorker(net)).keys).toMatchObject([{ activeUntil: first + 13 * N.DAY }]);
});

test('a key is active no longer than its image is allowed', async () => {
  const { net, image } = await announcedWorker();
  const expiresAt = net.chain.now! + 500;
  await N.send(net, net.owner, net.registry, allowImageBody(N.IMAGE_ID, expiresAt));
  await N.admit(net, image);
  expect((await N.readWorker(net)).activeUntil).toBe(expiresAt);
});

describe('the registry refuses an admission and names the reason', () => {
  const refusals: [
    string,
    (net: N.Network) => Promise<unknown>,
    (net: N.Network) => Promise<unknown>,
    number,
  ][] = [
    [
      'image not on the list',
      (net) => N.send(net, net.owner, net.registry, revokeImageBody(N.IMAGE_ID)),
      (net) => N.send(net, net.owner, net.registry, allowImageBody(N.IMAGE_ID, N.IMAGE_EXPIRES_AT)),
      1030,
    ],
    [
      'image for another role',
      (net) => N.send(net, net.owner, net.registry, allowImageBody(N.IMAGE_ID, N.IMAGE_EXPIRES_AT, 2)),
      (net) => N.send(net, net.owner, net.registry, allowImageBody(N.IMAGE_ID, N.IMAGE_EXPIRES_AT)),
      1033,
    ],
    [
      'shape not on the list',
      (net) => N.send(net, net.owner, net.registry, revokeShapeBody(N.SHAPE)),
      (net) => N.send(net, net.owner, net.registry, allowShapeBody(N.SHAPE)),
      1034,
    ],
    [
      'image blocked by the guardian',
      (net) => N.send(net, net.guardian, net.registry, blockBody(N.IMAGE_ID)),
      lapse,
      1032,
    ],
    [
      'worker blocked by the guardian',
      (net) => N.send(net, net.guardian, net.registry, blockBody(net.worker.hash)),
      lapse,
      1035,
    ],
  ];
  test.each(refusals)('%s', async (_name, spoil, repair, exit) => {
    const { net, image } = await announcedWorker();
    await spoil(net);
    const result = await N.admit(net, image);
    expect(N.story(net, result)).toEqual([
      `owner -> registry: Admit ${exit}`,
      'registry -> owner: bounced:Admit 0',
    ]);
    expect(await N.refusalOf(net)).toBe(exit);
    expect((await N.readWorker(net)).active).toBe(false);
    await repair(net);
    expect(await N.refusalOf(net)).toBe(0);
    const fresh = N.statement(net);
    await N.announce(net, fresh);
    expect(N.story(net, await N.admit(net, fresh))).toEqual(ADMITTED);
  });

  test('image expired, to the second', async () => {
    const after = async (seconds: number): Promise<string[]> => {
      const { net, image } = await announcedWorker();
      await N.send(net, net.owner, net.registry, allowImageBody(N.IMAGE_ID, net.chain.now! + 10));
      net.chain.now! += seconds;
      return N.story(net, await N.admit(net, image));
    };
    expect(await after(10)).toEqual(['owner -> registry: Admit 1031', 'registry -> owner: bounced:Admit 0']);
    expect(await after(9)).toEqual(ADMITTED);
  });

  test('not asked by its owner', async () => {
    const { net, image } = await announcedWorker();
    for (const sender of [net.guardian, net.provider, net.operator, net.stranger]) {
      const result = await N.send(net, sender, net.registry, admitBody(N.admission(net, image)));
      expect(N.firstExit(net, result)).toBe(1000);
    }
  });

  test('less than the minimum value', async () => {
    const { net, image } = await announcedWorker();
    const least = await N.admitValue(net);
    const ask = (value: bigint) =>
      N.send(net, net.owner, net.registry, admitBody(N.admission(net, image)), value);
    expect(N.firstExit(net, await ask(least - 1n))).toBe(1005);
    expect(N.story(net, await ask(least))).toEqual(ADMITTED);
  });
});

describe('the worker refuses an admission and answers with the reason', () => {
  test('nothing announced, another statement, or the same one twice', async () => {
    const net = await N.createNetwork();
    await N.stake(net);
    const image = N.statement(net);
    const early = await N.admit(net, image);
    expect(N.story(net, early)).toEqual(REFUSED_BY_WORKER);
    expect(refusal(early)).toBe(1140);
    await N.announce(net, image);
    expect(refusal(await N.admit(net, N.statement(net, { hostTier: 1 })))).toBe(1140);
    expect(N.story(net, await N.admit(net, image))).toEqual(ADMITTED);
    expect(refusal(await N.admit(net, image))).toBe(1140);
  });

  test('a statement that was replaced by a later one', async () => {
    const { net, image } = await announcedWorker();
    const later = N.statement(net, { receiptKey: N.workerKey('second') });
    await N.announce(net, later);
    expect(refusal(await N.admit(net, image))).toBe(1140);
    expect(N.story(net, await N.admit(net, later))).toEqual(ADMITTED);
  });

  test('a statement that ended meanwhile, to the second', async () => {
    const after = async (seconds: number): Promise<number | undefined> => {
      const { net, image } = await announcedWorker();
      net.chain.now! += seconds;
      return refusal(await N.admit(net, image));
    };
    expect(await after(N.DAY)).toBe(1135);
    expect(await after(N.DAY - 1)).toBeUndefined();
  });

  test('a worker that is leaving', async () => {
    const { net, image } = await announcedWorker();
    await N.send(net, net.provider, net.worker, unstakeBody());
    expect(refusal(await N.admit(net, image))).toBe(1122);
    await N.send(net, net.provider, net.worker, stakeBody(0n, net.operator.address));
    expect(N.story(net, await N.admit(net, image))).toEqual(ADMITTED);
  });
});

test('an admission for a worker that does not exist comes back to the owner', async () => {
  const net = await N.createNetwork();
  const result = await N.admit(net, N.statement(net));
  expect(N.story(net, result)).toEqual([
    'owner -> registry: Admit 0',
    'registry -> worker: Admitted null',
    'worker -> registry: bounced:Admitted 0',
    'registry -> owner: AdmissionRefused 0',
  ]);
  expect(refusal(result)).toBe(1036);
});

async function lapse(net: N.Network): Promise<void> {
  net.chain.now! += 7 * N.DAY + 1;
}
