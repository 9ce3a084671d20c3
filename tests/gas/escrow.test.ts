import { toNano } from '@ton/core';
import type { BlockchainTransaction, SendMessageResult } from '@ton/sandbox';
import * as binding from '../../build/Escrow/Escrow_Escrow';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { lineId, type Line } from '../../src/protocol/line';
import {
  allocateExternalBody,
  closeBody,
  pruneBody,
  setSignerBody,
  settleBody,
  topUpBody,
  withdrawBody,
  type LineOnChain,
} from '../../wrappers/Escrow';
import { exitCode, gasUsed } from '../support/chain';
import * as E from '../support/escrow';
import { forceState } from '../support/escrowState';
import { expectGas, type GasTable } from '../support/gasSnapshot';

const ONE = toNano('1');
/** A fixed address, so that the shape of the map, and with it the figures, do not follow the Worker's code. */
const NOWHERE = sha256(Buffer.from('no worker'));

/** Lines that nobody pays on, to fill a ledger. */
const fillers = (world: E.EscrowWorld, count: number): Line[] =>
  Array.from({ length: count }, (_, salt) => E.lineTo(world, { salt, workerAddress: NOWHERE }));

async function forceLedger(world: E.EscrowWorld, lines: readonly Line[]): Promise<void> {
  const ledger = new Map<string, LineOnChain>(
    lines.map((line) => [
      lineId(line).toString('hex'),
      { capNano: ONE as never, paidNano: 0n as never, settleBy: line.settleBy, closeAt: 0 },
    ]),
  );
  await forceState(world, { lines: ledger, balanceNano: BigInt(lines.length + 1_000) * ONE });
}

/** An escrow whose ledger has `entries` lines; the first ones are the measured ones. */
async function ledgerOf(entries: number): Promise<{ world: E.EscrowWorld; lines: Line[] }> {
  const world = await E.createEscrowWorld();
  const lines = fillers(world, entries);
  await forceLedger(world, lines);
  return { world, lines };
}

/** Leading bits of a line's id; no two lines of the largest ledger and of the fresh ones share them by choice. */
const PREFIX_BITS = 14;
const prefixOf = (id: Buffer): number => id.readUInt16BE(0) >> (16 - PREFIX_BITS);
/** So many tens are opened: one ten lands deeper in the map than another. */
const TENS = 12;
const TRACED_TENS = 4;

/**
 * Tens of lines to the genuine Worker that land in the same places of the map whatever the Worker's code is, and so its
 * address and their ids: found by trying.
 */
function freshTens(world: E.EscrowWorld): Line[][] {
  knownTens ??= findTens(world);
  return knownTens;
}

/** Every world here has the same Worker. */
let knownTens: Line[][] | undefined;

function findTens(world: E.EscrowWorld): Line[][] {
  const taken = new Set(fillers(world, 1_000).map((line) => prefixOf(lineId(line))));
  const targets: number[] = [];
  for (let n = 0; targets.length < 10 * TENS; n++) {
    const target = prefixOf(sha256(Buffer.from(`place ${n}`)));
    if (!taken.has(target)) targets.push(target);
    taken.add(target);
  }
  const wanted = new Set(targets);
  const found = new Map<number, Line>();
  for (let salt = 10_000; found.size < targets.length; salt++) {
    const line = E.lineTo(world, { salt });
    const prefix = prefixOf(lineId(line));
    if (wanted.delete(prefix)) found.set(prefix, line);
  }
  const lines = targets.map((target) => found.get(target)!);
  return Array.from({ length: TENS }, (_, ten) => lines.slice(10 * ten, 10 * ten + 10));
}

const meanOf = (values: readonly number[]): number =>
  Math.round(values.reduce((sum, value) => sum + value, 0) / values.length);

/** Gas of the escrow's own transactions, in order; fails when one of them failed. */
function escrowGas(world: E.EscrowWorld, result: SendMessageResult): number[] {
  const own = result.transactions.filter(
    (tx) => tx.inMessage?.info.dest?.toString() === world.escrow.toString(),
  );
  expect(own.map(exitCode)).toEqual(own.map(() => 0));
  return own.map(gasUsed);
}

/** What the escrow consumes for one message; the chain is as before afterwards. */
async function gasOf(
  world: E.EscrowWorld,
  action: () => Promise<SendMessageResult>,
  index = 0,
): Promise<number> {
  const snapshot = world.chain.snapshot();
  const gas = escrowGas(world, await action())[index]!;
  await world.chain.loadFrom(snapshot);
  return gas;
}

