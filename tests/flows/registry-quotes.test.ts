import type { SendMessageResult } from '@ton/sandbox';
import { sha256 } from '../../src/protocol/hash';
import { modelsRoot, statementDigest } from '../../src/protocol/statement';
import {
  allowImageBody,
  allowShapeBody,
  allowTcbBody,
  blockBody,
  parseAdmissionRefusal,
  revokeImageBody,
  revokeModelBody,
  revokeShapeBody,
  revokeTcbBody,
  setParametersBody,
} from '../../wrappers/Registry';
import * as A from '../support/attestation';
import { balanceOf } from '../support/chain';
import * as N from '../support/network';

const REFUSED = ['platform -> registry: QuoteVerified 0', 'registry -> stranger: AdmissionRefused 0'];
const ADMITTED = [
  'platform -> registry: QuoteVerified 0',
  'registry -> worker: Attested 0',
  'worker -> registry: WorkerAdmitted 0',
  'registry -> platform: SlotTaken 0',
  'platform -> stranger: Excesses 0',
];

function answer(result: SendMessageResult) {
  return parseAdmissionRefusal(result.transactions.at(-1)!.inMessage!.body);
}

const order = (net: N.Network, body: Parameters<typeof N.send>[3], from = net.owner) =>
  N.send(net, from, net.registry, body);
const lapse = async (net: N.Network): Promise<void> => void (net.chain.now! += 7 * N.DAY + 1);

describe('between announce and quote the registry may change: it refuses, and names the reason to whoever brought the quote', () => {
  type Change = (net: N.Network) => Promise<unknown>;
  const changes: [string, Change, Change, number][] = [
    [
      'an image that was revoked',
      (net) => order(net, revokeImageBody(N.IMAGE_ID)),
      (net) => order(net, allowImageBody(N.IMAGE_ID, N.IMAGE_EXPIRES_AT)),
      1030,
    ],
    [
      'an image of another role',
      (net) => order(net, allowImageBody(N.IMAGE_ID, N.IMAGE_EXPIRES_AT, 2)),
      (net) => order(net, allowImageBody(N.IMAGE_ID, N.IMAGE_EXPIRES_AT)),
      1033,
    ],
    ['a blocked image', (net) => order(net, blockBody(N.IMAGE_ID), net.guardian), lapse, 1032],
    [
      'a shape that was revoked',
      (net) => order(net, revokeShapeBody(N.SHAPE)),
      (net) => order(net, allowShapeBody(N.SHAPE)),
      1034,
    ],
    [
      'a family without a floor',
      (net) => order(net, revokeTcbBody(A.ANY_FAMILY)),
      (net) => order(net, allowTcbBody(A.MACHINE.fmspc, A.FLOOR)),
      1037,
    ],
    [
      'a floor that was raised',
      (net) => order(net, allowTcbBody(A.ANY_FAMILY, { ...A.FLOOR, pceSvn: A.FLOOR.pceSvn + 1 })),
      (net) => order(net, allowTcbBody(A.ANY_FAMILY, A.FLOOR)),
      1038,
    ],
    ['a blocked machine', (net) => order(net, blockBody(net.platform.hash), net.guardian), lapse, 1039],
    ['a blocked worker', (net) => order(net, blockBody(net.worker.hash), net.guardian), lapse, 1035],
  ];
  test.each(changes)('%s', async (_name, spoil, repair, reason) => {
    const { net, image } = await N.announcedWorker();
    await spoil(net);
    const result = await N.admit(net, image);
    expect(N.story(net, result)).toEqual(REFUSED);
    expect(N.plain(answer(result))).toEqual(
      N.plain({ reason, worker: net.worker, statementDigest: statementDigest(image) }),
    );
    expect(await N.refusalOf(net)).toBe(reason);
    expect((await N.readWorker(net)).active).toBe(false);
    await repair(net);
    expect(await N.refusalOf(net)).toBe(0);
    const fresh = N.statement(net);
    await N.announce(net, fresh);
    expect(N.story(net, await N.admit(net, fresh))).toEqual(ADMITTED);
  });

  test('an image that expired, to the second', async () => {
    const after = async (seconds: number): Promise<number | undefined> => {
      const { net, image } = await N.announcedWorker();
      await order(net, allowImageBody(N.IMAGE_ID, net.chain.now! + 10));
      net.chain.now! += seconds;
      return answer(await N.admit(net, image))?.reason;
    };
    expect(await after(10)).toBe(1031);
    expect(await after(9)).toBeUndefined();
  });

  test('a minimum stake that was raised: the worker says it', async () => {
    const { net, image } = await N.announcedWorker();
    await order(net, setParametersBody({ ...net.parameters, minStakeNano: 11n * N.COIN }));
    expect(answer(await N.admit(net, image))?.reason).toBe(1121);
  });

  test('a worker that was never staked', async () => {
    const net = await N.createNetwork();
    const result = await N.admit(net, N.statement(net));
    expect(N.story(net, result)).toEqual(REFUSED);
    expect(answer(result)?.reason).toBe(1036);
  });
});

