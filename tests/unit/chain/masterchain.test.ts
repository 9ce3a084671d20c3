import { createChainClient, type ChainClient } from '../../../src/chain/chainClient';
import { newestSharedBlock, sharedBlocks } from '../../../src/chain/masterchain';
import { createDevnet } from '../../../src/devnet/devnet';
import { FIRST_SEQNO } from '../../../src/devnet/network';

const hash = (seqno: number): string => {
  const bytes = Buffer.alloc(32);
  bytes.writeUInt32BE(seqno);
  return bytes.toString('base64');
};

/** A toncenter that says what the test wants; nothing waits. */
function clientOf(answer: (method: string, parameters: Record<string, unknown>) => unknown): ChainClient {
  const send = (async (_url: unknown, init: { body: string }) => {
    const { method, params } = JSON.parse(init.body) as { method: string; params: Record<string, unknown> };
    const result = answer(method, params);
    const refused = result === undefined;
    const body = refused ? { ok: false, error: 'LITE_SERVER_NOTREADY', code: 500 } : { ok: true, result };
    return new Response(JSON.stringify(body), { status: refused ? 500 : 200 });
  }) as typeof fetch;
  return createChainClient({ endpoint: 'http://ton' }, { fetch: send, sleep: async () => undefined });
}

const chainAt = (head: number, oldest = 0): ChainClient =>
  clientOf((method, { seqno, workchain, shard }) => {
    if (method === 'getMasterchainInfo') return { last: { seqno: head } };
    expect([method, workchain, shard]).toEqual(['lookupBlock', -1, '-9223372036854775808']);
    const asked = Number(seqno);
    return asked < oldest ? undefined : { seqno: asked, root_hash: hash(asked), file_hash: hash(0) };
  });

describe('blocks that a quote can be bound to', () => {
  it.each([
    [45_912_300, 45_912_300],
    [45_912_399, 45_912_300],
    [45_912_400, 45_912_400],
  ])('at masterchain block %i the newest is %i', async (head, seqno) => {
    const block = await newestSharedBlock(chainAt(head));
    expect(block).toEqual({ seqno, rootHash: Buffer.from(hash(seqno), 'base64') });
  });

  it('there are sixteen, a hundred apart', async () => {
    const blocks = await sharedBlocks(chainAt(45_912_399));
    expect(blocks.map(({ seqno }) => seqno)).toEqual(
      Array.from({ length: 16 }, (_, i) => 45_912_300 - 100 * i),
    );
  });

  it('an endpoint whose history is cut gives those that it has, and the newest is never missing', async () => {
    expect(await sharedBlocks(chainAt(45_912_399, 45_912_000))).toHaveLength(4);
    await expect(sharedBlocks(chainAt(45_912_399, 45_912_301))).rejects.toMatchObject({
      code: 'chain_unavailable',
    });
  });

  it('another block than the one asked for is no answer, nor is a hash of another size', async () => {
    for (const wrong of [
      { seqno: 45_912_200, root_hash: hash(1) },
      { seqno: 45_912_300, root_hash: hash(1).slice(0, 40) },
    ]) {
      const client = clientOf((method) =>
        method === 'getMasterchainInfo' ? { last: { seqno: 45_912_300 } } : wrong,
      );
      await expect(newestSharedBlock(client)).rejects.toMatchObject({ code: 'chain_unavailable' });
    }
  });

  it('a devnet tells all sixteen from its first block on, as it shows them to contracts', async () => {
    const devnet = await createDevnet({ dataDir: null, blockIntervalMs: 0, frozen: true });
    try {
      const client = createChainClient({ endpoint: devnet.apiUrl, attempts: 1 });
      const blocks = await sharedBlocks(client);
      expect(blocks.map(({ seqno }) => seqno)).toEqual(
        Array.from({ length: 16 }, (_, i) => FIRST_SEQNO - 100 * i),
      );
      expect(new Set(blocks.map(({ rootHash }) => rootHash.toString('hex'))).size).toBe(16);
      for (const unknown of [FIRST_SEQNO - 1_600, FIRST_SEQNO - 50, FIRST_SEQNO + 100]) {
        await expect(client.masterchainRoot(unknown)).rejects.toMatchObject({ code: 'chain_unavailable' });
      }
    } finally {
      await devnet.close();
    }
  });
});
