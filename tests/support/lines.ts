import { toNano, type Message } from '@ton/core';
import type { BlockchainTransaction } from '@ton/sandbox';
import { keyPairFromSeed, type KeyPair } from '../../src/protocol/ed25519';
import type { Line } from '../../src/protocol/line';
import { settleBody, withdrawBody, type LineOnChain, type SettleItem } from '../../wrappers/Escrow';
import { escrowReserveNano } from '../../wrappers/escrowCosts';
import * as E from './escrow';

/** A key that no Worker admitted yet: payouts to its lines come back. */
export const LATE_KEY: KeyPair = keyPairFromSeed(Buffer.alloc(32, 8));

/** A world in which `count` lines with the same cap are open. */
export async function openLines(
  count: number,
  capNano: bigint,
  change: Partial<Line> = {},
  options: E.WorldOptions = {},
): Promise<{ world: E.EscrowWorld; lines: Line[] }> {
  const world = await E.createEscrowWorld(options);
  const lines = Array.from({ length: count }, (_, salt) => E.lineTo(world, { salt, ...change }));
  const entries = lines.map((line) => E.opening(world, line, capNano));
  await E.allocateByClient(world, entries, BigInt(count) * capNano);
  return { world, lines };
}

/** The escrow's own transaction of a settle; its messages stay under way, the payouts first. */
export async function settleAlone(
  world: E.EscrowWorld,
  items: readonly SettleItem[],
): Promise<{ tx: BlockchainTransaction; payouts: Message[] }> {
  const message = E.toEscrow(world, {
    from: world.stranger.address,
    value: toNano('1'),
    body: settleBody(items),
  });
  const chain = await world.chain.sendMessageIter(message, { allowParallel: true });
  const { value: tx } = (await chain.next()) as { value: BlockchainTransaction };
  return { tx, payouts: tx.outMessages.values().slice(0, -1) };
}

/** From the client's own address; 0 takes all that is free. */
export function withdraw(world: E.EscrowWorld, amountNano = 0n): ReturnType<typeof E.send> {
  const message = { from: world.client.address, value: toNano('1'), body: withdrawBody(amountNano) };
  return E.send(world, message);
}

/** I-3 and I-4 in a real escrow, whatever happened to it: the books add up and every line is funded. */
export async function expectSound(world: E.EscrowWorld): Promise<Map<string, LineOnChain>> {
  const lines = await E.readLines(world);
  const { lockedNano, entries } = await E.readEscrow(world);
  const left = [...lines.values()].map(({ capNano, paidNano }) => capNano - paidNano);
  expect(entries).toBe(lines.size);
  expect(lockedNano).toBe(left.reduce((sum, amount) => sum + amount, 0n));
  expect(left.filter((amount) => amount < 0n)).toEqual([]);
  const floor = escrowReserveNano(entries) / 10n;
  expect((await E.escrowBalance(world)) - floor).toBeGreaterThanOrEqual(lockedNano);
  return lines;
}

/** Every order of some things. */
export function ordersOf<T>(things: readonly T[]): T[][] {
  if (things.length < 2) return [[...things]];
  return things.flatMap((first, at) =>
    ordersOf(things.filter((_, index) => index !== at)).map((rest) => [first, ...rest]),
  );
}