test('a quote of another image, shape or machine than the lists allow is refused', async () => {
  const { net, image } = await N.announcedWorker();
  const other = sha256(Buffer.from('another'));
  const reason = async (change: Partial<A.Said>) => answer(await N.admit(net, image, change))?.reason;
  expect(await reason({ imageId: other })).toBe(1030);
  expect(await reason({ shape: other })).toBe(1034);
  expect(await reason({ qeIsvSvn: A.FLOOR.qeIsvSvn - 1 })).toBe(1038);
  expect(await reason({})).toBeUndefined();
});

describe('the registry hears genuine platforms only', () => {
  test('about quotes and about slots', async () => {
    const { net, image } = await N.announcedWorker();
    const said = N.quoteOf(net, image);
    const quote = A.quoteVerifiedBody({
      said,
      provider: net.provider.address,
      index: N.INDEX,
      certifiedUntil: N.IMAGE_EXPIRES_AT,
      responseTo: net.stranger.address,
    });
    const slot = A.slotRefusedBody({
      ppidHash: A.PPID_HASH,
      provider: net.provider.address,
      index: N.INDEX,
      responseTo: net.stranger.address,
    });
    const other = await A.platformOf(net.registry, sha256(Buffer.from('another machine')));
    for (const sender of [net.owner, net.provider, net.stranger, net.worker, other]) {
      for (const body of [quote, slot]) {
        expect(N.firstExit(net, await N.send(net, sender, net.registry, body))).toBe(1006);
      }
    }
    expect((await N.readWorker(net)).active).toBe(false);
  });

  test("and a worker's admission from that worker alone", async () => {
    const net = await N.createActiveWorker();
    const body = A.workerAdmittedBody({
      platform: net.platform.hash,
      activeUntil: net.chain.now! + N.DAY,
      provider: net.provider.address,
      index: N.INDEX,
      responseTo: net.stranger.address,
    });
    for (const sender of [net.owner, net.provider, net.stranger, net.platform]) {
      expect(N.firstExit(net, await N.send(net, sender, net.registry, body))).toBe(1003);
    }
  });
});

describe('what an admission costs', () => {
  test('its least value carries it to either end; with one nanoton less it does not begin', async () => {
    const begin = async (value: (least: bigint) => bigint, full = false) => {
      const { net, image } = await N.announcedWorker();
      if (full) await A.fillSlots(net.chain, net.registry, net.platform);
      const least = await N.admissionValue(net);
      const result = await N.attest(net, N.quoteOf(net, image), { value: value(least) });
      return { story: N.story(net, result), reason: answer(result)?.reason };
    };
    expect(await begin((least) => least)).toEqual({ story: ADMITTED, reason: undefined });
    expect(await begin((least) => least - 1n)).toEqual({ story: REFUSED, reason: 1005 });
    expect(await begin((least) => least, true)).toEqual({
      story: [
        ...ADMITTED.slice(0, 4),
        'platform -> registry: SlotRefused 0',
        'registry -> worker: SlotDenied 0',
        'worker -> stranger: AdmissionRefused 0',
      ],
      reason: 1303,
    });
  });

  test('is paid by whoever brought the quote, and nothing of his value stays anywhere', async () => {
    const { net, image } = await N.announcedWorker();
    const contracts = [net.registry, net.worker, net.platform];
    const held = () => Promise.all(contracts.map((address) => balanceOf(net.chain, address)));
    const cost = async (attest: () => Promise<SendMessageResult>): Promise<bigint> => {
      const before = await held();
      const purse = await balanceOf(net.chain, net.stranger.address);
      const result = await attest();
      expect(await held()).toEqual(before);
      const fees = result.transactions.reduce((sum, tx) => sum + tx.totalFees.coins, 0n);
      const spent = N.COIN - ((await balanceOf(net.chain, net.stranger.address)) - purse);
      // What went to validators for the way is all that the transactions' own fees do not show.
      expect(spent).toBeGreaterThanOrEqual(fees);
      return spent;
    };
    const foreign = N.statement(net, { hostTier: 1 });
    const refusedByRegistry = await cost(() => N.admit(net, image, { shape: Buffer.alloc(32) }));
    const refusedByWorker = await cost(() => N.admit(net, foreign));
    const admitted = await cost(() => N.admit(net, image));
    const deniedSlot = await cost(() => N.refuseSlot(net));
    const least = await N.admissionValue(net);
    for (const spent of [refusedByRegistry, refusedByWorker, admitted, deniedSlot]) {
      expect(spent).toBeLessThan(least);
    }
  });
});

