import { Address, TupleReader } from '@ton/core';
import type { ChainClient } from '../../../src/chain/chainClient';
import { createRegistryReader } from '../../../src/chain/registryRules';

const REGISTRY = new Address(0, Buffer.alloc(32, 1));

/** An endpoint whose registry changed last at `lt`, and whose getters ran on a state of `seenLt`. */
function endpoint(at: { lt: bigint; seenLt: bigint }) {
  const asked = { account: 0, lists: 0 };
  const client: Pick<ChainClient, 'account' | 'getMethodAt'> = {
    async account() {
      asked.account += 1;
      const last = { lt: at.lt, hash: Buffer.alloc(32) };
      return { deployed: true, balanceNano: 0n, code: '', last, seqno: 1, atUnix: 1_000 + asked.account };
    },
    async getMethodAt() {
      asked.lists += 1;
      return { stack: new TupleReader([{ type: 'null' }]), lastLt: at.seenLt };
    },
  };
  return { asked, read: createRegistryReader(client as ChainClient, REGISTRY) };
}

const LISTS = 5;

describe("the registry's lists", () => {
  it('are read once, and looked at with one question until the registry changes', async () => {
    const at = { lt: 7n, seenLt: 7n };
    const { asked, read } = endpoint(at);
    const first = await read();
    expect(first).toMatchObject({ readAtUnix: 1_001, images: new Map() });
    expect(await read()).toEqual({ ...first, readAtUnix: 1_002 });
    expect(asked).toEqual({ account: 2, lists: LISTS });
    Object.assign(at, { lt: 8n, seenLt: 8n });
    await read();
    await read();
    expect(asked).toEqual({ account: 4, lists: 2 * LISTS });
  });

  it('are read again when the server that gave them lags behind the one that told of the change', async () => {
    const at = { lt: 8n, seenLt: 7n };
    const { asked, read } = endpoint(at);
    await read();
    await read();
    expect(asked.lists).toBe(2 * LISTS);
    at.seenLt = 8n;
    await read();
    await read();
    expect(asked.lists).toBe(3 * LISTS);
  });
});
