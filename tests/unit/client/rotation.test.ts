import { createNetwork, HELLO } from './network/setup';
import { talkativeEngine } from './network/engine';
import { createFakeWorker } from './network/worker';

const ANSWER = { choices: [{ message: { content: 'Hello world' } }] };
type Network = ReturnType<typeof createNetwork>;

/** The machine has booted again, or has a new statement: chain and order book show what is true now. */
function replaceWorker({ workers, chain, clock }: Network, boot: number): void {
  const { address, history } = workers[0]!;
  const known = boot === 0 ? { history } : {};
  const next = createFakeWorker(clock, { index: 1, engine: talkativeEngine, address, boot, ...known });
  workers.splice(0, 1, next);
  chain.workerStates.set(address.hash.toString('hex'), next.state);
}

describe('a client whose only worker has a new key', () => {
  it('meets a new statement of the same boot without its caller noticing', async () => {
    const network = createNetwork();
    const { openai, client, clock, workers, faults } = network;
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    const { key } = workers[0]!;
    clock.advance(5);
    replaceWorker(network, 0);
    expect(workers[0]!.key).toBe(key);
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    expect(faults).toEqual([]);
    await client.close();
  });

  it('reads the order book anew when the one it has is from before, and asks the same worker again', async () => {
    const network = createNetwork();
    const { openai, client, clock, router, faults } = network;
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    // Within the two seconds for which an order book is believed.
    clock.advance(1);
    replaceWorker(network, 0);
    router.refusals = ['channel_open_failed'];
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    expect(router.received).toHaveLength(3);
    expect(faults.map(({ error }) => error.code)).toEqual(['channel_open_failed']);
    await client.close();
  });

  it('opens a line to the key of a new boot before the first byte, and its caller notices nothing', async () => {
    const network = createNetwork();
    const { openai, client, clock, chain, router, workers } = network;
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    const { key } = workers[0]!;
    clock.advance(1);
    replaceWorker(network, 2);
    expect(workers[0]!.key).not.toBe(key);
    router.refusals = ['no_attested_worker'];
    expect(await openai.chat.completions.create(HELLO)).toMatchObject(ANSWER);
    expect(router.received).toHaveLength(3);
    expect(
      chain.allocations.flatMap(({ entries }) => entries).filter(({ kind }) => kind === 'open'),
    ).toHaveLength(2);
    await client.close();
  });
});
