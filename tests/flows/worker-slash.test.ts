import { Address, beginCell, type Cell } from '@ton/core';
import { createEmptyShardAccount, internal, type SendMessageResult } from '@ton/sandbox';
import * as binding from '../../build/Worker/Worker_Worker';
import type { KeyPair } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { RECEIPT_FINAL, type Receipt, type Signed } from '../../src/protocol/signed';
import {
  BLOCKED_BY_PROOF,
  parseAdmissionRefusal,
  parseBlocks,
  REGISTRY_GETTERS,
} from '../../wrappers/Registry';
import {
  claimBody,
  feeToOf,
  GET_WORKER,
  KEY_SLASHED,
  listRecipientBody,
  parseWorker,
  PAYOUT_GRACE_SECONDS,
  payoutBody,
  pullFeeBody,
  SLASH_REPORTER_BPS,
  slashBody,
  unstakeBody,
  withdrawStakeBody,
  WORKER_EXIT_CODES,
  WORKER_RESERVE_NANO,
} from '../../wrappers/Worker';
import { createAdmittedWorker } from '../support/admittedWorker';
import * as A from '../support/attestation';
import { balanceOf, createTestChain, exitCode } from '../support/chain';
import { contradiction, receipt, takeAllKeyPlaces, unchecked } from '../support/contradiction';
import * as N from '../support/network';

const KEYS = N.workerKeys();
const KEY = KEYS.publicKey;
const STAKE = 10n * N.COIN;
const REWARD = (STAKE * BigInt(SLASH_REPORTER_BPS)) / 10_000n;
/** What the chain takes for a slash, at most. */
const COST = N.COIN / 50n;
const RENT_OF_A_BLOCK = 2_000_000n;
const OTHER_MACHINE = sha256(Buffer.from('another machine'));

const SLASHED = [
  'stranger -> worker: Slash 0',
  'worker -> treasury: Excesses 0',
  'worker -> registry: WorkerSlashed 0',
  'worker -> stranger: Excesses 0',
  'registry -> stranger: Excesses 0',
];

const proof = (keys: KeyPair = KEYS): Cell => slashBody(keys.publicKey, ...contradiction(keys));
const file = (net: N.Network, body = proof(), value = N.COIN): Promise<SendMessageResult> =>
  N.send(net, net.stranger, net.worker, body, value);
const exitOf = async (net: N.Network, body = proof(), value = N.COIN): Promise<number> =>
  N.firstExit(net, await file(net, body, value));
const command = (net: N.Network, body: Cell): Promise<SendMessageResult> =>
  N.send(net, net.provider, net.worker, body);

/** Another key of the same Worker, attested by the same machine unless another is named. */
async function admitKey(
  net: N.Network,
  receiptKey: Buffer,
  ppidHash = A.PPID_HASH,
): Promise<SendMessageResult> {
  const image = N.statement(net, { receiptKey });
  await N.announce(net, image);
  A.setRecentBlocks(net.chain, A.recentBlock(net.chain) + 100);
  return N.attest(net, N.quoteOf(net, image), { ppidHash });
}

/** Value of the first message to that account. */
function sentTo(account: Address, result: SendMessageResult): bigint | undefined {
  const tx = result.transactions.find(
    ({ inMessage }) => inMessage!.info.dest?.toString() === account.toString(),
  );
  return tx?.inMessage?.info.type === 'internal' ? tx.inMessage.info.value.coins : undefined;
}

async function blocks(net: N.Network): Promise<{ hash: string; at: number }[]> {
  return N.plain(parseBlocks(await N.get(net, net.registry, REGISTRY_GETTERS.blocks)));
}

async function keyOf(net: N.Network, key = KEY) {
  return (await N.readWorker(net)).keys.find(({ workerKey }) => workerKey === key.toString('hex'));
}

/** Earns a coin under a listed router, so that there are earnings and dues. */
async function earn(net: N.Network): Promise<void> {
  await command(net, listRecipientBody(feeToOf(net.routerOperator.address), 1_000));
  await N.send(net, net.stranger, net.worker, payout(net), 2n * N.COIN);
}

const payout = (net: N.Network): Cell =>
  payoutBody({
    amountNano: N.COIN,
    lineId: Buffer.alloc(20, 1),
    feeBps: 1_000,
    feeTo: feeToOf(net.routerOperator.address),
    keyPrefix: KEY.subarray(0, 16),
  });

