import { Address, beginCell, Cell, external, storeMessage } from '@ton/core';
import type { Collator } from '../../../src/devnet/collator';
import type { Ledger } from '../../../src/devnet/ledger';
import { createMempool } from '../../../src/devnet/mempool';
import { openStore } from '../../../src/devnet/store';

const boc = (text: string): Buffer => {
  const body = beginCell().storeStringTail(text).endCell();
  const message = external({ to: new Address(0, Buffer.alloc(32, 1)), body });
  return beginCell().store(storeMessage(message)).endCell().toBoc();
};

/** A door whose messages all pass their trial; counts the trials. */
function createDoor() {
  const store = openStore(null);
  let trials = 0;
  const collator = {
    trial: async () => {
      trials++;
      await Promise.resolve();
      return { ok: true, transaction: Cell.EMPTY, account: Buffer.alloc(0) };
    },
  } as unknown as Collator;
  const mempool = createMempool({
    store,
    collator,
    ledger: {} as Ledger,
    nowMs: () => 0,
    onWaiting: async () => undefined,
  });
  return { store, mempool, trials: () => trials };
}

describe('the door for messages from outside', () => {
  test('one message from many senders in the same turn waits once, and all of them wait for the disk', async () => {
    const { store, mempool } = createDoor();
    const submitted = Array.from({ length: 5 }, () => mempool.submit(boc('one')));
    expect(store.queueLength()).toBe(0);
    const [first] = await Promise.all(submitted);
    expect(store.queueLength()).toBe(1);
    expect(store.isQueued(first!.hash)).toBe(true);
    store.close();
  });

  test('a message that waits already is not tried again', async () => {
    const { store, mempool, trials } = createDoor();
    await mempool.submit(boc('one'));
    await mempool.submit(boc('one'));
    expect(trials()).toBe(1);
    await mempool.submit(boc('two'));
    expect(trials()).toBe(2);
    expect(store.queueLength()).toBe(2);
    store.close();
  });
});
