import { Address, beginCell, contractAddress, type Cell } from '@ton/core';
import {
  allocate,
  announceStatement,
  claimEarnings,
  closeLines,
  delistRecipient,
  listRecipient,
  setOperator,
  setSigner,
  openEscrow,
  stakeWorker,
  topUp,
  withdraw,
} from '../../../src/chain/accounts';
import { attestWorker } from '../../../src/chain/attest';
import type { TraceableWallet, WalletSender } from '../../../src/chain/types';
import { nano } from '../../../src/protocol/amounts';
import { escrowDomain } from '../../../src/protocol/domain';
import { openEntry } from '../../../src/protocol/allocate';
import { lineId, type Line } from '../../../src/protocol/line';
import { statementHash } from '../../../src/protocol/statement';
import { createSettlement, openSettleStore, type Settlement } from '../../../src/settle';
import {
  Escrow,
  ESCROW_OPCODES,
  escrowAddress,
  escrowInit,
  GET_ESCROW,
  openBody,
  parseEscrow,
} from '../../../wrappers/Escrow';
import { workerAddress } from '../../../wrappers/Worker';
import {
  admittedWorker,
  createEconomy,
  DAY,
  key,
  lineTo,
  openedEscrow,
  receiptFor,
  quoteFor,
  statementOf,
  TON,
  type Economy,
  type RunningWorker,
} from './economy';

/** registry, salt, born, closing delay: a birth that never was. */
const forgedIdentity = (registry: Address): Cell =>
  beginCell().storeAddress(registry).storeUint(1, 32).storeUint(123, 64).storeUint(1, 32).endCell();

