import { Address, Cell } from '@ton/core';
import { keyPairFromSeed } from '@ton/crypto';
import { internal, SendMode, type TonClient } from '@ton/ton';
import type { Devnet } from '../../../src/devnet/devnet';
import { rpc, START_UNIX, startDevnet, testWallet, tonClient } from './devnetFixture';

describe('an unmodified TonClient on the devnet', () => {
  let devnet: Devnet;
  let client: TonClient;
  let wallet: ReturnType<typeof testWallet>;
  let STRANGER: Address;
  let tests = 0;
  beforeAll(async () => {
    devnet = await startDevnet();
    client = tonClient(devnet);
  });
  beforeEach(() => {
    tests++;
    wallet = testWallet(client, devnet.networkId, tests);
    STRANGER = new Address(0, Buffer.alloc(32, 0x80 + tests));
  });
  afterAll(() => devnet.close());

  test('wallet deploys itself, transfers, and both balances change by the exact amounts', async () => {
    expect(await client.isContractDeployed(wallet.address)).toBe(false);
    await devnet.faucet(wallet.address, 10_000_000_000n);
    expect(await client.getBalance(wallet.address)).toBe(10_000_000_000n);

    await wallet.send(STRANGER, 1_500_000_000n, { seqno: 0 });

    expect(await client.isContractDeployed(wallet.address)).toBe(true);
    expect(await wallet.seqno()).toBe(1);
    expect(await client.getBalance(STRANGER)).toBe(1_500_000_000n);
    const [transfer] = await client.getTransactions(wallet.address, { limit: 1 });
    const sent = transfer!.outMessages.get(0)!.info;
    const forward = sent.type === 'internal' ? sent.forwardFee : 0n;
    const fees = transfer!.totalFees.coins + forward;
    expect(await client.getBalance(wallet.address)).toBe(8_500_000_000n - fees);
  });

  test('wallet sends one message for several receivers, each lands once', async () => {
    await devnet.faucet(wallet.address, 10_000_000_000n);
    await wallet.send(STRANGER, 1_000n, { seqno: 0, count: 5 });
    expect(await client.getBalance(STRANGER)).toBe(5_000n);
    expect(await client.getTransactions(STRANGER, { limit: 10 })).toHaveLength(5);
  });

  test('external message that its wallet refuses gets an error of the liteserver kind, and changes nothing', async () => {
    await devnet.faucet(wallet.address, 10_000_000_000n);
    await wallet.send(STRANGER, 1n, { seqno: 0 });
    const before = await client.getContractState(wallet.address);

    await expect(wallet.send(STRANGER, 1n, { seqno: 0 })).rejects.toMatchObject({
      response: {
        status: 500,
        data: {
          ok: false,
          code: 500,
          error: expect.stringMatching(
            /cannot apply external message to current state.*exitcode=133/s,
          ) as string,
        },
      },
    });
    expect((await client.getContractState(wallet.address)).lastTransaction).toEqual(before.lastTransaction);
    await wallet.send(STRANGER, 1n, { seqno: 1 });
    expect(await wallet.seqno()).toBe(2);
  });

  test('get-method reads numbers, a missing one ends with exit code 11', async () => {
    await devnet.faucet(wallet.address, 10_000_000_000n);
    await wallet.send(STRANGER, 1n, { seqno: 0 });
    const key = await client.runMethod(wallet.address, 'get_public_key');
    expect(key.stack.readBigNumber()).toBe(BigInt(`0x${wallet.contract.publicKey.toString('hex')}`));
    const missing = await client.runMethodWithError(wallet.address, 'no_such_method');
    expect(missing.exit_code).toBe(11);
    const nobody = await client.runMethodWithError(STRANGER, 'seqno');
    expect(nobody.exit_code).toBe(-13);
  });

  test('reader pages through transactions without a gap or a double', async () => {
    await devnet.faucet(wallet.address, 10_000_000_000n);
    for (let seqno = 0; seqno < 7; seqno++) await wallet.send(STRANGER, 1n, { seqno });

    const all = await client.getTransactions(wallet.address, { limit: 100 });
    expect(all).toHaveLength(8);
    const paged: string[] = [];
    let cursor: { lt: string; hash: string } | undefined;
    for (;;) {
      const page = await client.getTransactions(wallet.address, { limit: 3, ...cursor });
      if (page.length === 0) break;
      paged.push(...page.map((transaction) => transaction.hash().toString('hex')));
      const last = page.at(-1)!;
      cursor = { lt: last.lt.toString(), hash: last.hash().toString('base64') };
    }
    expect(paged).toEqual(all.map((transaction) => transaction.hash().toString('hex')));
    for (const [index, transaction] of all.slice(1).entries()) {
      expect(all[index]!.prevTransactionHash.toString(16).padStart(64, '0')).toBe(
        transaction.hash().toString('hex'),
      );
    }
    const since = await client.getTransactions(wallet.address, { limit: 100, to_lt: all[3]!.lt.toString() });
    expect(since).toHaveLength(3);
    const one = await client.getTransaction(
      wallet.address,
      all[2]!.lt.toString(),
      all[2]!.hash().toString('base64'),
    );
    expect(one!.lt).toBe(all[2]!.lt);
  });

  test('reader finds a message at both of its ends', async () => {
    await devnet.faucet(wallet.address, 10_000_000_000n);
    await wallet.send(STRANGER, 1n, { seqno: 0 });
    const [sender] = await client.getTransactions(wallet.address, { limit: 1 });
    const [receiver] = await client.getTransactions(STRANGER, { limit: 1 });
    const info = sender!.outMessages.get(0)!.info;
    const createdLt = info.type === 'internal' ? info.createdLt.toString() : '';
    const result = await client.tryLocateResultTx(wallet.address, STRANGER, createdLt);
    const source = await client.tryLocateSourceTx(wallet.address, STRANGER, createdLt);
    expect(result.hash()).toEqual(receiver!.hash());
    expect(source.hash()).toEqual(sender!.hash());
    await expect(client.tryLocateResultTx(STRANGER, wallet.address, createdLt)).rejects.toMatchObject({
      response: { status: 404 },
    });
  });

  test('reader walks from the masterchain to the transactions of a block', async () => {
    await devnet.faucet(wallet.address, 10_000_000_000n);
    await wallet.send(STRANGER, 1n, { seqno: 0 });
    const { latestSeqno } = await client.getMasterchainInfo();
    const [shard] = await client.getWorkchainShards(latestSeqno);
    const transactions = await client.getShardTransactions(shard!.workchain, shard!.seqno, shard!.shard);
    expect(transactions.map(({ account }) => account.toString())).toEqual([
      wallet.address.toString(),
      STRANGER.toString(),
    ]);
    const [last] = await client.getTransactions(STRANGER, { limit: 1 });
    expect(transactions[1]).toMatchObject({ lt: last!.lt.toString(), hash: last!.hash().toString('base64') });
  });

  test('fee estimate equals what the message then costs', async () => {
    await devnet.faucet(wallet.address, 10_000_000_000n);
    await wallet.send(STRANGER, 1n, { seqno: 0 });
    const before = await client.getBalance(wallet.address);
    const body = wallet.contract.createTransfer({
      seqno: 1,
      timeout: START_UNIX + 3_600,
      // Any key: the estimate does not look at the signature, and its own length is the same.
      secretKey: keyPairFromSeed(Buffer.alloc(32, 99)).secretKey,
      sendMode: SendMode.PAY_GAS_SEPARATELY,
      messages: [internal({ to: STRANGER, value: 1n, bounce: false })],
    });
    const estimate = async (ignoreSignature: boolean): Promise<bigint> => {
      const args = { body, initCode: null, initData: null, ignoreSignature };
      const { source_fees: fees } = await client.estimateExternalMessageFee(wallet.address, args);
      return BigInt(fees.in_fwd_fee + fees.storage_fee + fees.gas_fee + fees.fwd_fee);
    };
    await expect(estimate(false)).rejects.toMatchObject({ response: { status: 500 } });
    const estimated = await estimate(true);

    await wallet.send(STRANGER, 1n, { seqno: 1 });
    const spent = before - (await client.getBalance(wallet.address)) - 1n;
    expect(estimated).toBe(spent);
    const { body: reply } = await rpc(devnet, 'getTransactions', {
      address: wallet.address.toString(),
      limit: 1,
    });
    const [shown] = reply['result'] as { fee: string }[];
    expect(shown).toMatchObject({ fee: spent.toString(), utime: START_UNIX, in_msg: { source: '' } });
  });

  test('reader gets the configuration, network id first', async () => {
    const { body } = await rpc(devnet, 'getConfigParam', { config_id: 19 });
    const result = body['result'] as { config: { bytes: string } };
    expect(Cell.fromBase64(result.config.bytes).beginParse().loadInt(32)).toBe(devnet.networkId);
    const state = await tonClient(devnet).getContractState(
      Address.parse('-1:5555555555555555555555555555555555555555555555555555555555555555'),
    );
    expect(state.state).toBe('active');
    expect(Cell.fromBoc(state.data!)[0]!.refs).toHaveLength(1);
    expect(await rpc(devnet, 'getConfigParam', { config_id: 12345 })).toMatchObject({ status: 404 });
  });

  test('reader sees what kind of wallet an address is', async () => {
    const address = wallet.address.toString();
    await devnet.faucet(wallet.address, 10_000_000_000n);
    expect((await rpc(devnet, 'getWalletInformation', { address })).body['result']).toMatchObject({
      wallet: false,
      account_state: 'uninitialized',
    });
    await wallet.send(STRANGER, 1n, { seqno: 0 });
    expect((await rpc(devnet, 'getWalletInformation', { address })).body['result']).toMatchObject({
      wallet: true,
      wallet_type: 'wallet v5 r1',
      seqno: 1,
      account_state: 'active',
    });
    expect((await rpc(devnet, 'getExtendedAddressInformation', { address })).body['result']).toMatchObject({
      '@type': 'fullAccountState',
      account_state: { '@type': 'raw.accountState' },
    });
    expect((await rpc(devnet, 'getAddressState', { address })).body['result']).toBe('active');
  });
});
