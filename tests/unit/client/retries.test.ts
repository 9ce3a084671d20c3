import OpenAI from 'openai';
import { createNetwork, HELLO, type Network } from './network/setup';

/** The SDK's pauses end at once, and move the network's clock; its time limits are left alone. */
function pausing({ clock }: Network, afterwards: () => void): number[] {
  const pauses: number[] = [];
  const real = globalThis.setTimeout;
  const pause = (callback: () => void, ms = 0): unknown => {
    if (ms < 100 || ms > 60_000) return real(callback, ms);
    pauses.push(ms);
    clock.advance(ms / 1000);
    afterwards();
    return setImmediate(callback);
  };
  jest.spyOn(globalThis, 'setTimeout').mockImplementation(pause as typeof setTimeout);
  return pauses;
}

function retrying({ client }: Network): OpenAI {
  return new OpenAI({
    fetch: client.fetch,
    baseURL: 'https://cocoon.invalid/v1',
    apiKey: 'unused',
    maxRetries: 1,
  });
}

describe("openai's retry after 503", () => {
  let network: Network;
  beforeEach(() => (network = createNetwork()));
  afterEach(async () => {
    jest.restoreAllMocks();
    await network.client.close();
  });

  const paid = (): bigint =>
    network.client.receipts().reduce((sum, { costNano }) => sum + (costNano ?? 0n), 0n);

  it('waits as long as the answer says, gets its answer, and pays once', async () => {
    const { client, router } = network;
    router.entry = { freeSlots: 0 };
    const pauses = pausing(network, () => (router.entry = {}));
    const { usage } = await retrying(network).chat.completions.create(HELLO);
    expect(usage!.total_tokens).toBeGreaterThan(0);
    expect(pauses).toEqual([2_000]);
    expect(router.received).toHaveLength(1);
    expect(client.receipts()).toHaveLength(1);
    expect(paid()).toBe(17n);
  });

  it('pays once, too, when tickets had gone to a worker that was busy', async () => {
    const { client, router } = network;
    router.refusals = Array.from({ length: 10 }, () => 'worker_busy' as const);
    const pauses = pausing(network, () => (router.refusals = []));
    await retrying(network).chat.completions.create(HELLO);
    expect(pauses).toEqual([2_000]);
    expect(router.received.length).toBeGreaterThan(1);
    expect(client.receipts().filter(({ costNano }) => costNano !== null)).toHaveLength(1);
    expect(paid()).toBe(17n);
  });

  it('is not tried without end: a network that stays busy is told as 503', async () => {
    network.router.entry = { freeSlots: 0 };
    const pauses = pausing(network, () => undefined);
    await expect(retrying(network).chat.completions.create(HELLO)).rejects.toMatchObject({ status: 503 });
    expect(pauses).toEqual([2_000]);
    expect(network.client.receipts()).toEqual([]);
  });
});