describe('a proof that a key told two histories', () => {
  test('takes the whole stake: a tenth to whoever files it, the rest to the treasury', async () => {
    const net = await N.createActiveWorker();
    const of = (account: Address) => balanceOf(net.chain, account);
    const accounts = [net.worker, net.registry, net.stranger.address] as const;
    const before = await Promise.all(accounts.map(of));
    const result = await file(net);
    expect(N.story(net, result)).toEqual(SLASHED);
    const after = await Promise.all(accounts.map(of));
    const [worker, registry, reporter] = after.map((balance, n) => balance - before[n]!);
    expect(worker).toBe(-STAKE);
    expect(sentTo(net.treasury.address, result)).toBe(STAKE - REWARD);
    expect(registry).toBe(RENT_OF_A_BLOCK);
    // The coin that he attached was sent from outside his wallet.
    expect(reporter).toBeLessThan(REWARD + N.COIN);
    expect(reporter).toBeGreaterThan(REWARD + N.COIN - COST);
  });

  test('ends activity and listing this second, marks the key and blocks its machine for good', async () => {
    const net = await N.createActiveWorker();
    const before = await N.readWorker(net);
    expect(before.keys).toMatchObject([{ platform: N.plain(net.platform.hash) }]);
    await file(net);
    expect(await N.readWorker(net)).toEqual({
      ...before,
      stakeNano: 0n,
      balanceNano: before.balanceNano - STAKE,
      active: false,
      activeUntil: net.chain.now! - 1,
      keys: [{ ...before.keys[0], activeUntil: KEY_SLASHED }],
    });
    expect(await N.listedWorkers(net)).toEqual([]);
    expect(await blocks(net)).toEqual([
      { hash: net.platform.hash.toString('hex'), at: BLOCKED_BY_PROOF, by: 'proof' },
    ]);
  });

  test.each([
    ['the order of the receipts', (a: Signed<Receipt>, b: Signed<Receipt>) => [b, a] as const],
    ['a root alone that differs', (a: Signed<Receipt>) => [a, receipt(KEYS, { jobsRoot: KEY })] as const],
    [
      'dates and flags that differ too',
      (a: Signed<Receipt>) => [a, receipt(KEYS, { total: 0n, issuedAt: 5, flags: 1 })] as const,
    ],
  ])('stands whatever %s', async (_name, change) => {
    const net = await N.createActiveWorker();
    expect(N.story(net, await file(net, slashBody(KEY, ...change(...contradiction(KEYS)))))).toEqual(SLASHED);
  });

  test('takes its minimum value, and not one nanoton less', async () => {
    const net = await N.createActiveWorker();
    const { slashNano } = await N.workerMinValues(net);
    expect(N.story(net, await file(net, proof(), slashNano - 1n))).toEqual([
      'stranger -> worker: Slash 1103',
      'worker -> stranger: bounced:Slash 0',
    ]);
    expect((await N.readWorker(net)).stakeNano).toBe(STAKE);
    expect(N.story(net, await file(net, proof(), slashNano))).toEqual(SLASHED);
  });

  test('may be filed by anybody, the provider included', async () => {
    for (const who of ['provider', 'operator', 'owner'] as const) {
      const net = await N.createActiveWorker();
      const result = await N.send(net, net[who], net.worker, proof());
      expect(N.story(net, result)).toEqual(SLASHED.map((step) => step.replace('stranger', who)));
    }
  });
});

