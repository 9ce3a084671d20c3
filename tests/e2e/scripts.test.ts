import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { NetworkProvider } from '@ton/blueprint';
import { run as acceptOwnership } from '../../scripts/acceptOwnership';
import { run as allowTcb } from '../../scripts/allowTcb';
import { run as blockPlatform } from '../../scripts/blockPlatform';
import { run as revokeTcb } from '../../scripts/revokeTcb';
import { run as showPlatform } from '../../scripts/showPlatform';
import { run as allowImage } from '../../scripts/allowImage';
import { run as allowModel } from '../../scripts/allowModel';
import { run as allowShape } from '../../scripts/allowShape';
import { run as announce } from '../../scripts/announce';
import { run as blockSubject } from '../../scripts/blockSubject';
import { run as claim } from '../../scripts/claim';
import { run as deployRegistry } from '../../scripts/deployRegistry';
import { run as deployRouter } from '../../scripts/deployRouter';
import { run as listRecipient } from '../../scripts/listRecipient';
import { run as openEscrow } from '../../scripts/openEscrow';
import { run as pullFees } from '../../scripts/pullFees';
import { run as retireRouter } from '../../scripts/retireRouter';
import { run as revokeImage } from '../../scripts/revokeImage';
import { run as executeOrder } from '../../scripts/executeOrder';
import { run as sealRegistry } from '../../scripts/sealRegistry';
import { run as setParameters } from '../../scripts/setParameters';
import { run as showEscrow } from '../../scripts/showEscrow';
import { run as showRegistry } from '../../scripts/showRegistry';
import { run as showWorker } from '../../scripts/showWorker';
import { run as stakeWorker } from '../../scripts/stakeWorker';
import { run as topUp } from '../../scripts/topUp';
import { run as unstake } from '../../scripts/unstake';
import { run as withdraw } from '../../scripts/withdraw';
import { run as cancelOrder } from '../../scripts/cancelOrder';
import { run as closeLines } from '../../scripts/closeLines';
import { run as delistRecipient } from '../../scripts/delistRecipient';
import { run as offerOwnership } from '../../scripts/offerOwnership';
import { run as pruneLines } from '../../scripts/pruneLines';
import { run as revokeModel } from '../../scripts/revokeModel';
import { run as revokeShape } from '../../scripts/revokeShape';
import { run as setGuardian } from '../../scripts/setGuardian';
import { run as setOperator } from '../../scripts/setOperator';
import { run as setSigner } from '../../scripts/setSigner';
import { run as unblockSubject } from '../../scripts/unblockSubject';
import { allocate } from '../../src/chain/accounts';
import { createChain } from '../../src/chain/chain';
import { createWalletSender } from '../../src/chain/wallet';
import type { WalletSender } from '../../src/chain/types';
import { createDevnet, type Devnet } from '../../src/devnet/devnet';
import { nano } from '../../src/protocol/amounts';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { modelsRoot, statementImage } from '../../src/protocol/statement';
import { Address } from '@ton/core';
import { runCommand } from './support/blueprint';

const hex = (text: string): string => sha256(Buffer.from(text)).toString('hex');
const IMAGE = hex('image');
const SHAPE = hex('shape');
const COIN = 1_000_000_000n;

interface Written {
  registry: { address: string; codeHash: string };
  workers: { address: string }[];
  routers: { address: string }[];
  escrows: { address: string; salt: string }[];
}

let devnet: Devnet;
let wallet: WalletSender;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'deployments-'));
  process.env['COCOON_DEPLOYMENTS'] = folder;
  process.env['COCOON_ASK'] = 'never';
  devnet = await createDevnet({ dataDir: null, port: 0, blockIntervalMs: 0 });
  const keys = keyPairFromSeed(sha256(Buffer.from('operator of scripts')));
  const nobody = new Address(0, Buffer.alloc(32));
  const chain = await createChain({ endpoint: devnet.apiUrl, registry: nobody });
  wallet = createWalletSender(chain, keys);
  await devnet.faucet(wallet.address, 1_000n * COIN);
});

