import { beginCell, contractAddress, Dictionary } from '@ton/core';
import { createShardAccount } from '@ton/sandbox';
import fc from 'fast-check';
import * as binding from '../../build/RegistrySimulated/RegistrySimulated_Registry';
import type { TcbFloor } from '../../src/protocol/tcb';
import {
  allowTcbBody,
  cancelOrderBody,
  executeOrderBody,
  loadOrders,
  parseFloors,
  REGISTRY_GETTERS,
  revokeTcbBody,
  sealBody,
  TIMELOCK_SECONDS,
} from '../../wrappers/Registry';
import * as A from '../support/attestation';
import { createTestChain } from '../support/chain';
import * as N from '../support/network';
import { changeRegistry } from '../support/registryData';
import { compileTact, contractSources, readSource } from '../support/tactSources';

const FAMILY = A.MACHINE.fmspc;
const { FLOOR, ANY_FAMILY } = A;

const order = (net: N.Network, body: Parameters<typeof N.send>[3]) =>
  N.send(net, net.owner, net.registry, body);
const exitOf = async (net: N.Network, body: Parameters<typeof N.send>[3]) =>
  N.firstExit(net, await order(net, body));

async function floors(net: N.Network): Promise<Map<string, TcbFloor>> {
  const listed = parseFloors(await N.get(net, net.registry, REGISTRY_GETTERS.floors));
  return new Map(listed.map(({ fmspc, ...floor }) => [fmspc.toString('hex'), floor]));
}

const queued = async (net: N.Network): Promise<number> =>
  loadOrders(await N.get(net, net.registry, REGISTRY_GETTERS.orders)).length;

/** `bytes` with `by` added to one of them. */
function shifted(bytes: Uint8Array, at: number, by: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[at]! += by;
  return changed;
}

describe('a machine is measured against the floor of its family', () => {
  let net: N.Network;
  let asAdmitted: ReturnType<N.Network['chain']['snapshot']>;
  beforeAll(async () => {
    net = await N.createActiveWorker();
    asAdmitted = net.chain.snapshot();
  });
  beforeEach(() => net.chain.loadFrom(asAdmitted));

  const edges: [string, Partial<A.Said>, number][] = [
    ['exactly at it', {}, 0],
    ['another PCE', { pceId: 1 }, 1038],
    ['a PCESVN above', { pceSvn: FLOOR.pceSvn + 1 }, 0],
    ['a PCESVN below', { pceSvn: FLOOR.pceSvn - 1 }, 1038],
    ['a quoting enclave above', { qeIsvSvn: FLOOR.qeIsvSvn + 1 }, 0],
    ['a quoting enclave below', { qeIsvSvn: FLOOR.qeIsvSvn - 1 }, 1038],
    ['a module of a newer version, though its SVN begins low', { teeTcbSvn: tee({ 0: 0, 1: 2 }) }, 0],
    ['a module of an older version, though its SVN is high', { teeTcbSvn: tee({ 0: 255, 1: 0 }) }, 1038],
    ['a module of the same version and a lower SVN', { teeTcbSvn: tee({ 0: 4 }) }, 1038],
    ['a module of the same version and a higher SVN', { teeTcbSvn: tee({ 0: 6 }) }, 0],
  ];
  function tee(change: Record<number, number>): Buffer {
    const bytes = Buffer.from(FLOOR.teeTcbSvn);
    for (const [at, value] of Object.entries(change)) bytes[Number(at)] = value;
    return bytes;
  }
  test.each(edges)('%s', async (_name, change, reason) => {
    expect(await N.refusalOf(net, change)).toBe(reason);
  });

  test('in every single component, at both edges', async () => {
    const seven: TcbFloor = { ...FLOOR, sgxSvns: Buffer.alloc(16, 7), teeTcbSvn: Buffer.alloc(16, 7) };
    await order(net, allowTcbBody(FAMILY, seven));
    for (let at = 0; at < 16; at++) {
      const sgx = async (by: number) =>
        N.refusalOf(net, {
          sgxSvns: shifted(seven.sgxSvns, at, by),
          teeTcbSvn: Buffer.from(seven.teeTcbSvn),
        });
      const tdx = async (by: number) =>
        N.refusalOf(net, {
          sgxSvns: Buffer.from(seven.sgxSvns),
          teeTcbSvn: shifted(seven.teeTcbSvn, at, by),
        });
      expect([at, await sgx(-1), await sgx(1)]).toEqual([at, 1038, 0]);
      expect([at, await tdx(-1), await tdx(1)]).toEqual([at, 1038, 0]);
    }
  });

  test('its own one, else that of families without one', async () => {
    const high = { ...FLOOR, pceSvn: FLOOR.pceSvn + 1 };
    await order(net, allowTcbBody(FAMILY, high));
    expect(await N.refusalOf(net)).toBe(1038);
    expect(await N.refusalOf(net, { fmspc: Buffer.from('000000000001', 'hex') })).toBe(0);
    await order(net, revokeTcbBody(FAMILY));
    expect(await N.refusalOf(net)).toBe(0);
    await order(net, revokeTcbBody(ANY_FAMILY));
    expect(await N.refusalOf(net)).toBe(1037);
    await order(net, revokeTcbBody(ANY_FAMILY));
    expect((await N.readRegistry(net)).counts.floors).toBe(0);
  });
});