describe('what is no proof is refused by name, and the proof is accepted after it', () => {
  const other = N.workerKeys('other');
  const [first, second] = contradiction(KEYS);
  const twin = Buffer.concat([KEY.subarray(0, 16), other.publicKey.subarray(16)]);
  const spoilt = (at: Signed<Receipt>): Signed<Receipt> => {
    const signature = Buffer.from(at.signature);
    signature[63]! ^= 1;
    return { ...at, signature };
  };
  const claimed = (change: Partial<Receipt>): Signed<Receipt> => ({
    ...second,
    value: { ...second.value, ...change },
  });
  const wrong: [string, Cell, string][] = [
    ['the same receipt twice', unchecked(KEY, first, first), 'no contradiction'],
    ['another date', unchecked(KEY, first, receipt(KEYS, { issuedAt: 1_780_000_001 })), 'no contradiction'],
    [
      'the same sum, final',
      unchecked(KEY, first, receipt(KEYS, { flags: RECEIPT_FINAL })),
      'no contradiction',
    ],
    ['another domain', unchecked(KEY, first, receipt(KEYS, { domain: KEY, total: 0n })), 'bad receipt'],
    [
      'another line',
      unchecked(KEY, first, receipt(KEYS, { lineId: KEY.subarray(12), total: 0n })),
      'bad receipt',
    ],
    [
      'another number of jobs',
      unchecked(KEY, first, receipt(KEYS, { jobs: 8n, total: 2_000_000_000n })),
      'bad receipt',
    ],
    ['a second receipt of another key', unchecked(KEY, first, receipt(other, { total: 0n })), 'bad receipt'],
    ['a first receipt of another key', unchecked(KEY, receipt(other, { total: 0n }), first), 'bad receipt'],
    ['a spoilt first signature', unchecked(KEY, spoilt(first), second), 'bad receipt'],
    ['a spoilt second signature', unchecked(KEY, first, spoilt(second)), 'bad receipt'],
    ['a changed total', unchecked(KEY, first, claimed({ total: 5n })), 'bad receipt'],
    ['a changed root', unchecked(KEY, first, claimed({ jobsRoot: KEY })), 'bad receipt'],
    ['a changed date', unchecked(KEY, first, claimed({ issuedAt: 5 })), 'bad receipt'],
    ['changed flags', unchecked(KEY, first, claimed({ flags: 5 })), 'bad receipt'],
    ['a key that was never admitted', proof(other), 'key never admitted'],
    [
      'a key that shares the first half of an admitted one',
      unchecked(twin, first, second),
      'key never admitted',
    ],
  ];

  test.each(wrong)('%s', async (_name, body, error) => {
    const net = await N.createActiveWorker();
    const before = await N.readWorker(net);
    expect(WORKER_EXIT_CODES.get(await exitOf(net, body))).toBe(error);
    expect(await N.readWorker(net)).toEqual(before);
    expect(N.story(net, await file(net))).toEqual(SLASHED);
  });

  test('the key of another worker', async () => {
    const net = await N.createActiveWorker();
    const neighbour = await N.withProvider(net, net.stranger);
    await N.stake(neighbour);
    await admitKey(neighbour, other.publicKey);
    expect(await exitOf(net, proof(other))).toBe(1110);
    expect((await N.readWorker(net)).stakeNano).toBe(STAKE);
    expect(await exitOf(neighbour, proof(other))).toBe(0);
    expect(await N.listedWorkers(net)).toEqual([N.plain(net.worker)]);
  });

  test('cells that are cut short, or go on', async () => {
    const net = await N.createActiveWorker();
    const whole = proof();
    const [left, right] = whole.refs as [Cell, Cell];
    const bits = right.beginParse();
    const short = beginCell().storeBits(bits.loadBits(871)).endCell();
    const long = beginCell().storeSlice(right.beginParse()).storeBit(1).endCell();
    const build = (cell: Cell): Cell =>
      beginCell().storeBits(whole.bits).storeRef(left).storeRef(cell).endCell();
    expect(await exitOf(net, build(short))).toBe(9);
    // What stands behind a signature is nobody's: it changes nothing.
    expect(await exitOf(net, build(long))).toBe(0);
  });
});

test('what is no proof is not even written: whoever would file it is told why', () => {
  const [first, second] = contradiction(KEYS);
  const beside = (change: Partial<Receipt>): Signed<Receipt> => receipt(KEYS, { total: 0n, ...change });
  const refused: [Signed<Receipt>, string][] = [
    [beside({ domain: KEY }), 'different domains'],
    [beside({ lineId: KEY.subarray(12) }), 'different lines'],
    [beside({ jobs: 8n }), 'different numbers of jobs'],
    [receipt(KEYS, { issuedAt: 5, flags: RECEIPT_FINAL }), 'same history'],
    [receipt(N.workerKeys('other'), { total: 0n }), 'not both signed'],
  ];
  for (const [other, why] of refused) {
    expect(() => slashBody(KEY, first, other)).toThrow(RangeError);
    expect(() => slashBody(KEY, other, first)).toThrow(why);
  }
  expect(slashBody(KEY, first, second).equals(unchecked(KEY, first, second))).toBe(true);
});

