import { toNano } from '@ton/core';
import { ESCROW_BASE_RESERVE_NANO } from '../../wrappers/Escrow';
import { exitCode } from '../support/chain';
import * as E from '../support/escrow';
import { expectSound, LATE_KEY, openLines, settleAlone, withdraw } from '../support/lines';
import { storageFee, valueOf } from '../support/money';

// Scenario 8: two payouts of a line are under way, the client does something meanwhile, and then both come back, the first
// sent first or last. tests/flows/escrow-bounce.test.ts has bounces without anything in between.

const ONE = toNano('1');
const after = 36 * E.HOUR + 1;

/** What happens between the settles and the bounces, and what the line owes afterwards; null when it is forgotten. */
const MEANWHILE: [
  string,
  (world: E.EscrowWorld, lines: Parameters<typeof E.close>[1]) => Promise<unknown>,
  bigint | null,
][] = [
  ['a withdrawal of all that is free', (world) => withdraw(world), ONE],
  ['a close', (world, lines) => E.close(world, lines), ONE],
  [
    'a close and a prune',
    async (world, lines) => {
      await E.close(world, lines);
      world.chain.now! += after;
      await E.prune(world, lines);
      await withdraw(world);
    },
    toNano('0.3'),
  ],
  [
    'the end of the line, when its entry is gone',
    async (world, lines) => {
      world.chain.now = lines[0]!.settleBy + 1;
      await E.prune(world, lines);
      await withdraw(world);
    },
    null,
  ],
];
const cases = MEANWHILE.flatMap(([name, act, owed]) =>
  (['first', 'last'] as const).map((which) => [name, which, act, owed] as const),
);

test.each(cases)('two payouts come back after %s, the first sent %s', async (_name, which, act, owed) => {
  const { world, lines } = await openLines(1, ONE, { workerKey: LATE_KEY.publicKey });
  const payouts = [];
  for (const total of [toNano('0.1'), toNano('0.3')]) {
    payouts.push(
      ...(await settleAlone(world, [await E.receiptFor(world, lines[0]!, total, {}, LATE_KEY)])).payouts,
    );
  }
  expect(payouts).toHaveLength(2);
  await act(world, lines);
  await expectSound(world);
  const balance = await E.escrowBalance(world);
  let gained = 0n;
  for (const payout of which === 'first' ? payouts : payouts.reverse()) {
    const back = (await world.chain.sendMessage(payout)).transactions.at(-1)!;
    expect(exitCode(back)).toBe(0);
    gained += valueOf(back) - back.totalFees.coins;
    await expectSound(world);
  }
  expect(gained).toBeGreaterThanOrEqual(toNano('0.3'));
  expect(await E.escrowBalance(world)).toBe(balance + gained);
  const line = await E.readLine(world, lines[0]!);
  expect(line && line.capNano - line.paidNano).toBe(owed);
  expect(line?.paidNano ?? null).toBe(owed === null ? null : 0n);

  // However late they came, the client gets all of it.
  world.chain.now = lines[0]!.settleBy + 1;
  await E.prune(world, lines);
  const held = await E.escrowBalance(world);
  const { transactions } = await withdraw(world);
  expect(valueOf(transactions[1]!)).toBeGreaterThan(
    held - storageFee(transactions[0]!) - ESCROW_BASE_RESERVE_NANO,
  );
  expect(await E.escrowBalance(world)).toBe(ESCROW_BASE_RESERVE_NANO);
});
