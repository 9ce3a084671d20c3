import { beginCell, type Cell } from '@ton/core';
import { sha256 } from '../../src/protocol/hash';
import {
  modelsCell,
  statementCell,
  statementDigest,
  statementHash,
  type Statement,
} from '../../src/protocol/statement';
import { setParametersBody } from '../../wrappers/Registry';
import { announceBody, MAX_WORKER_KEYS, unstakeBody, WORKER_OPCODES } from '../../wrappers/Worker';
import * as N from '../support/network';

async function stakedWorker(): Promise<N.Network> {
  const net = await N.createNetwork();
  await N.stake(net);
  return net;
}

const announceCell = (net: N.Network, statement: Cell) =>
  N.send(
    net,
    net.operator,
    net.worker,
    beginCell()
      .storeUint(WORKER_OPCODES.Announce, 32)
      .storeRef(statement)
      .storeRef(modelsCell([N.MODEL]))
      .endCell(),
  );

test('operator announces, and the worker remembers the statement and tells the registry', async () => {
  const net = await stakedWorker();
  const image = N.statement(net);
  expect(N.story(net, await N.announce(net, image))).toEqual([
    'operator -> worker: Announce 0',
    'worker -> registry: StatementAnnounced 0',
    'registry -> worker: StatementCleared 0',
    'worker -> operator: Excesses 0',
  ]);
  expect(await N.readWorker(net)).toMatchObject({
    active: false,
    keys: [],
    pending: {
      statementHash: statementHash(image).toString('hex'),
      statementDigest: statementDigest(image).toString('hex'),
      cleared: true,
      receiptKey: N.workerKey().toString('hex'),
      notAfter: net.chain.now! + N.DAY,
      announcedAt: net.chain.now!,
    },
  });
});

test("announcing is the operator's alone and takes its minimum value", async () => {
  const net = await stakedWorker();
  const { announceNano } = await N.workerMinValues(net);
  const announceFrom = (sender: typeof net.operator, value: bigint) =>
    N.send(net, sender, net.worker, announceBody(N.statement(net), [N.MODEL]), value);
  for (const sender of [net.provider, net.owner, net.stranger]) {
    expect(N.firstExit(net, await announceFrom(sender, N.COIN))).toBe(1101);
  }
  expect(N.firstExit(net, await announceFrom(net.operator, announceNano - 1n))).toBe(1103);
  expect(N.story(net, await announceFrom(net.operator, announceNano))).toEqual([
    'operator -> worker: Announce 0',
    'worker -> registry: StatementAnnounced 0',
    'registry -> worker: StatementCleared 0',
    'worker -> operator: Excesses 0',
  ]);
});

describe('a statement with one wrong field is refused with its own exit code, and accepted once repaired', () => {
  const wrong: [string, (net: N.Network) => Partial<Statement>, number][] = [
    ['another network', () => ({ networkId: -239 }), 1131],
    ['another registry', (net) => ({ registry: net.stranger.address.hash }), 1132],
    ['another worker', (net) => ({ worker: net.stranger.address.hash }), 1133],
    ['valid from the next second', (net) => ({ notBefore: net.chain.now! + 1 }), 1134],
    ['expired this second', (net) => ({ notAfter: net.chain.now! }), 1135],
    ['valid for a second more than a day', (net) => ({ notAfter: net.chain.now! + N.DAY + 1 }), 1136],
  ];
  test.each(wrong)('%s', async (_name, change, exit) => {
    const net = await stakedWorker();
    expect(N.firstExit(net, await N.announce(net, N.statement(net, change(net))))).toBe(exit);
    expect((await N.readWorker(net)).pending).toBeNull();
    expect(N.firstExit(net, await N.announce(net))).toBe(0);
  });

  test('the last second that counts', async () => {
    const net = await stakedWorker();
    const notAfter = net.chain.now! + 1;
    expect(N.firstExit(net, await N.announce(net, N.statement(net, { notAfter })))).toBe(0);
  });

  const patched: [string, number, number][] = [
    ['another magic', 0, 0x44],
    ['another version', 4, 2],
    ['another role', 5, 2],
  ];
  test.each(patched)('%s', async (_name, at, byte) => {
    const net = await stakedWorker();
    const image = N.statement(net);
    image[at] = byte;
    expect(N.firstExit(net, await N.announce(net, image))).toBe(1130);
  });

  test('cells of any other shape', async () => {
    const net = await stakedWorker();
    const whole = statementCell(N.statement(net));
    const first = whole.beginParse().loadBuffer(127);
    const rest = whole.beginParse().loadRef().beginParse().loadBuffer(90);
    const build = (head: Buffer, tail: Buffer, extraRef = false): Cell =>
      beginCell()
        .storeBuffer(head)
        .storeRef(
          extraRef
            ? beginCell().storeBuffer(tail).storeRef(beginCell().endCell()).endCell()
            : beginCell().storeBuffer(tail).endCell(),
        )
        .endCell();
    for (const cell of [
      build(first.subarray(0, 126), rest),
      build(first, rest.subarray(0, 89)),
      build(first, Buffer.concat([rest, Buffer.alloc(1)])),
      build(first, rest, true),
      beginCell().storeBuffer(first).endCell(),
      beginCell().storeBuffer(first).storeRef(whole.refs[0]!).storeRef(beginCell().endCell()).endCell(),
    ]) {
      expect(N.firstExit(net, await announceCell(net, cell))).toBe(1130);
    }
    expect(N.firstExit(net, await announceCell(net, build(first, rest)))).toBe(0);
  });
});