describe('one proof costs one stake', () => {
  test('filed twice it is refused, also with other receipts of the key, also after the provider staked again', async () => {
    const net = await N.createActiveWorker();
    await file(net);
    expect(await exitOf(net)).toBe(1160);
    await N.stake(net);
    const later = slashBody(KEY, receipt(KEYS, { jobs: 9n }), receipt(KEYS, { jobs: 9n, total: 0n }));
    for (const body of [proof(), later]) expect(await exitOf(net, body)).toBe(1160);
    expect((await N.readWorker(net)).stakeNano).toBe(STAKE);
  });

  test("another key's proof takes the later stake", async () => {
    const net = await N.createActiveWorker();
    const next = N.workerKeys('next');
    await admitKey(net, next.publicKey);
    await file(net);
    expect(await exitOf(net, proof(next))).toBe(1123);
    await N.stake(net, N.COIN);
    expect(await exitOf(net, proof(next))).toBe(0);
    expect((await N.readWorker(net)).stakeNano).toBe(0n);
    expect(await keyOf(net, next.publicKey)).toMatchObject({ activeUntil: KEY_SLASHED });
  });

  test('a slashed key is neither announced again nor admitted when it was announced before', async () => {
    const net = await N.createActiveWorker();
    const image = N.statement(net);
    await N.announce(net, image);
    await file(net);
    await N.stake(net);
    A.setRecentBlocks(net.chain, A.recentBlock(net.chain) + 100);
    await A.deployPlatform(net.chain, net.registry, OTHER_MACHINE);
    const quote = await N.attest(net, N.quoteOf(net, image), { ppidHash: OTHER_MACHINE });
    expect(parseAdmissionRefusal(quote.transactions.at(-1)!.inMessage!.body)).toMatchObject({ reason: 1160 });
    expect(await N.readWorker(net)).toMatchObject({ active: false });
    expect(N.firstExit(net, await N.announce(net, N.statement(net)))).toBe(1160);
    expect(
      N.firstExit(net, await N.announce(net, N.statement(net, { receiptKey: N.workerKey('next') }))),
    ).toBe(0);
  });

  test('a slashed key is never forgotten, where any other that is dead makes room', async () => {
    const net = await N.createActiveWorker();
    const dead = N.workerKeys('dead');
    await admitKey(net, dead.publicKey);
    await file(net);
    await N.stake(net);
    net.chain.now! += 15 * N.DAY;
    await takeAllKeyPlaces(net);
    expect(
      N.firstExit(net, await N.announce(net, N.statement(net, { receiptKey: N.workerKey('next') }))),
    ).toBe(0);
    expect((await N.readWorker(net)).keys).toMatchObject([
      { workerKey: KEY.toString('hex'), activeUntil: KEY_SLASHED },
    ]);
    expect(await exitOf(net)).toBe(1160);
    expect(await exitOf(net, proof(dead))).toBe(1110);
  });

  test('a slot that is denied afterwards leaves the mark', async () => {
    const net = await N.createActiveWorker();
    await file(net);
    await N.refuseSlot(net);
    expect(await keyOf(net)).toMatchObject({ activeUntil: KEY_SLASHED });
    await N.stake(net);
    expect(await exitOf(net)).toBe(1160);
  });
});

describe('leaving does not save a stake', () => {
  test('while it unbonds it is taken, and the end of unbonding brings nothing', async () => {
    const net = await N.createActiveWorker();
    await command(net, unstakeBody());
    const { unstakeAt } = await N.readWorker(net);
    expect(N.story(net, await file(net))).toEqual(SLASHED);
    expect(await N.readWorker(net)).toMatchObject({ stakeNano: 0n, unstakeAt });
    net.chain.now = unstakeAt;
    expect(N.firstExit(net, await command(net, withdrawStakeBody()))).toBe(1123);
  });

  test('a stake that was withdrawn is gone, and the next one is taken', async () => {
    const net = await N.createActiveWorker();
    await command(net, unstakeBody());
    net.chain.now! += 14 * N.DAY;
    await command(net, withdrawStakeBody());
    expect(await exitOf(net)).toBe(1123);
    expect(await keyOf(net)).not.toMatchObject({ activeUntil: KEY_SLASHED });
    await N.stake(net, N.COIN);
    expect(N.story(net, await file(net))).toEqual(SLASHED);
  });

  test('a stake that rent ate into is taken as far as it is there, never what routers are owed', async () => {
    for (const there of [STAKE / 2n, 0n]) {
      const net = await N.createActiveWorker();
      await earn(net);
      const owed = N.COIN / 10n;
      await N.setBalance(net, net.worker, owed + there);
      expect(sentTo(net.treasury.address, await file(net))).toBe((there * 9n) / 10n);
      expect(await N.readWorker(net)).toMatchObject({ stakeNano: 0n, balanceNano: owed, owedNano: owed });
    }
  });
});