/** What an external message consumes before the escrow accepts to pay for it. */
async function gasBeforeAccept(world: E.EscrowWorld, line: Line): Promise<number> {
  const snapshot = world.chain.snapshot();
  world.chain.verbosity = { ...world.chain.verbosity, vmLogs: 'vm_logs_gas' };
  const result = await E.allocateBySigner(world, [E.opening(world, line, ONE)], ONE);
  world.chain.verbosity = { ...world.chain.verbosity, vmLogs: 'none' };
  await world.chain.loadFrom(snapshot);
  const before = result.transactions[0]!.vmLogs.split('execute ACCEPT')[0]!;
  const remaining = [...before.matchAll(/gas remaining: (\d+)/g)].at(-1)!;
  return 10_000 - Number(remaining[1]);
}

async function measure(entries: number): Promise<GasTable> {
  const { world, lines } = await ledgerOf(entries);
  const [line] = lines as [Line];
  const settle = async (count: number, final = false): Promise<SendMessageResult> => {
    const items = await Promise.all(
      lines.slice(0, count).map((each) => E.receiptFor(world, each, 1_000n, { final })),
    );
    return E.settle(world, items);
  };
  const tens = freshTens(world);
  const open = (opened: readonly Line[]): Promise<SendMessageResult> =>
    E.allocateBySigner(
      world,
      opened.map((each) => E.opening(world, each, ONE)),
      BigInt(opened.length) * ONE,
    );
  const opens = async (groups: readonly Line[][]): Promise<number> => {
    const each: number[] = [];
    for (const group of groups) each.push(await gasOf(world, () => open(group)));
    return meanOf(each);
  };
  const raise = (count: number): Promise<SendMessageResult> =>
    E.allocateBySigner(
      world,
      lines.slice(0, count).map((each) => E.raising(each, 2n * ONE)),
      BigInt(count) * ONE,
    );
  const pruneEnded = (): Promise<SendMessageResult> => {
    world.chain.now = line.settleBy + 1;
    return E.prune(world, [line]);
  };
  return {
    settleOne: await gasOf(world, () => settle(1)),
    settleTen: await gasOf(world, () => settle(10)),
    settleFinal: await gasOf(world, () => settle(1, true)),
    bounceRestored: await gasOf(world, () => settle(1), 1),
    openBeforeAccept: await gasBeforeAccept(world, tens[0]![0]!),
    openOne: await opens(tens[0]!.map((each) => [each])),
    openTen: await opens(tens),
    raiseOne: await gasOf(world, () => raise(1)),
    raiseTen: await gasOf(world, () => raise(10)),
    close: await gasOf(world, () => E.close(world, [line])),
    prune: await gasOf(world, pruneEnded),
  };
}

test('what a message consumes that touches no line', async () => {
  const { world } = await ledgerOf(10);
  const from = world.client.address;
  const send = (body?: Parameters<typeof E.send>[1]['body']): Promise<SendMessageResult> =>
    E.send(world, { from, value: ONE, ...(body && { body }) });
  const measured = {
    topUp: await gasOf(world, () => send()),
    topUpWithOpcode: await gasOf(world, () => send(topUpBody())),
    withdraw: await gasOf(world, () => send(withdrawBody(ONE))),
    setSigner: await gasOf(world, () => send(setSignerBody(world.signer.publicKey, 1n))),
  };
  expectGas('escrow-plain', measured);
  expect(measured.topUp).toBeLessThanOrEqual(1_600);
  expect(measured.withdraw).toBeLessThanOrEqual(5_500);
});

test.each([
  [10, { settleOne: 17_000, settleTen: 95_000, openBeforeAccept: 3_000, openOne: 12_000, openTen: 58_000 }],
  [200, { settleOne: 19_000, settleTen: 115_000, openBeforeAccept: 3_000, openOne: 14_500, openTen: 83_000 }],
  [
    1_000,
    { settleOne: 21_000, settleTen: 130_000, openBeforeAccept: 3_000, openOne: 16_500, openTen: 95_000 },
  ],
])('what lines consume in a ledger of %d entries', async (entries, bounds) => {
  const measured = await measure(entries);
  expectGas(`escrow-${entries}`, measured);
  for (const [name, bound] of Object.entries(bounds))
    expect([name, measured[name]! <= bound]).toEqual([name, true]);
  expectBounded(measured, entries);
});

/** The worker's ten lines among so many: what each of them takes in all contracts together. */
async function traceOfTen(entries: number): Promise<number> {
  const world = await E.createEscrowWorld();
  const traces: number[] = [];
  const { domain } = await E.readEscrow(world);
  for (const lines of freshTens(world).slice(0, TRACED_TENS)) {
    await forceLedger(world, [...lines, ...fillers(world, entries - lines.length)]);
    const items = await Promise.all(lines.map((line) => E.receiptFor(world, line, 1_000n, { domain })));
    const { transactions } = await E.settle(world, items);
    expect(transactions.map(exitCode)).toEqual(transactions.map(() => 0));
    traces.push(transactions.reduce((sum, tx) => sum + gasUsed(tx), 0) / lines.length);
  }
  return meanOf(traces);
}

const MOST_LINES = 80;