describe('lanes of bytes compare as bytes do', () => {
  type Pair = readonly [bytes: readonly number[], least: readonly number[]];
  let compare: (pairs: readonly Pair[]) => Promise<boolean[]>;

  beforeAll(async () => {
    const entry = 'tests/support/floors.tact';
    const sources = { ...contractSources(), ...Object.fromEntries([readSource(entry)]) };
    const code = await compileTact(sources, entry, 'Floors');
    const data = beginCell().storeBit(false).endCell();
    const address = contractAddress(0, { code, data });
    const chain = await createTestChain();
    await chain.setShardAccount(address, createShardAccount({ address, code, data, balance: N.COIN }));
    compare = async (pairs) => {
      const parts = Array.from({ length: Math.ceil(pairs.length / PAIRS_A_CELL) }, (_, n) =>
        Buffer.from(pairs.slice(n * PAIRS_A_CELL, (n + 1) * PAIRS_A_CELL).flat(2)),
      );
      const { stackReader } = await chain.runGetMethod(address, 'compare', [
        { type: 'cell', cell: A.cellChain(parts) },
      ]);
      return [...stackReader.readBigNumber().toString(2).slice(1)].map((bit) => bit === '1');
    };
  });

  const PAIRS_A_CELL = 3;
  const PAIRS_AT_ONCE = 240;

  async function expectAgreement(pairs: readonly Pair[]): Promise<number> {
    let above = 0;
    for (let at = 0; at < pairs.length; at += PAIRS_AT_ONCE) {
      const some = pairs.slice(at, at + PAIRS_AT_ONCE);
      const wanted = some.map(([bytes, least]) => bytes.every((byte, i) => byte >= least[i]!));
      expect(await compare(some)).toEqual(wanted);
      above += wanted.filter(Boolean).length;
    }
    return above;
  }

  test('in every lane, at every edge of a byte', async () => {
    const base = Array.from({ length: 16 }, () => 128);
    const edges = [0, 1, 127, 128, 129, 254, 255];
    const pairs = base.flatMap((_, lane) =>
      edges.flatMap((byte) => edges.map((least): Pair => [base.with(lane, byte), base.with(lane, least)])),
    );
    expect(await expectAgreement(pairs)).toBe(16 * 28);
  });

  test('on thousands of random pairs', async () => {
    const byte = fc.constantFrom(0, 1, 2, 126, 127, 128, 129, 254, 255);
    const row = fc.array(byte, { minLength: 16, maxLength: 16 });
    // Mostly equal or above, so that both answers are common.
    const pair = fc
      .tuple(row, row, fc.integer({ min: 0, max: 2 }))
      .map(([bytes, other, lower]): Pair => [
        bytes,
        bytes.map((own, i) => (i % 5 < lower ? other[i]! : Math.min(own, other[i]!))),
      ]);
    const pairs = fc.sample(fc.oneof(pair, fc.tuple(row, row)), { numRuns: 6_000, seed: 1 });
    const above = await expectAgreement(pairs);
    expect(above).toBeGreaterThan(500);
    expect(above).toBeLessThan(5_500);
  });
});

const MAX_FLOORS = 256;

function fmspcOf(family: number): Buffer {
  const fmspc = Buffer.alloc(6);
  fmspc.writeUIntBE(family, 0, 6);
  return fmspc;
}

/** Straight into the account's state. */
async function putFloors(net: N.Network, list: readonly [number, TcbFloor][]): Promise<void> {
  const dictionary = Dictionary.empty(Dictionary.Keys.BigUint(48), binding.dictValueParserTcbFloor());
  const integer = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
  for (const [family, floor] of list) {
    dictionary.set(BigInt(family), {
      $$type: 'TcbFloor',
      pceId: BigInt(floor.pceId),
      pceSvn: BigInt(floor.pceSvn),
      sgxSvns: integer(floor.sgxSvns),
      teeTcbSvn: integer(floor.teeTcbSvn),
      qeIsvSvn: BigInt(floor.qeIsvSvn),
    });
  }
  await changeRegistry(net, (data) => ({
    ...data,
    rules: { ...data.rules, floors: dictionary, floorCount: BigInt(list.length) },
  }));
}

