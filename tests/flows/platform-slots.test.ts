import { beginCell, Cell, type Address } from '@ton/core';
import { Blockchain, defaultConfig, internal } from '@ton/sandbox';
import * as binding from '../../build/RegistrySimulated/RegistrySimulated_Platform';
import { withFeeParameters } from '../../src/devnet/feeParameters';
import { createSimulatedHost } from '../../src/attestation/testing/host';
import { MINTED_AT } from '../../src/attestation/testing/mint';
import {
  MAX_PLATFORM_SLOTS,
  PLATFORM_OPCODES,
  PLATFORM_RESERVE_NANO,
  PLATFORM_VALUES,
  ppidHash,
} from '../../wrappers/Platform';
import { paths, cellAt, withBits, withCellAt, withRefs, type Path } from '../support/cellSurgery';
import { balanceOf, exitCode } from '../support/chain';
import * as P from '../support/platform';
import { slotTaken } from '../support/platformSlots';

const DAY = 86_400;
const MAINNET = -239;
const EXCESSES = 0xd53276db;
const HOST = createSimulatedHost({ random: (length) => Buffer.alloc(length, 9), nowUnix: MINTED_AT });
const QUOTE = HOST.quote(Buffer.alloc(64, 1));

const onMachine = (): Promise<P.PlatformFixture> => P.createPlatform(ppidHash(HOST.ppid));

async function deployed(): Promise<P.PlatformFixture> {
  const platform = await onMachine();
  expect(P.outcome(await P.sendTo(platform, P.attestBody(QUOTE, 'leaf')))).toBe('accepted');
  return platform;
}

const take = (platform: P.PlatformFixture, worker: number, heldUntil: number) =>
  P.sendTo(platform, slotTaken(worker, heldUntil), { from: P.REGISTRY });

async function filled(from: number): Promise<P.PlatformFixture> {
  const platform = await deployed();
  for (let n = 0; n < MAX_PLATFORM_SLOTS; n++) await take(platform, from + n, MINTED_AT + DAY + n);
  return platform;
}

describe('a slot', () => {
  test('is given by the Registry alone', async () => {
    const platform = await deployed();
    const tx = await P.sendTo(platform, slotTaken(1, MINTED_AT + DAY));
    expect(P.outcome(tx)).toBe('not registry');
  });

  test('is kept until its last second, and the rest of the value goes on', async () => {
    const platform = await deployed();
    const before = await balanceOf(platform.chain, platform.address);
    const tx = await take(platform, 7, MINTED_AT + DAY);
    expect(P.messageTo(P.SUBMITTER, tx).beginParse().loadUint(32)).toBe(EXCESSES);
    expect(await balanceOf(platform.chain, platform.address)).toBe(before);
    const { slots } = await P.readPlatform(platform);
    expect(slots).toEqual([
      { worker: Buffer.from('08'.padStart(64, '0'), 'hex'), heldUntil: MINTED_AT + DAY },
    ]);
  });

  test('is only ever held for longer by its own Worker', async () => {
    const platform = await deployed();
    for (const until of [DAY, 2 * DAY, DAY]) await take(platform, 7, MINTED_AT + until);
    const { slots } = await P.readPlatform(platform);
    expect(slots.map(({ heldUntil }) => heldUntil)).toEqual([MINTED_AT + 2 * DAY]);
  });

  test('is refused when all are held by others, and free a second after the first ends', async () => {
    const platform = await filled(100);
    platform.chain.now = MINTED_AT + DAY;
    const refused = await take(platform, 99, MINTED_AT + 2 * DAY);
    expect(binding.loadSlotRefused(P.messageTo(P.REGISTRY, refused).beginParse())).toMatchObject({
      ppidHash: BigInt(`0x${ppidHash(HOST.ppid).toString('hex')}`),
      index: 99n,
    });
    platform.chain.now = MINTED_AT + DAY + 1;
    const given = await take(platform, 99, MINTED_AT + 2 * DAY);
    expect(P.messageTo(P.SUBMITTER, given).beginParse().loadUint(32)).toBe(EXCESSES);
    expect((await P.readPlatform(platform)).slots).toHaveLength(MAX_PLATFORM_SLOTS);
    // The one that had ended is gone, the next one still runs for this second.
    expect(P.messageTo(P.REGISTRY, await take(platform, 98, MINTED_AT + 2 * DAY))).toBeDefined();
  });

  test('that is not there is why a quote is refused at once, but for a Worker that has its own', async () => {
    const full = await filled(100);
    const quote = P.attestBody(QUOTE, 'key');
    expect(P.outcome(await P.sendTo(full, quote))).toBe('full');
    full.chain.now = MINTED_AT + DAY;
    expect(P.outcome(await P.sendTo(full, quote))).toBe('full');
    full.chain.now = MINTED_AT + DAY + 1;
    expect(P.outcome(await P.sendTo(full, quote))).toBe('accepted');

    const own = await filled(P.WORKER_INDEX);
    expect(P.outcome(await P.sendTo(own, quote))).toBe('accepted');
  });
});