describe('a statement is cleared before anybody pays for a quote', () => {
  const model = (name: string): Buffer => sha256(Buffer.from(name));
  async function stakedWorker(): Promise<N.Network> {
    const net = await N.createNetwork();
    await N.stake(net);
    return net;
  }
  const announceModels = async (net: N.Network, models: readonly Buffer[]) => {
    const image = N.statement(net, { modelsRoot: modelsRoot(models) });
    const result = await N.announce(net, image, models);
    return { result, image, reason: answer(result)?.reason };
  };

  test('a model that is not on the list: the operator gets the reason and the rest of his value', async () => {
    const net = await stakedWorker();
    const before = await Promise.all([net.registry, net.worker].map((at) => balanceOf(net.chain, at)));
    const { result, image, reason } = await announceModels(net, [N.MODEL, model('unknown')]);
    expect(N.story(net, result)).toEqual([
      'operator -> worker: Announce 0',
      'worker -> registry: StatementAnnounced 0',
      'registry -> operator: AdmissionRefused 0',
    ]);
    expect(reason).toBe(1043);
    expect(N.plain(answer(result))).toMatchObject(
      N.plain({ worker: net.worker, statementDigest: statementDigest(image) }),
    );
    expect((await N.readWorker(net)).pending).toMatchObject({ cleared: false });
    expect(await Promise.all([net.registry, net.worker].map((at) => balanceOf(net.chain, at)))).toEqual(
      before,
    );
  });

  test('no model, and one to sixteen of them; a revoked one among them no more', async () => {
    const net = await stakedWorker();
    const models = Array.from({ length: 17 }, (_, n) => model(`model ${n}`));
    await A.allowModels(net.chain, net.owner.address, net.registry, models);
    for (const count of [0, 1, 2, 3, 4, 6, 16]) {
      const { reason } = await announceModels(net, models.slice(0, count));
      expect([count, reason]).toEqual([count, undefined]);
      expect((await N.readWorker(net)).pending).toMatchObject({ cleared: true });
    }
    await order(net, revokeModelBody(models[3]!));
    expect((await announceModels(net, models.slice(0, 16))).reason).toBe(1043);
  });

  test('models in any form but the one: too many, out of order, twice, in cells of another cut', async () => {
    const net = await stakedWorker();
    const models = Array.from({ length: 17 }, (_, n) => model(`model ${n}`)).sort((a, b) => a.compare(b));
    await A.allowModels(net.chain, net.owner.address, net.registry, models);
    const [a, b, c, d] = models as [Buffer, Buffer, Buffer, Buffer];
    const reason = async (...cells: Buffer[]): Promise<number | undefined> => {
      const root = sha256(Buffer.from('cocoon/models/v1\0', 'latin1'), ...cells);
      const image = N.statement(net, { modelsRoot: root });
      const result = await N.send(net, net.operator, net.worker, A.announceBody(image, A.cellChain(cells)));
      return answer(result)?.reason;
    };
    const joined = (...hashes: Buffer[]): Buffer => Buffer.concat(hashes);
    expect(await reason(joined(a, b, c), d)).toBeUndefined();
    expect(await reason(joined(b, a))).toBe(1044);
    expect(await reason(joined(a, a))).toBe(1044);
    expect(await reason(joined(a, b), joined(c, d))).toBe(1044);
    expect(await reason(joined(a, b, c), Buffer.alloc(0))).toBe(1044);
    expect(await reason(joined(a, b).subarray(0, 63))).toBe(1044);
    expect(await reason(joined(a, b, c), joined(c, d))).toBe(1044);
    const groups: Buffer[] = [0, 3, 6, 9, 12, 15].map((at) => Buffer.concat(models.slice(at, at + 3)));
    expect(await reason(...groups)).toBe(1044); // seventeen
    groups[5] = models[15]!;
    expect(await reason(...groups)).toBeUndefined();
    const four = N.statement(net, { modelsRoot: modelsRoot([a, b, c, d]) });
    const forked = A.announceBody(four, A.forkedChain(joined(a, b, c), d));
    expect(answer(await N.send(net, net.operator, net.worker, forked))?.reason).toBe(1044);
  });

  test('models that the statement does not name never leave the worker', async () => {
    const net = await stakedWorker();
    const image = N.statement(net);
    for (const models of [[], [model('unknown')], [N.MODEL, model('unknown')]]) {
      expect(N.firstExit(net, await N.announce(net, image, models))).toBe(1145);
    }
    for (const odd of A.oddCells(N.MODEL)) {
      const sent = await N.send(net, net.operator, net.worker, A.announceBody(image, odd));
      expect(N.firstExit(net, sent)).toBe(1145);
    }
    expect((await N.readWorker(net)).pending).toBeNull();
    expect(N.firstExit(net, await N.announce(net, image))).toBe(0);
  });

  test('a blocked worker', async () => {
    const net = await stakedWorker();
    await order(net, blockBody(net.worker.hash), net.guardian);
    expect((await announceModels(net, [N.MODEL])).reason).toBe(1035);
    await lapse(net);
    expect((await announceModels(net, [N.MODEL])).reason).toBeUndefined();
  });
});