describe('once sealed, a floor moves up at once and down after fifteen days', () => {
  async function sealed(): Promise<N.Network> {
    const net = await N.createActiveWorker();
    await order(net, sealBody());
    return net;
  }
  const up = { ...FLOOR, pceSvn: FLOOR.pceSvn + 1 };
  const family = FAMILY.toString('hex');
  const any = ANY_FAMILY.toString('hex');

  test('a higher floor, or the same one', async () => {
    const net = await sealed();
    await order(net, allowTcbBody(ANY_FAMILY, FLOOR));
    await order(net, allowTcbBody(ANY_FAMILY, up));
    expect([await queued(net), (await floors(net)).get(any)]).toEqual([0, up]);
    // What holds for the family now is the common floor.
    await order(net, allowTcbBody(FAMILY, up));
    expect([await queued(net), (await floors(net)).get(family)]).toEqual([0, up]);
  });

  const lower: [string, TcbFloor][] = [
    ['a lower PCESVN', { ...FLOOR, pceSvn: FLOOR.pceSvn - 1 }],
    ['another PCE, whatever else is higher', { ...up, pceId: 1 }],
    ['a lower quoting enclave', { ...FLOOR, qeIsvSvn: FLOOR.qeIsvSvn - 1 }],
    ['one SGX component lower, the others higher', { ...up, sgxSvns: shifted(FLOOR.sgxSvns, 5, -1) }],
    [
      'an older TDX module with a higher SVN',
      { ...up, teeTcbSvn: shifted(shifted(FLOOR.teeTcbSvn, 1, -1), 0, 9) },
    ],
    ['one TDX component lower', { ...up, teeTcbSvn: shifted(FLOOR.teeTcbSvn, 2, -1) }],
  ];
  test.each(lower)('%s waits', async (_name, floor) => {
    const net = await sealed();
    const body = allowTcbBody(FAMILY, floor);
    await order(net, body);
    expect([await queued(net), (await floors(net)).size]).toEqual([1, 1]);
    net.chain.now! += TIMELOCK_SECONDS - 1;
    expect(await exitOf(net, executeOrderBody(body.hash()))).toBe(1020);
    net.chain.now! += 1;
    await order(net, executeOrderBody(body.hash()));
    expect([await queued(net), (await floors(net)).get(family)]).toEqual([0, floor]);
  });

  test('a floor where none holds loosens: it waits, and can be taken back', async () => {
    const net = await sealed();
    await order(net, revokeTcbBody(ANY_FAMILY));
    expect((await floors(net)).size).toBe(0);
    const body = allowTcbBody(FAMILY, up);
    await order(net, body);
    expect([await queued(net), (await floors(net)).size]).toEqual([1, 0]);
    await order(net, cancelOrderBody(body.hash()));
    expect(await queued(net)).toBe(0);
  });

  test("a family's own floor is forgotten at once only when no lower one holds then", async () => {
    const net = await sealed();
    await order(net, allowTcbBody(FAMILY, up));
    await order(net, revokeTcbBody(FAMILY));
    expect([await queued(net), (await floors(net)).get(family)]).toEqual([1, up]);
    await order(net, allowTcbBody(ANY_FAMILY, up));
    await order(net, cancelOrderBody(revokeTcbBody(FAMILY).hash()));
    await order(net, revokeTcbBody(FAMILY));
    expect([await queued(net), (await floors(net)).has(family)]).toEqual([0, false]);
    await order(net, allowTcbBody(FAMILY, { ...up, pceSvn: up.pceSvn + 1 }));
    await order(net, revokeTcbBody(ANY_FAMILY));
    await order(net, revokeTcbBody(FAMILY));
    expect([await queued(net), (await floors(net)).size]).toEqual([0, 0]);
  });
});

test("floors are the owner's alone, and bounded", async () => {
  const net = await N.createActiveWorker();
  for (const sender of [net.guardian, net.provider, net.stranger]) {
    for (const body of [allowTcbBody(FAMILY, FLOOR), revokeTcbBody(ANY_FAMILY)]) {
      expect(N.firstExit(net, await N.send(net, sender, net.registry, body))).toBe(1000);
    }
  }
  const many = Array.from({ length: MAX_FLOORS }, (_, n): [number, TcbFloor] => [n + 1, FLOOR]);
  await putFloors(net, many);
  expect(await exitOf(net, allowTcbBody(fmspcOf(MAX_FLOORS + 1), FLOOR))).toBe(1012);
  expect(await exitOf(net, allowTcbBody(fmspcOf(MAX_FLOORS), FLOOR))).toBe(0);
  await order(net, revokeTcbBody(fmspcOf(1)));
  expect(await exitOf(net, allowTcbBody(fmspcOf(MAX_FLOORS + 1), FLOOR))).toBe(0);
});