describe('the chain room on a devnet', () => {
  let economy: Economy;
  let provider: TraceableWallet;
  let client: WalletSender;
  let worker: RunningWorker;
  let escrow: Address;
  let settlement: Settlement;
  let line: Line;
  const failures: unknown[] = [];

  beforeAll(async () => {
    economy = await createEconomy();
    provider = await economy.wallet(2);
    client = await economy.wallet(3);
    worker = await admittedWorker(economy, provider, 0, key(100));
    escrow = await openedEscrow(economy, client, 3n * TON);
    settlement = createSettlement({
      chain: economy.chain,
      clock: economy.clock,
      wallet: provider,
      store: openSettleStore(':memory:'),
      listener: { failed: (_escrow, error) => failures.push(error) },
    });
    line = lineTo(economy, worker);
    const entry = openEntry(line, { provider: provider.address.hash, index: 0 }, nano(TON));
    await allocate(client, escrow, [entry], TON);
  });
  afterAll(() => economy.close());

  test('client reads his escrow as one consistent state', async () => {
    const state = (await economy.chain.escrow(escrow))!;
    expect(state).toMatchObject({
      salt: 0n,
      signer: key(200).publicKey,
      lockedNano: TON,
      seqno: 0,
      closeDelaySeconds: 36 * 3_600,
      readAtUnix: economy.clock.now(),
    });
    expect([state.address, state.client].map(String)).toEqual([escrow, client.address].map(String));
    expect(state.lines.get(lineId(line).toString('hex'))).toEqual({
      capNano: TON,
      paidNano: 0n,
      settleBy: line.settleBy,
      closeAt: 0,
    });
    expect(state.freeNano).toBe(state.balanceNano - state.lockedNano - state.reserveNano);
    const scope = {
      networkId: economy.chain.networkId,
      registry: economy.chain.registry.hash,
      self: escrow.hash,
    };
    expect(state.domain).toEqual(escrowDomain(scope, state.born));
  });

  test('reader gets the admitted worker with its key, and the registry lists it', async () => {
    const state = (await economy.chain.worker(worker.address))!;
    expect(state).toMatchObject({
      index: 0,
      stakeNano: TON,
      active: true,
      ...(await economy.machine.measured()),
      statementHash: statementHash(worker.statement),
    });
    expect(state.provider.toString()).toBe(provider.address.toString());
    expect(state.keys).toEqual([
      {
        workerKey: worker.keys.publicKey,
        activeUntil: state.activeUntil,
        lastSettleBy: expect.any(Number) as number,
        platform: state.platform,
      },
    ]);
    expect((await economy.chain.workers()).map(String)).toEqual([worker.address.toString()]);
  });

  test('accounts that are no escrow or no worker of this registry read as null', async () => {
    const nobody = new Address(0, Buffer.alloc(32, 0x66));
    expect(await economy.chain.escrow(nobody)).toBeNull();
    expect(await economy.chain.worker(nobody)).toBeNull();
    expect(await economy.chain.escrow(worker.address)).toBeNull();
    expect(await economy.chain.worker(escrow)).toBeNull();
    expect(await economy.chain.escrow(client.address)).toBeNull();
    // The same code under another registry is a genuine escrow, but not one of ours.
    const foreign = await escrowAddress(provider.address, client.address, 0n);
    const open = { signer: key(9).publicKey, signerBudgetNano: 0n, closeDelaySeconds: 36 * 3_600 };
    await client.transfer([
      {
        to: foreign,
        valueNano: TON / 10n,
        init: await escrowInit(provider.address, client.address, 0n),
        body: openBody(open),
      },
    ]);
    expect(await economy.chain.isDeployed(foreign)).toBe(true);
    expect(await economy.chain.escrow(foreign)).toBeNull();
  });

  test('an escrow that began with other data than it should is none, whatever its getters say', async () => {
    const { registry } = economy.chain;
    const { code, data } = await escrowInit(registry, client.address, 1n);
    const forged = await Escrow.init(client.address, forgedIdentity(registry), 5n, 1n, 0n, 0n, 0n, 0n, null);
    expect(forged.data.equals(data!)).toBe(false);
    const address = contractAddress(0, forged);
    await client.transfer([{ to: address, valueNano: TON / 10n, init: forged }]);
    const claimed = parseEscrow(await economy.chain.client.getMethod(address, GET_ESCROW));
    expect(claimed.registry.toString()).toBe(registry.toString());
    expect(claimed.client.toString()).toBe(client.address.toString());
    expect(forged.code.equals(code!)).toBe(true);
    expect(await economy.chain.escrow(address)).toBeNull();
  });

  test('wallet reports to the nanoton what a command cost', async () => {
    const before = await economy.chain.balance(client.address);
    const inEscrow = await economy.chain.balance(escrow);
    const { feesNano, spentNano, failure } = await topUp(client, escrow, TON / 2n);
    const after = await economy.chain.balance(client.address);
    const grown = (await economy.chain.balance(escrow)) - inEscrow;
    expect(failure).toBeNull();
    expect(spentNano).toBe(before - after);
    // What left the wallet is in the escrow or was a fee of one of the two transactions.
    expect(before - after).toBe(grown + feesNano);
  });

  test('client hears by name why a contract refused him', async () => {
    await expect(withdraw(provider, escrow, 1n)).rejects.toMatchObject({
      code: 'chain_refused',
      message: expect.stringMatching(/refused the message: not client \(\d+\)/) as string,
    });
    const free = (await economy.chain.escrow(escrow))!.freeNano;
    await expect(withdraw(client, escrow, free + 1n)).rejects.toMatchObject({ code: 'chain_refused' });
    const { failure, answers } = await withdraw(client, escrow, 1_000n);
    expect(failure).toBeNull();
    expect(answers).toHaveLength(1);
  });

  test('client who tops up an escrow that is not there hears it, and keeps his money', async () => {
    const nowhere = new Address(0, Buffer.alloc(32, 0x77));
    const before = await economy.chain.balance(client.address);
    await expect(topUp(client, nowhere, TON)).rejects.toMatchObject({
      code: 'chain_refused',
      message: expect.stringMatching(/no contract is there/) as string,
    });
    expect(await economy.chain.balance(nowhere)).toBe(0n);
    expect(before - (await economy.chain.balance(client.address))).toBeLessThan(TON / 100n);
  });

  test('anybody hears why a worker does not take a quote', async () => {
    const { registry } = economy.chain;
    const other = await economy.wallet(20);
    const address = await workerAddress(registry, other.address, 0);
    await stakeWorker(other, { registry, index: 0, stakeNano: TON, operator: other.address });
    const statement = statementOf(economy, address, key(120));
    const attest = async () =>
      attestWorker(other, economy.chain, { worker: address, quote: await quoteFor(economy, statement) });
    await expect(attest()).rejects.toMatchObject({
      code: 'chain_refused',
      message: expect.stringMatching(/statement not announced/) as string,
    });
    await announceStatement(other, address, statement, []);
    expect((await attest()).failure).toBeNull();
    expect((await economy.chain.worker(address))!.active).toBe(true);
  });

  test('provider settles a receipt once; the same again sends nothing', async () => {
    const { domain } = (await economy.chain.escrow(escrow))!;
    const held = [
      { escrow: escrow.hash, line, receipt: receiptFor(line, domain, 300_000_000n, worker.keys) },
    ];
    const before = await economy.chain.balance(provider.address);
    const [report] = (await settlement.run(held)).settled;
    expect(report).toMatchObject({ outcome: 'paid', paidNano: 300_000_000n });
    expect(report!.lines).toHaveLength(1);

    const balance = await economy.chain.balance(provider.address);
    expect(report!.spentNano).toBe(before - balance);
    expect(report!.spentNano).toBeLessThan(3_000_000n);
    expect((await settlement.run(held, { all: true })).settled).toEqual([]);
    expect(await economy.chain.balance(provider.address)).toBe(balance);
    expect((await economy.chain.worker(worker.address))!.earningsNano).toBe(300_000_000n);
  });

  test('provider settles what is held of several lines in one message, the spoiled ones left out', async () => {
    const second = lineTo(economy, worker, 8);
    const unopened = lineTo(economy, worker, 9);
    await allocate(
      client,
      escrow,
      [openEntry(second, { provider: provider.address.hash, index: 0 }, nano(TON / 2n))],
      TON / 2n,
    );
    const { domain, seqno } = (await economy.chain.escrow(escrow))!;
    expect(seqno).toBe(0);
    const held = [
      { escrow: escrow.hash, line, receipt: receiptFor(line, domain, 400_000_000n, worker.keys) },
      { escrow: escrow.hash, line, receipt: receiptFor(line, domain, 500_000_000n, worker.keys) },
      { escrow: escrow.hash, line: second, receipt: receiptFor(second, domain, 2n * TON, worker.keys) },
      { escrow: escrow.hash, line: unopened, receipt: receiptFor(unopened, domain, TON, worker.keys) },
      { escrow: Buffer.alloc(32, 1), line, receipt: receiptFor(line, domain, TON, worker.keys) },
    ];
    const { settled } = await settlement.run(held);
    expect(failures).toEqual([]);
    // 0.2 TON more of the first line, and of the second what its cap holds.
    expect(settled).toMatchObject([{ outcome: 'paid', paidNano: 200_000_000n + TON / 2n }]);
    expect(settled[0]!.lines).toHaveLength(2);
    const [settle] = (await economy.chain.transactions(escrow, 5)).filter(
      ({ op }) => op === ESCROW_OPCODES.Settle,
    );
    expect(settle).toMatchObject({ exitCode: 0, aborted: false });
    expect(settle!.from!.toString()).toBe(provider.address.toString());
    expect((await settlement.run(held)).settled).toEqual([]);
  });

  test('a payout that its worker refuses is reported as unpaid, and stays due', async () => {
    const third = lineTo(economy, worker, 10);
    await allocate(
      client,
      escrow,
      [openEntry(third, { provider: provider.address.hash, index: 0 }, nano(TON / 10n))],
      TON / 10n,
    );
    const state = (await economy.chain.escrow(escrow))!;
    const stranger = { ...third, workerKey: key(150).publicKey };
    await allocate(
      client,
      escrow,
      [openEntry(stranger, { provider: provider.address.hash, index: 0 }, nano(TON / 10n))],
      TON / 10n,
    );
    const receipt = receiptFor(stranger, state.domain, TON / 10n, key(150));
    const held = [{ escrow: escrow.hash, line: stranger, receipt }];
    const before = await economy.chain.balance(provider.address);
    const { settled, claims } = await settlement.run(held, { all: true });
    expect(settled).toMatchObject([
      { outcome: 'nothing', paidNano: 0n, note: expect.stringMatching(/\(\d+\)/) },
    ]);
    expect(settled[0]!.spentNano).toBe(before - (await economy.chain.balance(provider.address)));
    // Each try costs gas: it waits, whatever is asked for.
    expect(claims).toMatchObject([{ state: 'held back', dueNano: TON / 10n }]);
    expect((await settlement.run(held, { all: true })).settled).toEqual([]);
    const entry = (await economy.chain.escrow(escrow))!.lines.get(lineId(stranger).toString('hex'))!;
    expect(entry.paidNano).toBe(0n);
  });

  test('provider claims what the chain says is claimable', async () => {
    const { claimableNano } = (await economy.chain.worker(worker.address))!;
    const before = await economy.chain.balance(provider.address);
    const { feesNano } = await claimEarnings(provider, worker.address);
    const after = await economy.chain.balance(provider.address);
    expect(after - before).toBe(claimableNano - feesNano);
    expect((await economy.chain.worker(worker.address))!.claimableNano).toBe(0n);
  });

  test('provider changes his operator, lists a router and delists it', async () => {
    const feeTo = client.address.hash.subarray(0, 20);
    await listRecipient(provider, worker.address, feeTo, 200);
    await setOperator(provider, worker.address, client.address);
    const listed = (await economy.chain.worker(worker.address))!;
    expect(listed.operator.toString()).toBe(client.address.toString());
    expect(listed.feeRecipients).toEqual([expect.objectContaining({ feeTo, maxBps: 200, owedNano: 0n })]);
    await delistRecipient(provider, worker.address, feeTo);
    await expect(setOperator(client, worker.address, client.address)).rejects.toMatchObject({
      message: expect.stringMatching(/not provider/) as string,
    });
  });

  test('client replaces his signer and its budget', async () => {
    await setSigner(client, escrow, key(201).publicKey, 7n);
    expect(await economy.chain.escrow(escrow)).toMatchObject({
      signer: key(201).publicKey,
      signerBudgetNano: 7n,
    });
  });

  test('client closes a line and reads its date', async () => {
    await closeLines(client, escrow, [lineId(line)]);
    const entry = (await economy.chain.escrow(escrow))!.lines.get(lineId(line).toString('hex'))!;
    expect(entry.closeAt).toBe(Math.floor(economy.clock.now()) + 36 * 3_600);
    expect(entry.closeAt).toBeLessThan(line.settleBy + DAY);
  });

  test('one wallet sends what many ask for at once, in turn and all of it', async () => {
    const wallet = await economy.wallet(30);
    const receivers = Array.from({ length: 5 }, (_, i) => new Address(0, Buffer.alloc(32, 0xd0 + i)));
    await Promise.all(receivers.map((to) => wallet.send({ to, valueNano: 1_000n, bounce: false })));
    for (const to of receivers) expect(await economy.chain.balance(to)).toBe(1_000n);
    expect(await economy.chain.transactions(wallet.address, 20)).toHaveLength(6);
  });

  test('wallet that holds too little says so, and goes on with its next message', async () => {
    const wallet = await economy.wallet(31, 1n);
    const to = new Address(0, Buffer.alloc(32, 0xe0));
    await expect(wallet.transfer([{ to, valueNano: 2n * TON, bounce: false }])).rejects.toMatchObject({
      code: 'chain_refused',
      message: expect.stringMatching(/sent 0 of 1/) as string,
    });
    await wallet.send({ to, valueNano: TON / 2n, bounce: false });
    expect(await economy.chain.balance(to)).toBe(TON / 2n);
  });

  test('an escrow cannot be opened twice', async () => {
    const again = openEscrow(client, {
      registry: economy.chain.registry,
      signer: key(200).publicKey,
      signerBudgetNano: 0n,
      depositNano: TON / 10n,
    });
    await expect(again).rejects.toMatchObject({ message: expect.stringMatching(/already open/) as string });
  });
});