/** How many lines one settle pays before it runs out of gas, in a ledger of at least so many. */
async function linesAtMost(entries: number): Promise<number> {
  const { world, lines } = await ledgerOf(Math.max(entries, MOST_LINES));
  const { domain } = await E.readEscrow(world);
  const items = await Promise.all(
    lines.slice(0, MOST_LINES).map((line) => E.receiptFor(world, line, 1_000n, { domain })),
  );
  const passes = async (count: number): Promise<boolean> => {
    const snapshot = world.chain.snapshot();
    const body = settleBody(items.slice(0, count));
    const message = E.toEscrow(world, { from: world.stranger.address, value: toNano('10'), body });
    const steps = await world.chain.sendMessageIter(message, { allowParallel: true });
    // The payouts are not followed: they say nothing of this transaction.
    const { value: own } = (await steps.next()) as { value: BlockchainTransaction };
    await world.chain.loadFrom(snapshot);
    return exitCode(own) === 0;
  };
  let [least, most] = [1, MOST_LINES];
  while (least < most) {
    const middle = Math.ceil((least + most) / 2);
    if (await passes(middle)) least = middle;
    else most = middle - 1;
  }
  return least;
}

test('what a batch of ten consumes in all contracts together, and how many lines fit into one message', async () => {
  const measured: Record<string, number> = {};
  for (const entries of [10, 200, 1_000]) {
    measured[`tracePerLine${entries}`] = await traceOfTen(entries);
    measured[`linesAtMost${entries}`] = await linesAtMost(entries);
  }
  expectGas('escrow-batch', measured);
}, 120_000);

/** The constants that values and stipends are computed from are upper bounds of what is consumed. */
function expectBounded(measured: GasTable, entries: number): void {
  const levels = BigInt(entries.toString(2).length);
  const settleBound = (count: bigint): bigint =>
    binding.GAS_SETTLE_BASE + count * (binding.GAS_SETTLE_LINE + binding.GAS_SETTLE_LEVEL * levels);
  expect(BigInt(measured['settleOne']!)).toBeLessThan(settleBound(1n));
  expect(BigInt(measured['settleTen']!)).toBeLessThan(settleBound(10n));
  for (const kind of ['open', 'raise']) {
    expect(BigInt(measured[`${kind}One`]!)).toBeLessThan(2n * binding.GAS_ALLOCATE_ENTRY);
    expect(BigInt(measured[`${kind}Ten`]!)).toBeLessThan(11n * binding.GAS_ALLOCATE_ENTRY);
  }
  // 2,600 is what a Worker takes to refuse, at most.
  const stipend = binding.GAS_STIPEND_BASE + binding.GAS_STIPEND_LEVEL * levels;
  expect(BigInt(measured['bounceRestored']!) + 2_600n).toBeLessThan(stipend);
}

describe('the bounds that the contract computes with are above what is consumed', () => {
  test('with 60 lines in one message, when most signatures cost their full price', async () => {
    const { world, lines } = await ledgerOf(60);
    const items = await Promise.all(lines.map((line) => E.receiptFor(world, line, 1_000n)));
    const [gas] = escrowGas(world, await E.settle(world, items));
    const bound =
      binding.GAS_SETTLE_BASE +
      60n * (binding.GAS_SETTLE_LINE + 6n * binding.GAS_SETTLE_LEVEL) +
      50n * binding.GAS_SETTLE_LATE_SIGNATURE;
    expect(BigInt(gas!)).toBeLessThan(bound);
  });

  test('at the tail of an allocation by the signer, which is booked after the meter was read', async () => {
    const { world, lines } = await ledgerOf(10);
    const body = allocateExternalBody(await E.signedAllocation(world, [E.raising(lines[0]!, 2n * ONE)], ONE));
    const before = await E.readEscrow(world);
    const balance = await E.escrowBalance(world);
    await E.sendExternal(world, body);
    const booked = before.signerBudgetNano - (await E.readEscrow(world)).signerBudgetNano - ONE;
    const cost = balance - (await E.escrowBalance(world));
    expect(booked).toBeGreaterThanOrEqual(cost);
    expect(booked - cost).toBeLessThan(toNano('0.0001'));
  });
});

test('bad input is refused early', async () => {
  const { world, lines } = await ledgerOf(10);
  const forged = await E.receiptFor(world, lines[0]!, 5n, {}, keyPairFromSeed(Buffer.alloc(32, 2)));
  const cases = {
    forgedReceipt: settleBody([forged]),
    foreignClose: closeBody([lineId(lines[0]!)]),
    unknownPrune: pruneBody([Buffer.alloc(20)]),
  };
  const gas: Record<string, number> = {};
  for (const [name, body] of Object.entries(cases)) {
    const result = await E.send(world, { from: world.stranger.address, value: ONE, body });
    gas[name] = gasUsed(result.transactions[0]!);
  }
  expectGas('escrow-refused', gas);
});
