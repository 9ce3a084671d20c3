import { Address, beginCell, Cell, contractAddress } from '@ton/core';
import { FIRST_SEQNO } from '../../../src/devnet/network';
import type { Devnet } from '../../../src/devnet/devnet';
import { postJson, rpc, START_UNIX, startDevnet, testWallet, tonClient } from './devnetFixture';

/** NOP-free assembly by hand: SETCP0 is FF00, ACCEPT F800. */
const code = (hex: string): Cell => beginCell().storeBuffer(Buffer.from(hex, 'hex')).endCell();

describe('time and blocks of the devnet', () => {
  let devnet: Devnet;
  beforeEach(async () => {
    devnet = await startDevnet();
  });
  afterEach(() => devnet.close());

  const header = async (seqno: number) => {
    const params = { workchain: -1, shard: '-9223372036854775808', seqno };
    return (await rpc(devnet, 'getBlockHeader', params)).body['result'] as { gen_utime: number; id: object };
  };
  const lookup = async (by: Record<string, unknown>) => {
    const params = { workchain: -1, shard: '-9223372036854775808', ...by };
    return (await rpc(devnet, 'lookupBlock', params)).body['result'] as { seqno: number };
  };

  test('a jump of the clock mints the blocks in between, and the same block always has the same id', async () => {
    const client = tonClient(devnet);
    expect((await client.getMasterchainInfo()).latestSeqno).toBe(FIRST_SEQNO);
    const { body } = await postJson(`${devnet.url}/clock`, { advance: 3_600 });
    expect(body).toMatchObject({ unix: START_UNIX + 3_600, frozen: true, seqno: FIRST_SEQNO + 9_000 });
    const middle = await header(FIRST_SEQNO + 4_500);
    expect(middle.gen_utime).toBe(START_UNIX + 1_800);
    devnet.advance(86_400);
    expect(await header(FIRST_SEQNO + 4_500)).toEqual(middle);
  });

  test('transactions happen at the time that was set, and rent is taken for the time that passed', async () => {
    const client = tonClient(devnet);
    const wallet = testWallet(client, devnet.networkId);
    await devnet.faucet(wallet.address, 1_000_000_000n);
    await wallet.send(wallet.address, 1n, { seqno: 0 });
    const year = 365 * 86_400;
    devnet.advance(year);
    await wallet.send(wallet.address, 1n, { seqno: 1, nowUnix: START_UNIX + year });
    const [, last] = await client.getTransactions(wallet.address, { limit: 2 });
    expect(last!.now).toBe(START_UNIX + year);
    const { description } = last!;
    // 135 / 2^16 nanoton per cell and second; a v5 wallet of 22 cells.
    const rent = description.type === 'generic' ? description.storagePhase!.storageFeesCollected : 0n;
    expect(rent).toBe((135n * 22n * BigInt(year) + 0xffffn) >> 16n);
  });

  test('the clock refuses to go back, and stands or runs as told', async () => {
    const past = await postJson(`${devnet.url}/clock`, { set: START_UNIX - 1 });
    expect(past).toMatchObject({ status: 422, body: { ok: false, code: 422 } });
    expect((await postJson(`${devnet.url}/clock`, { set: START_UNIX })).status).toBe(200);
    expect((await postJson(`${devnet.url}/clock`, { set: START_UNIX + 10 })).body).toMatchObject({
      unix: START_UNIX + 10,
      frozen: true,
    });
    expect((await postJson(`${devnet.url}/clock`, { freeze: false })).body).toMatchObject({ frozen: false });
    expect(await (await fetch(`${devnet.url}/clock`)).json()).toMatchObject({ frozen: false });
  });

  test('blocks are found by number, by time and by logical time', async () => {
    devnet.advance(1_000);
    const client = tonClient(devnet);
    const wallet = testWallet(client, devnet.networkId);
    await devnet.faucet(wallet.address, 1_000_000_000n);
    const { latestSeqno } = await client.getMasterchainInfo();
    const [gift] = await client.getTransactions(wallet.address, { limit: 1 });
    expect((await lookup({ lt: gift!.lt.toString() })).seqno).toBe(latestSeqno);
    expect((await lookup({ seqno: latestSeqno })).seqno).toBe(latestSeqno);
    const found = await lookup({ unixtime: START_UNIX + 500 });
    expect((await header(found.seqno)).gen_utime).toBe(START_UNIX + 500);
    expect((await header(found.seqno - 1)).gen_utime).toBe(START_UNIX + 499);
    expect(
      await rpc(devnet, 'getBlockHeader', { workchain: -1, shard: '0', seqno: latestSeqno }),
    ).toMatchObject({
      status: 500,
    });
    expect(await rpc(devnet, 'shards', { seqno: latestSeqno + 1 })).toMatchObject({ status: 500 });
    expect(await rpc(devnet, 'shards', { seqno: latestSeqno })).toMatchObject({ status: 200 });
  });

  test('a contract sees the last sixteen blocks whose number divides by 100, the newest first', async () => {
    devnet.advance(12_345);
    // PREVMCBLOCKS_100 (F83402), in a get-method of any name: SETCP0, then drop the method id.
    const init = { code: code('ff0030f83402'), data: Cell.EMPTY };
    const address = contractAddress(0, init);
    await deploy(devnet, address, init);
    const { stack } = await tonClient(devnet).runMethod(address, 'blocks');
    const listed = stack.readTuple();
    const { latestSeqno } = await tonClient(devnet).getMasterchainInfo();
    const newest = latestSeqno - (latestSeqno % 100);
    // TonClient leaves what is inside a tuple as it is: [workchain, shard, seqno, root hash, file hash].
    const blocks = (listed as unknown as { items: bigint[][] }).items;
    expect(blocks.map((block) => Number(block[2]))).toEqual(
      Array.from({ length: 16 }, (_, i) => newest - 100 * i),
    );
    const { id } = (await header(newest)) as { id: { root_hash: string } };
    expect(blocks[0]![3]!.toString(16).padStart(64, '0')).toBe(
      Buffer.from(id.root_hash, 'base64').toString('hex'),
    );
  });

  test('messages of one block are processed in it until it is full, the rest in the next one', async () => {
    const small = await startDevnet({ blockTransactionsMax: 3 });
    try {
      const client = tonClient(small);
      const wallet = testWallet(client, small.networkId);
      await small.faucet(wallet.address, 1_000_000_000n);
      const stranger = new Address(0, Buffer.alloc(32, 0xcd));
      await wallet.send(stranger, 1n, { seqno: 0, count: 7 });
      const received = await client.getTransactions(stranger, { limit: 10 });
      expect(received).toHaveLength(7);
      const { latestSeqno } = await client.getMasterchainInfo();
      const sizes = await Promise.all(
        [2, 1, 0].map(async (back) => {
          const at = await client.getShardTransactions(0, latestSeqno - back, '-9223372036854775808');
          return at.length;
        }),
      );
      // The wallet and two of its messages, three, two.
      expect(sizes).toEqual([3, 3, 2]);
      const order = received.map((transaction) => transaction.inMessage!.info).reverse();
      const sentAt = order.map((info) => (info.type === 'internal' ? info.createdLt : 0n));
      expect(sentAt).toEqual([...sentAt].sort((a, b) => Number(a - b)));
    } finally {
      await small.close();
    }
  });
});

/** Puts code on chain, from a funded wallet. */
async function deploy(devnet: Devnet, address: Address, init: { code: Cell; data: Cell }): Promise<void> {
  const client = tonClient(devnet);
  const wallet = testWallet(client, devnet.networkId, 77);
  await devnet.faucet(wallet.address, 1_000_000_000n);
  await wallet.send(address, 100_000_000n, { seqno: 0, init, nowUnix: devnet.nowUnix() });
}