afterAll(async () => {
  await devnet.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Runs a command as Blueprint does; what it wrote, but for the two lines that every command begins with. */
async function perform(
  command: (provider: NetworkProvider, args: string[]) => Promise<void>,
  args: Record<string, string> = {},
): Promise<string[]> {
  return runCommand({ wallet, endpoint: devnet.apiUrl }, command, args);
}

function written(): Written {
  return JSON.parse(readFileSync(join(folder, `devnet${devnet.networkId}.json`), 'utf8')) as Written;
}

/** The first run does it and says the fee, the second finds it done and sends nothing. */
async function doneOnce(
  command: (provider: NetworkProvider, args: string[]) => Promise<void>,
  args: Record<string, string>,
  done: string,
  already: RegExp,
): Promise<void> {
  const first = await perform(command, args);
  expect(first[0]).toBe(`done      ${done}`);
  expect(first[1]).toMatch(/^address {3}EQ/);
  expect(first[3]).toMatch(/^fee {7}0\.0\d+ TON, rent included$/);
  const second = await perform(command, args);
  expect(second[0]).toMatch(already);
  expect(second.some((line) => line.startsWith('spent'))).toBe(false);
}

test('maintainer, provider, router and client do everything by commands, and nothing twice', async () => {
  await doneOnce(deployRegistry, {}, 'registry deployed', /^deployed {2}already/);
  await doneOnce(setParameters, { minStake: '5' }, 'parameters set', /^set {7}already/);
  await doneOnce(allowShape, { shape: SHAPE }, 'shape allowed', /^allowed {3}already/);
  await doneOnce(allowModel, { modelHash: hex('m'), name: 'tiny' }, 'model allowed', /^allowed {3}already/);
  const image = { imageId: IMAGE, expiresAt: '1999999999' };
  await doneOnce(allowImage, image, 'image allowed', /^allowed {3}already/);

  const floor = {
    pceId: '0',
    pceSvn: '11',
    sgxSvns: '02'.repeat(16),
    teeTcbSvn: '03'.repeat(16),
    qeIsvSvn: '4',
  };
  await doneOnce(allowTcb, floor, 'floor set', /^allowed {3}already/);
  const ppid = '5a'.repeat(16);
  await doneOnce(blockPlatform, { platform: ppid }, 'blocked', /^blocked {3}already/);
  const machine = await perform(showPlatform, { platform: ppid });
  expect(machine.at(-1)).toBe('deployed  no: no quote of it was verified yet');
  const byHash = await perform(showPlatform, { platform: sha256(Buffer.from(ppid, 'hex')).toString('hex') });
  expect(byHash).toEqual(machine);
  expect(await perform(showPlatform, { platform: machine[0]!.split(/ +/)[1]! })).toEqual(machine);
  await expect(perform(showPlatform, { platform: 'a machine' })).rejects.toThrow(
    'platform cannot be "a machine"',
  );

  await doneOnce(stakeWorker, { stake: '5' }, 'staked', /^staked {4}already/);
  const worker = written().workers[0]!.address;
  const registry = Address.parse(written().registry.address);
  const now = Math.floor(devnet.nowUnix());
  const statement = statementImage({
    role: 1,
    networkId: devnet.networkId,
    registry: registry.hash,
    worker: Address.parse(worker).hash,
    receiptKey: sha256(Buffer.from('receipt key')),
    hpkeKey: sha256(Buffer.from('hpke key')),
    kemId: 0x20,
    kdfId: 1,
    aeadId: 2,
    notBefore: now,
    notAfter: now + 3_600,
    modelsRoot: modelsRoot([]),
    gpuEvidenceHash: Buffer.alloc(32),
    hostTier: 0,
  }).toString('hex');
  await doneOnce(announce, { worker, statement }, 'announced', /^announced already/);

  await expect(perform(announce, { worker, statement, models: hex('m') })).rejects.toThrow(
    'The statement names other models.',
  );
  expect(await perform(showWorker, { worker })).toEqual(
    expect.arrayContaining([
      expect.stringMatching(/^active {4}no/),
      expect.stringMatching(/^pending {3}[0-9a-f]{64}, a quote may confirm it$/),
    ]),
  );

  const recipient = wallet.address.toString();
  await doneOnce(listRecipient, { worker, recipient, maxBps: '100' }, 'listed', /^listed {4}already/);
  expect(await perform(pullFees, { worker })).toEqual(['pulled    nothing is owed']);
  await wallet.send({ to: Address.parse(worker), valueNano: COIN });
  const claimed = await perform(claim, { worker });
  expect(claimed[1]).toBe('done      claimed');
  expect(await perform(claim, { worker })).toEqual(['claimed   nothing is claimable']);

  await doneOnce(
    deployRouter,
    { endpoint: 'https://r.example', feeBps: '100' },
    'router listed',
    /^listed {4}already/,
  );
  await doneOnce(retireRouter, {}, 'router retired', /^retired {3}already/);

  const open = { signer: hex('signer'), deposit: '3', budget: '2' };
  await doneOnce(openEscrow, open, 'escrow opened', /^opened {4}already/);
  const escrow = written().escrows[0]!.address;
  await perform(topUp, { escrow, amount: '1' });
  expect((await perform(withdraw, { escrow }))[1]).toBe('done      withdrawn');
  expect((await perform(withdraw, { escrow }))[1]).toBe('withdrawn nothing is free');
  expect(await perform(showEscrow, { escrow })).toContain('locked    0 TON');

  expect((await perform(unstake, { worker }))[0]).toBe('done      unstaked');
  expect((await perform(unstake, { worker }))[0]).toMatch(/^unstaked {2}already; free 2/);
  devnet.advance(15 * 86_400);
  expect((await perform(unstake, { worker }))[0]).toBe('done      stake withdrawn');
  expect(await perform(unstake, { worker })).toEqual(['unstaked  nothing is staked']);

  await doneOnce(revokeImage, { imageId: IMAGE }, 'image revoked', /^revoked {3}already/);
  await doneOnce(blockSubject, { subject: IMAGE }, 'blocked', /^blocked {3}already/);
  await doneOnce(sealRegistry, {}, 'registry sealed', /^sealed {4}already/);
  const queued = await perform(allowImage, image);
  expect(queued.at(-2)).toMatch(/^queued {4}anybody may carry it out with executeOrder after/);
  expect(await perform(showRegistry)).toEqual(
    expect.arrayContaining([
      'sealed    yes',
      expect.stringMatching(/^order {5}[0-9a-f]{64} due .*: AllowImage$/),
    ]),
  );
}, 240_000);

test('maintainer revokes, unblocks, takes orders back, and hands the registry over', async () => {
  const nobody = new Address(0, Buffer.alloc(32, 9)).toString();
  await doneOnce(revokeShape, { shape: SHAPE }, 'shape revoked', /^revoked {3}already/);
  await doneOnce(revokeTcb, {}, 'floor revoked', /^revoked {3}already/);
  await doneOnce(revokeModel, { modelHash: hex('m') }, 'model revoked', /^revoked {3}already/);

  // The registry is sealed by now: what loosens is queued, and can be taken back until it is due.
  const unblock = await perform(unblockSubject, { subject: IMAGE });
  const order = unblock.at(-1)!.split(/ +/)[1]!;
  await doneOnce(cancelOrder, { order }, 'order cancelled', /^cancelled no such order is queued/);
  await perform(unblockSubject, { subject: IMAGE });
  const waiting = await perform(setGuardian, { guardian: nobody });
  expect(waiting.at(-2)).toMatch(/^queued/);
  const guardian = waiting.at(-1)!.split(/ +/)[1]!;
  expect(await perform(executeOrder, { order: guardian })).toEqual([
    expect.stringMatching(/^executed {2}not yet; due 2/),
  ]);
  devnet.advance(15 * 86_400);
  const none = /^executed {2}no such order is queued/;
  await doneOnce(executeOrder, { order }, 'order carried out', none);
  await doneOnce(executeOrder, { order: guardian }, 'order carried out', none);
  expect(await perform(unblockSubject, { subject: IMAGE })).toEqual(['unblocked already']);
  expect((await perform(setGuardian, { guardian: nobody }))[0]).toMatch(/^set {7}already/);

  await doneOnce(offerOwnership, { newOwner: nobody }, 'ownership offered', /^offered {3}already/);
  await perform(offerOwnership, { newOwner: wallet.address.toString() });
  await doneOnce(acceptOwnership, {}, 'ownership accepted', /^accepted {2}already/);
}, 120_000);

test('provider changes the operator and delists a router', async () => {
  const worker = written().workers[0]!.address;
  const other = new Address(0, Buffer.alloc(32, 8)).toString();
  await doneOnce(setOperator, { worker, operator: other }, 'operator set', /^set {7}already/);
  const recipient = wallet.address.toString();
  await doneOnce(delistRecipient, { worker, recipient }, 'delisted', /^delisted {2}already; ends 2/);
  expect(await perform(delistRecipient, { worker, recipient: other })).toEqual([
    'delisted  there is no such listing',
  ]);
}, 120_000);

test('client changes the signer, closes lines, and has the money back after the delay', async () => {
  const escrow = written().escrows[0]!.address;
  await perform(topUp, { escrow, amount: '2' });
  const signer = { escrow, signer: hex('next signer'), budget: '0.5' };
  expect((await perform(setSigner, signer))[1]).toBe('done      signer set');
  expect(await perform(setSigner, signer)).toEqual(['set       already']);

  const chain = await createChain({ endpoint: devnet.apiUrl, registry: written().registry.address });
  const settleBy = Math.floor(devnet.nowUnix()) + 6 * 86_400;
  const entries = [1, 2, 3, 4, 5, 6, 7].map((key) => ({
    kind: 'open' as const,
    cap: nano(COIN / 10n),
    provider: wallet.address.hash,
    index: 0,
    settleBy,
    feeBps: 0,
    feeTo: Buffer.alloc(20),
    workerKey: Buffer.alloc(32, key),
  }));
  await allocate(wallet, Address.parse(escrow), entries, 7n * (COIN / 10n));
  const ids = [...(await chain.escrow(Address.parse(escrow)))!.lines.keys()];
  expect(ids).toHaveLength(7);

  await expect(perform(closeLines, { escrow, lines: 'ab' })).rejects.toThrow('lines cannot be "ab"');
  expect(await perform(pruneLines, { escrow })).toEqual(['pruned    nothing has ended']);
  const [first] = ids as [string];
  await doneOnce(closeLines, { escrow, lines: first }, 'lines closed: 1 of 1', /^closed {4}already/);
  const closed = await perform(closeLines, { escrow, lines: 'all' });
  expect(closed.filter((line) => line.startsWith('done'))).toEqual([
    'done      lines closed: 5 of 6',
    'done      lines closed: 1 of 6',
  ]);
  devnet.advance(37 * 3_600);
  await doneOnce(pruneLines, { escrow }, 'lines pruned: 5 of 7', /^pruned {4}nothing has ended/);
  expect(await perform(showEscrow, { escrow })).toContain('locked    0 TON');
}, 120_000);

test('the fee that a command prints is what the accounts lost together', async () => {
  const before = await perform(showRegistry);
  expect(before.length).toBeGreaterThan(5);
  const chain = await createChain({ endpoint: devnet.apiUrl, registry: written().registry.address });
  const escrow = Address.parse(written().escrows[0]!.address);
  const sum = async () => (await chain.balance(wallet.address)) + (await chain.balance(escrow));
  const start = await sum();
  const lines = await perform(topUp, { escrow: escrow.toString(), amount: '2.5' });
  const lost = start - (await sum());
  expect(lines[3]).toBe(
    `fee       0.${lost.toString().padStart(9, '0').replace(/0+$/, '')} TON, rent included`,
  );
});

test('an argument that nobody asked for is refused before anything is sent', async () => {
  const escrow = written().escrows[0]!.address;
  await expect(perform(topUp, { escrow, amount: '1', ammount: '2' })).rejects.toThrow(
    'ammount is not known here',
  );
});
