import { toNano } from '@ton/core';
import type { AllocateEntry } from '../../src/protocol/allocate';
import type { Line } from '../../src/protocol/line';
import { allocateBody, allocateExternalBody, withdrawBody, type SettleItem } from '../../wrappers/Escrow';
import { feeToOf, GET_WORKER, listRecipientBody, parseWorker, pullFeeBody } from '../../wrappers/Worker';
import { createAdmittedWorker, tellWorker } from '../support/admittedWorker';
import * as E from '../support/escrow';
import { expectSound, ordersOf } from '../support/lines';

// Scenario 3: three workers, three routers, nine lines, and a client who tries to spend the same nanoton twice.

const ONE = toNano('1');

interface Market {
  world: E.EscrowWorld;
  /** The same client and escrow, seen by each worker. */
  views: E.EscrowWorld[];
  routers: Awaited<ReturnType<E.EscrowWorld['chain']['treasury']>>[];
  lines: { view: E.EscrowWorld; line: Line }[];
}

async function openMarket(): Promise<Market> {
  const world = await E.createEscrowWorld({ depositNano: toNano('10') });
  const { chain, registry } = world;
  const others = [
    await createAdmittedWorker(chain, registry, 'second'),
    await createAdmittedWorker(chain, registry, 'third'),
  ];
  const views = [world, ...others.map((worker) => ({ ...world, worker }))];
  const routers = await Promise.all([1, 2, 3].map((n) => chain.treasury(`router ${n}`)));
  for (const { worker } of views) {
    for (const router of routers) {
      await tellWorker(
        chain,
        worker,
        worker.provider.address,
        listRecipientBody(feeToOf(router.address), 300),
      );
    }
  }
  const lines = views.flatMap((view) =>
    routers.map(({ address }) => ({ view, line: E.lineTo(view, { feeBps: 300, feeTo: feeToOf(address) }) })),
  );
  return { world, views, routers, lines };
}

async function openAll({ world, lines }: Market): Promise<void> {
  const entries = lines.map(({ view, line }): AllocateEntry => E.opening(view, line, ONE));
  await E.allocateByClient(world, entries, 9n * ONE);
}

test('the last coin goes once: raised for one worker, raised for another, or withdrawn, whichever comes first', async () => {
  const market = await openMarket();
  const { world, lines } = market;
  await openAll(market);
  const free = (await E.readEscrow(world)).freeNano;
  const share = (free * 9n) / 10n;
  const start = world.chain.snapshot();
  const client = { from: world.client.address, value: ONE };
  const raise = (at: number): AllocateEntry[] => [E.raising(lines[at]!.line, ONE + share)];
  const spend = {
    client: async () =>
      E.escrowExit(world, await E.send(world, { ...client, body: allocateBody(raise(0), share) })),
    signer: async () => {
      const signed = await E.signedAllocation(world, raise(4), share);
      return E.exitOfExternal(world, allocateExternalBody(signed));
    },
    withdrawal: async () =>
      E.escrowExit(world, await E.send(world, { ...client, body: withdrawBody(share) })),
  };
  for (const order of ordersOf(['client', 'signer', 'withdrawal'] as const)) {
    await world.chain.loadFrom(start);
    const exits = [];
    for (const way of order) exits.push(await spend[way]());
    expect(exits).toEqual([0, 1205, 1205]);
    await expectSound(world);
  }
});

test('two allocations of one number, signed for two workers, are one: the other is refused, and so is its copy', async () => {
  const market = await openMarket();
  const { world, lines } = market;
  await openAll(market);
  const share = toNano('0.5');
  const bodies = await Promise.all(
    [0, 4].map(async (at) =>
      allocateExternalBody(await E.signedAllocation(world, [E.raising(lines[at]!.line, ONE + share)], share)),
    ),
  );
  expect(await E.exitOfExternal(world, bodies[0]!)).toBe(0);
  for (const body of bodies) expect(await E.exitOfExternal(world, body)).toBe(1211);
  await expectSound(world);
});

test('all nine lines are paid in full, twice submitted and in any order, and the money adds up to the nanoton', async () => {
  const market = await openMarket();
  const { world, views, routers, lines } = market;
  await openAll(market);
  const items = await Promise.all(
    lines.map(({ view, line }): Promise<SettleItem> => E.receiptFor(view, line, ONE, {}, view.worker.keys)),
  );
  const before = await E.escrowBalance(world);
  // Each router settles what passed through it, then each provider what is his: all of it a second time.
  for (const router of [0, 1, 2])
    await E.settle(
      world,
      items.filter((_, n) => n % 3 === router),
    );
  for (const worker of [0, 1, 2]) await E.settle(world, items.slice(3 * worker, 3 * worker + 3).reverse());
  expect(await E.escrowBalance(world)).toBe(before - 9n * ONE);
  expect((await E.readEscrow(world)).lockedNano).toBe(0n);
  for (const { chain, worker } of views) {
    const read = async () => parseWorker((await chain.runGetMethod(worker.address, GET_WORKER)).stackReader);
    expect(await read()).toMatchObject({ earningsNano: toNano('2.91'), owedNano: toNano('0.09') });
    for (const router of routers) await tellWorker(chain, worker, router.address, pullFeeBody());
    expect(await read()).toMatchObject({ earningsNano: toNano('2.91'), owedNano: 0n });
  }
});
