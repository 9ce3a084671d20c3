import { beginCell, comment, toNano } from '@ton/core';
import { escrowDomain } from '../../src/protocol/domain';
import { keyPairFromSeed } from '../../src/protocol/ed25519';
import {
  allocateExternalBody,
  ESCROW_BASE_RESERVE_NANO,
  ESCROW_OPCODES,
  openBody,
  setSignerBody,
  topUpBody,
  withdrawBody,
} from '../../wrappers/Escrow';
import { TEST_NETWORK_ID } from '../support/chain';
import * as E from '../support/escrow';

const signer = keyPairFromSeed(Buffer.alloc(32, 5)).publicKey;
const opening = { signer, signerBudgetNano: 7n, closeDelaySeconds: 36 * E.HOUR };
const open = (change: Partial<typeof opening> = {}) => openBody({ ...opening, ...change });

describe('Open', () => {
  test('the client sets signer, budget and closing delay, and the value is his deposit', async () => {
    const world = await E.createEscrowWorld({ open: false });
    const result = await E.send(world, {
      from: world.client.address,
      value: toNano('1'),
      body: open(),
      init: true,
    });
    expect(E.steps(world, result)).toEqual(['client -> escrow Open 0']);
    const escrow = await E.readEscrow(world);
    expect(escrow).toMatchObject({
      salt: 0n,
      signer,
      signerBudgetNano: 7n,
      seqno: 0,
      closeDelaySeconds: 36 * E.HOUR,
      lockedNano: 0n,
      entries: 0,
    });
    expect(escrow.registry.equals(world.registry.address)).toBe(true);
    expect(escrow.client.equals(world.client.address)).toBe(true);
    expect(escrow.reserveNano).toBe(ESCROW_BASE_RESERVE_NANO);
    expect(escrow.freeNano).toBe((await E.escrowBalance(world)) - ESCROW_BASE_RESERVE_NANO);
  });

  test('the domain binds network, registry, address and the logical time of Open (I-11)', async () => {
    const world = await E.createEscrowWorld();
    const escrow = await E.readEscrow(world);
    const scope = {
      networkId: TEST_NETWORK_ID,
      registry: world.registry.address.hash,
      self: world.escrow.hash,
    };
    expect(escrow.domain).toEqual(escrowDomain(scope, escrow.born));
    expect(escrow.born).toBeGreaterThan(0n);
  });

  test('nobody but the client opens', async () => {
    const world = await E.createEscrowWorld({ open: false });
    const message = { value: toNano('1'), body: open(), init: true };
    expect(await E.trySend(world, { ...message, from: world.stranger.address })).toBe(1200);
    expect(await E.trySend(world, { ...message, from: world.client.address })).toBe(0);
  });

  test('the client opens once', async () => {
    const world = await E.createEscrowWorld();
    const again = { from: world.client.address, value: toNano('1'), body: open() };
    expect(await E.trySend(world, again)).toBe(1201);
  });

  test('the zero key is nobody', async () => {
    const world = await E.createEscrowWorld({ open: false });
    const message = { from: world.client.address, value: toNano('1'), init: true };
    expect(await E.trySend(world, { ...message, body: open({ signer: Buffer.alloc(32) }) })).toBe(1203);
    expect(await E.trySend(world, { ...message, body: open() })).toBe(0);
  });

  test.each([
    [24 * E.HOUR - 1, 1204],
    [24 * E.HOUR, 0],
    [72 * E.HOUR, 0],
    [72 * E.HOUR + 1, 1204],
  ])('a closing delay of %d seconds ends with exit code %d', async (closeDelaySeconds, exit) => {
    const world = await E.createEscrowWorld({ open: false });
    const body = open({ closeDelaySeconds });
    expect(await E.trySend(world, { from: world.client.address, value: toNano('1'), body, init: true })).toBe(
      exit,
    );
  });
});

describe('money that arrives', () => {
  test.each([
    ['a plain transfer', undefined],
    ['a text comment', comment('for you')],
    ['TopUp', topUpBody()],
  ])('%s of anybody is a deposit, less its own gas', async (_name, body) => {
    const world = await E.createEscrowWorld();
    const before = await E.readEscrow(world);
    const result = await E.send(world, {
      from: world.stranger.address,
      value: toNano('1'),
      ...(body && { body }),
    });
    expect(result.transactions).toHaveLength(1);
    const fees = result.transactions[0]!.totalFees.coins;
    expect((await E.readEscrow(world)).freeNano).toBe(before.freeNano + toNano('1') - fees);
  });

  test('before Open is held for the client, who can take it back', async () => {
    const world = await E.createEscrowWorld({ open: false });
    await E.send(world, { from: world.stranger.address, value: toNano('3'), init: true });
    const body = withdrawBody(0n);
    expect(await E.trySend(world, { from: world.stranger.address, value: toNano('0.1'), body })).toBe(1200);
    const before = await world.client.getBalance();
    await E.send(world, { from: world.client.address, value: toNano('0.1'), body });
    expect(await world.client.getBalance()).toBeGreaterThan(before + toNano('2.9'));
    expect(await E.escrowBalance(world)).toBe(ESCROW_BASE_RESERVE_NANO);
  });

  test.each([
    ['an unknown opcode', 130, beginCell().storeUint(0x12345678, 32).endCell()],
    ['a cut Withdraw', 9, beginCell().storeUint(ESCROW_OPCODES.Withdraw, 32).endCell()],
  ])('%s is refused with exit code %d and comes back', async (_name, exit, body) => {
    const world = await E.createEscrowWorld();
    const before = await E.escrowBalance(world);
    const result = await E.send(world, { from: world.stranger.address, value: toNano('1'), body });
    expect(E.escrowExit(world, result)).toBe(exit);
    expect(result.transactions).toHaveLength(2);
    expect(await E.escrowBalance(world)).toBe(before);
  });
});

describe('SetSigner', () => {
  const successor = keyPairFromSeed(Buffer.alloc(32, 6));

  test('the client replaces the signer: the old one allocates no more, the new one does', async () => {
    const world = await E.createEscrowWorld();
    const entries = [E.opening(world, E.lineTo(world), toNano('1'))];
    const result = await E.send(world, {
      from: world.client.address,
      value: toNano('0.1'),
      body: setSignerBody(successor.publicKey, toNano('5')),
    });
    expect(E.steps(world, result)).toEqual(['client -> escrow SetSigner 0', 'escrow -> client Excesses 0']);
    expect(await E.readEscrow(world)).toMatchObject({
      signer: successor.publicKey,
      signerBudgetNano: toNano('5'),
    });

    const old = await E.signedAllocation(world, entries, toNano('1'));
    expect(await E.tryExternal(world, allocateExternalBody(old))).toBe(1214);
    const repaired = await E.signedAllocation(world, entries, toNano('1'), {}, successor);
    expect(await E.tryExternal(world, allocateExternalBody(repaired))).toBe(0);
  });

  test('refuses a stranger, the zero key, and an escrow that is not open', async () => {
    const world = await E.createEscrowWorld();
    const message = { from: world.client.address, value: toNano('0.1') };
    const body = setSignerBody(successor.publicKey, 1n);
    expect(await E.trySend(world, { ...message, body, from: world.stranger.address })).toBe(1200);
    expect(await E.trySend(world, { ...message, body: setSignerBody(Buffer.alloc(32), 1n) })).toBe(1203);
    expect(await E.trySend(world, { ...message, body })).toBe(0);
    const unopened = await E.createEscrowWorld({ open: false });
    expect(await E.trySend(unopened, { ...message, from: unopened.client.address, body, init: true })).toBe(
      1202,
    );
  });
});