describe('a worker that may not serve cannot announce', () => {
  test('before the registry granted terms', async () => {
    const net = await N.createNetwork();
    await N.send(net, net.stranger, net.worker, beginCell().endCell(), N.COIN, await N.workerStateInit(net));
    const result = await N.send(net, net.provider, net.worker, announceBody(N.statement(net), [N.MODEL]));
    expect(N.firstExit(net, result)).toBe(1120);
  });

  test('with one nanoton less than the minimum stake', async () => {
    const net = await N.createNetwork();
    await N.stake(net, net.parameters.minStakeNano - 1n);
    expect(N.firstExit(net, await N.announce(net))).toBe(1121);
    await N.stake(net, 1n);
    expect(N.firstExit(net, await N.announce(net))).toBe(0);
  });

  test('while it unbonds', async () => {
    const net = await stakedWorker();
    await N.send(net, net.provider, net.worker, unstakeBody());
    expect(N.firstExit(net, await N.announce(net))).toBe(1122);
  });
});

test('a key is announced again until the last second before its last settleBy', async () => {
  const net = await N.createActiveWorker();
  const lastSettleBy = net.chain.now! + 13 * N.DAY;
  net.chain.now = lastSettleBy - 1;
  expect(N.firstExit(net, await N.announce(net))).toBe(0);
  net.chain.now = lastSettleBy;
  expect(N.firstExit(net, await N.announce(net))).toBe(1137);
});

test('a key is not taken for another one that begins the same', async () => {
  const net = await N.createActiveWorker();
  const receiptKey = Buffer.concat([N.workerKey().subarray(0, 16), Buffer.alloc(16, 1)]);
  expect(N.firstExit(net, await N.announce(net, N.statement(net, { receiptKey })))).toBe(1139);
  expect(N.firstExit(net, await N.announce(net))).toBe(0);
});

test('a worker holds a bounded number of keys, and dead ones make room', async () => {
  const net = await N.createActiveWorker();
  const start = net.chain.now!;
  const another = (name: string) => N.statement(net, { receiptKey: sha256(Buffer.from(name)) });
  for (let n = 1; n < MAX_WORKER_KEYS; n++) {
    net.chain.now = start + n;
    const image = another(`key ${n}`);
    await N.announce(net, image);
    await N.admit(net, image);
  }
  expect((await N.readWorker(net)).keys).toHaveLength(MAX_WORKER_KEYS);
  expect(N.firstExit(net, await N.announce(net, another('one too many')))).toBe(1138);
  expect(N.firstExit(net, await N.announce(net))).toBe(0);
  net.chain.now = start + 14 * N.DAY;
  expect(N.firstExit(net, await N.announce(net, another('one too many')))).toBe(1138);
  net.chain.now += 1;
  expect(N.firstExit(net, await N.announce(net, another('one too many')))).toBe(0);
  const { keys } = await N.readWorker(net);
  expect(keys).toHaveLength(MAX_WORKER_KEYS - 1);
  expect(keys.map((key) => key.workerKey)).not.toContain(N.workerKey().toString('hex'));
});

test('terms may have changed since: an admission brings the minimum stake of today', async () => {
  const net = await stakedWorker();
  const image = N.statement(net);
  await N.announce(net, image);
  await N.send(
    net,
    net.owner,
    net.registry,
    setParametersBody({ ...net.parameters, minStakeNano: 11n * N.COIN }),
  );
  expect(N.story(net, await N.admit(net, image)).slice(1)).toEqual([
    'registry -> worker: Attested 0',
    'worker -> stranger: AdmissionRefused 0',
  ]);
  expect(N.firstExit(net, await N.announce(net))).toBe(1121);
});