describe('the value', () => {
  test.each(['ca', 'leaf', 'pck', 'key'] as const)(
    'of kind %s suffices to the nanoton, and not one less',
    async (kind) => {
      const platform = await deployed();
      const least = await P.attestValue(platform, kind);
      const body = P.attestBody(QUOTE, kind);
      expect(P.outcome(await P.sendTo(platform, body, { value: least - 1n }))).toBe('value too small');
      const before = await balanceOf(platform.chain, platform.address);
      expect(P.outcome(await P.sendTo(platform, body, { value: least }))).toBe('accepted');
      expect(await balanceOf(platform.chain, platform.address)).toBe(before);
      expect(least).toBeLessThan(PLATFORM_VALUES.attest);
    },
  );

  test('of the first message is the reserve too, to the nanoton', async () => {
    const known = await P.attestValue(await deployed(), 'leaf');
    const body = P.attestBody(QUOTE, 'leaf');
    const tooSmall = await P.sendTo(await onMachine(), body, { value: known + PLATFORM_RESERVE_NANO - 1n });
    expect(P.outcome(tooSmall)).toBe('value too small');
    const platform = await onMachine();
    const tx = await P.sendTo(platform, body, { value: known + PLATFORM_RESERVE_NANO });
    expect(P.outcome(tx)).toBe('accepted');
    expect(await balanceOf(platform.chain, platform.address)).toBe(PLATFORM_RESERVE_NANO);
  });

  test('fills the reserve again when half of it went into rent', async () => {
    const platform = await deployed();
    for (const [left, kept] of [
      [PLATFORM_RESERVE_NANO / 2n - 1n, PLATFORM_RESERVE_NANO],
      [PLATFORM_RESERVE_NANO / 2n, PLATFORM_RESERVE_NANO / 2n],
    ] as const) {
      (await platform.chain.getContract(platform.address)).balance = left;
      expect(P.outcome(await P.sendTo(platform, P.attestBody(QUOTE, 'key')))).toBe('accepted');
      expect(await balanceOf(platform.chain, platform.address)).toBe(kept);
    }
  });

  test('that bounces stays as rent, and undoes nothing', async () => {
    const platform = await deployed();
    const before = await balanceOf(platform.chain, platform.address);
    const returned = internal({
      from: P.REGISTRY,
      to: platform.address,
      value: P.VALUE,
      bounced: true,
      body: beginCell().storeUint(0xffffffff, 32).storeUint(PLATFORM_OPCODES.SlotRefused, 32).endCell(),
    });
    const { transactions } = await platform.chain.sendMessage(returned);
    expect(exitCode(transactions[0]!)).toBe(0);
    expect(await balanceOf(platform.chain, platform.address)).toBeGreaterThan(before);
    expect((await P.readPlatform(platform)).keys).toHaveLength(1);
  });
});

describe('a message', () => {
  /** 9 is the VM's own answer to a cell that is too short, too long or exotic. */
  const MALFORMED = ['malformed', 'exit 9'];

  test('with one bit or one reference more in any of its cells is refused', async () => {
    const body = P.attestBody(QUOTE, 'ca');
    const platform = await deployed();
    const tried: Path[] = [];
    for (const path of paths(body)) {
      const cell = cellAt(body, path)!;
      const longer = [
        cell.bits.length < 1023 &&
          withBits(cell, beginCell().storeBits(cell.bits).storeBit(1).endCell().bits),
        cell.refs.length < 4 && withRefs(cell, [...cell.refs, Cell.EMPTY]),
      ];
      for (const changed of longer) {
        if (!changed) continue;
        const tx = await P.sendTo(platform, withCellAt(body, path, changed));
        expect({ path, outcome: P.outcome(tx) }).not.toEqual({ path, outcome: 'accepted' });
        tried.push(path);
      }
    }
    expect(tried.length).toBeGreaterThan(30);
  });

  test('with an exotic cell in any place is refused', async () => {
    const body = P.attestBody(QUOTE, 'ca');
    const platform = await deployed();
    for (const path of paths(body).filter(({ length }) => length > 0)) {
      const library = beginCell()
        .storeUint(2, 8)
        .storeBuffer(cellAt(body, path)!.hash())
        .endCell({ exotic: true });
      const tx = await P.sendTo(platform, withCellAt(body, path, library));
      expect(MALFORMED).toContain(P.outcome(tx));
    }
  });

  test('of a form that does not exist is refused', async () => {
    const body = P.attestBody(QUOTE, 'leaf');
    const bits = beginCell()
      .storeBits(body.bits.substring(0, 317))
      .storeUint(3, 2)
      .storeBits(body.bits.substring(319, body.bits.length - 319));
    const tx = await P.sendTo(await deployed(), withBits(body, bits.endCell().bits));
    expect(P.outcome(tx)).toBe('malformed');
  });
});

test('the simulated root refuses mainnet, where its name would be worth money', async () => {
  const config = withFeeParameters(Cell.fromBase64(defaultConfig), MAINNET);
  const { address, init } = await onMachine();
  const chain = await Blockchain.create({ config });
  chain.now = MINTED_AT;
  const attest = (to: Address) =>
    chain.sendMessage(
      internal({ from: P.SUBMITTER, to, value: P.VALUE, body: P.attestBody(QUOTE, 'leaf'), stateInit: init }),
    );
  const { transactions } = await attest(address);
  expect(P.outcome(transactions[0]!)).toBe('mainnet');
});
