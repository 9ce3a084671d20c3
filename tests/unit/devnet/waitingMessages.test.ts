import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Address, beginCell, external, internal, SendMode, storeMessage } from '@ton/core';
import { keyPairFromSeed } from '@ton/crypto';
import { createDevnet, type Devnet, type DevnetConfig } from '../../../src/devnet/devnet';
import { rpc, START_UNIX, testWallet, tonClient } from './devnetFixture';

const STRANGER = new Address(0, Buffer.alloc(32, 0xab));
/** Longer than any test: what is sent waits. */
const NEVER_MS = 3_600_000;

describe('messages that wait for a block', () => {
  let folder: string;
  let devnet: Devnet | null = null;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'devnet-'));
  });
  afterEach(async () => {
    await devnet?.close();
    devnet = null;
    rmSync(folder, { recursive: true, force: true });
  });

  const open = async (config: Partial<DevnetConfig>): Promise<Devnet> => {
    await devnet?.close();
    devnet = await createDevnet({
      dataDir: folder,
      blockIntervalMs: 0,
      startUnix: START_UNIX,
      frozen: true,
      ...config,
    });
    return devnet;
  };

  const payment = (networkId: number, value: bigint): string => {
    const { contract } = testWallet(tonClient({ apiUrl: 'http://127.0.0.1' }), networkId);
    const body = contract.createTransfer({
      seqno: 0,
      timeout: START_UNIX + 3_600,
      secretKey: keyPairFromSeed(Buffer.alloc(32, 1)).secretKey,
      sendMode: SendMode.PAY_GAS_SEPARATELY,
      messages: [internal({ to: STRANGER, value, bounce: false })],
    });
    const message = external({ to: contract.address, init: contract.init, body });
    return beginCell().store(storeMessage(message)).endCell().toBoc().toString('base64');
  };
  const waiting = async ({ url }: Devnet): Promise<number> =>
    ((await (await fetch(`${url}/healthz`)).json()) as { waiting: number }).waiting;

  test('the same message sent twice, also at the same moment, is one message', async () => {
    const funding = await open({});
    await funding.faucet(testWallet(tonClient(funding), funding.networkId).address, 1_000_000_000n);
    const slow = await open({ blockIntervalMs: NEVER_MS });
    const boc = payment(slow.networkId, 1_000n);
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => rpc(slow, 'sendBocReturnHash', { boc })),
    );
    expect(new Set(replies.map(({ body }) => JSON.stringify(body))).size).toBe(1);
    expect(replies[0]).toMatchObject({ status: 200 });
    await rpc(slow, 'sendBoc', { boc });
    expect(await waiting(slow)).toBe(1);
  });

  test('an acknowledged message is processed after a restart, and of two that exclude each other one', async () => {
    const funding = await open({});
    const { address } = testWallet(tonClient(funding), funding.networkId);
    await funding.faucet(address, 1_000_000_000n);
    const slow = await open({ blockIntervalMs: NEVER_MS });
    // Two with the same sequence number: each is good as long as the other was not processed.
    for (const value of [1_000n, 2_000n]) {
      expect(await rpc(slow, 'sendBoc', { boc: payment(slow.networkId, value) })).toMatchObject({
        status: 200,
      });
    }
    expect(await waiting(slow)).toBe(2);
    expect(await tonClient(slow).getBalance(STRANGER)).toBe(0n);

    const restarted = await open({});
    expect(await waiting(restarted)).toBe(0);
    const client = tonClient(restarted);
    expect(await client.getBalance(STRANGER)).toBe(1_000n);
    expect(await testWallet(client, restarted.networkId).seqno()).toBe(1);
    expect(await client.getTransactions(address, { limit: 10 })).toHaveLength(2);
  });

  test('a block that was cut short by its limit goes on after a restart', async () => {
    const funding = await open({ blockTransactionsMax: 1 });
    const wallet = testWallet(tonClient(funding), funding.networkId);
    await funding.faucet(wallet.address, 1_000_000_000n);
    const before = await tonClient(funding).getMasterchainInfo();
    await wallet.send(STRANGER, 1_000n, { seqno: 0, count: 3 });
    const after = await tonClient(funding).getMasterchainInfo();
    // The wallet's transaction and three deliveries, a block each.
    expect(after.latestSeqno - before.latestSeqno).toBe(4);
    const again = await open({});
    expect(await tonClient(again).getMasterchainInfo()).toEqual(after);
    expect(await tonClient(again).getBalance(STRANGER)).toBe(3_000n);
  });
});