test('I-6 earnings, dues and payouts of a slashed worker are paid to the nanoton', async () => {
  const net = await N.createActiveWorker();
  await earn(net);
  const before = await N.readWorker(net);
  await file(net);
  const { earningsNano, claimableNano, owedNano, feeRecipients } = before;
  expect(await N.readWorker(net)).toMatchObject({ earningsNano, claimableNano, owedNano, feeRecipients });

  net.chain.now! += 13 * N.DAY + PAYOUT_GRACE_SECONDS;
  expect(N.firstExit(net, await N.send(net, net.stranger, net.worker, payout(net), 2n * N.COIN))).toBe(0);
  expect(await N.readWorker(net)).toMatchObject({ earningsNano: 2n * earningsNano, owedNano: 2n * owedNano });
  net.chain.now! += 1;
  expect(N.firstExit(net, await N.send(net, net.stranger, net.worker, payout(net), 2n * N.COIN))).toBe(1111);

  const wallet = await balanceOf(net.chain, net.routerOperator.address);
  await N.send(net, net.routerOperator, net.worker, pullFeeBody());
  expect((await balanceOf(net.chain, net.routerOperator.address)) - wallet).toBeGreaterThan(2n * owedNano);
  const treasury = await balanceOf(net.chain, net.treasury.address);
  expect(N.firstExit(net, await command(net, claimBody()))).toBe(0);
  expect((await balanceOf(net.chain, net.treasury.address)) - treasury).toBeLessThanOrEqual(
    earningsNano / 50n,
  );
  expect((await N.readWorker(net)).balanceNano).toBe(WORKER_RESERVE_NANO);
});

describe('the machine behind a slashed key', () => {
  test('confirms no statement any more, where another does', async () => {
    const net = await N.createActiveWorker();
    await file(net);
    await N.stake(net);
    const refused = await admitKey(net, N.workerKey('next'));
    expect(parseAdmissionRefusal(refused.transactions.at(-1)!.inMessage!.body)).toMatchObject({
      reason: 1039,
    });
    await A.deployPlatform(net.chain, net.registry, OTHER_MACHINE);
    await admitKey(net, N.workerKey('next'), OTHER_MACHINE);
    expect((await N.readWorker(net)).active).toBe(true);
  });

  test('is the one that attested the key last', async () => {
    const net = await N.createActiveWorker();
    const second = await A.deployPlatform(net.chain, net.registry, OTHER_MACHINE);
    await admitKey(net, KEY, OTHER_MACHINE);
    // A later key of the first machine changes nothing about this one.
    await admitKey(net, N.workerKey('next'));
    await file(net);
    expect((await blocks(net)).map(({ hash }) => hash)).toEqual([second.hash.toString('hex')]);
  });
});

test('a report that no registry takes undoes nothing, and brings the provider no stake', async () => {
  const net = await N.createActiveWorker();
  const { slashNano } = await N.workerMinValues(net);
  const { claimableNano } = await N.readWorker(net);
  await net.chain.setShardAccount(net.registry, createEmptyShardAccount(net.registry));
  expect(N.story(net, await file(net))).toEqual([
    'stranger -> worker: Slash 0',
    'worker -> treasury: Excesses 0',
    'worker -> registry: WorkerSlashed null',
    'worker -> stranger: Excesses 0',
    'registry -> worker: bounced:WorkerSlashed 0',
  ]);
  const worker = await N.readWorker(net);
  expect(worker).toMatchObject({ stakeNano: 0n, active: false, keys: [{ activeUntil: KEY_SLASHED }] });
  expect(worker.claimableNano - claimableNano).toBeLessThan(slashNano);
});

test('a treasury that cannot be paid holds up no slash: its share goes to the reporter, never to the provider', async () => {
  const chain = await createTestChain();
  const [registry, reporter] = [await chain.treasury('registry'), await chain.treasury('reporter')];
  const worker = await createAdmittedWorker(chain, registry, 'a');
  const tell = (from: Address, body: Cell) =>
    chain.sendMessage(internal({ from, to: worker.address, value: N.COIN, bounce: true, body }));
  const read = async () => parseWorker((await chain.runGetMethod(worker.address, GET_WORKER)).stackReader);
  await tell(
    registry.address,
    beginCell()
      .store(
        binding.storeTermsGranted({
          ...{ $$type: 'TermsGranted', feeBps: 0n, minStake: N.COIN, unbondingSeconds: 86_400n },
          // There is no such workchain.
          treasury: new Address(5, Buffer.alloc(32)),
        }),
      )
      .endCell(),
  );
  const before = await read();
  const wallet = await balanceOf(chain, reporter.address);
  const result = await tell(reporter.address, proof(worker.keys));
  expect(result.transactions.map(exitCode)).toEqual([0, 0, 0]);
  const after = await read();
  expect(after).toMatchObject({ stakeNano: 0n, claimableNano: before.claimableNano });
  const gained = (await balanceOf(chain, reporter.address)) - wallet;
  expect(gained).toBeGreaterThan(before.stakeNano + N.COIN - COST);
});
