import { settleFee } from '../../settle/attempt';
import { claimsOf, alarming } from '../../settle/claims';
import { claimJson, claimTable, openSettleStore, readSettleStore } from '../../settle';
import { takeFrom } from '../../settle/intake';
import { byEscrow, keyOf } from '../../settle/lines';
import { createEscrowViews } from '../../settle/look';
import { planSettlement } from '../../settle/plan';
import { DEFAULT_POLICY } from '../../settle/policy';
import { toJson } from '../connect';
import type { Console } from '../console';
import { connectBy, sourcesOf, workersOf, type SourceFlags } from './flags';

/**
 * `cocoon provider claims`: what was earned and not settled, until when, and what it costs. Changes nothing, and reads a
 * store that another process holds. Answers the exit code: 1 when something near its end is unpaid. Throws the first
 * trouble with the chain.
 */
export async function runClaims(flags: SourceFlags, to: Console): Promise<number> {
  const sources = sourcesOf(flags);
  const { chain, clock } = await connectBy(flags);
  const stored = readSettleStore(flags.store);
  // What sources say beyond the store is held in memory alone.
  const fresh = openSettleStore(':memory:');
  try {
    for (const held of stored?.receipts.all(0) ?? []) fresh.receipts.keep(held);
    for (const source of sources) {
      const { error } = await takeFrom(source, {
        chain,
        receipts: fresh.receipts,
        workers: workersOf(flags),
      });
      if (error !== null) throw error;
    }
    const held = fresh.receipts.all(0);
    const policy = { ...DEFAULT_POLICY, feesBelowBps: flags.feesBelow };
    let trouble: Error | null = null;
    const views = createEscrowViews({
      ...{ chain, clock, lookEverySeconds: 0 },
      onFailure: (_escrow, error) => void (trouble ??= error as Error),
    });
    await views.refresh(byEscrow(held), true);
    if (trouble !== null) throw trouble as Error;
    const nowUnix = clock.now();
    const mayTry = (line: string): boolean => stored?.troubles.mayTry(line, nowUnix) ?? true;
    const open = new Set(stored?.journal.open().map(({ escrow }) => escrow.toString('hex')));
    const ready = held.filter((one) => mayTry(keyOf(one)) && !open.has(one.escrow.toString('hex')));
    const feeNano = settleFee(chain.prices);
    const claims = claimsOf(held, {
      ...{ states: views.states, nowUnix, feeNano, policy, sent: open },
      plans: planSettlement(ready, views.states, { nowUnix, feeNano, policy }),
      isHeldBack: (_escrow, line) => !mayTry(line),
    });
    const totals = stored?.journal.totals() ?? { messages: 0, paidNano: 0n, spentNano: 0n };
    const alarms = alarming(claims, nowUnix, policy);
    to.write(
      flags.json
        ? `${toJson({ claims: claims.map(claimJson), alarms: alarms.length, settled: totalsJson(totals) })}\n`
        : claimTable(claims, nowUnix),
    );
    return alarms.length > 0 ? 1 : 0;
  } finally {
    clock.stop();
    fresh.close();
    stored?.close();
  }
}

function totalsJson({
  messages,
  paidNano,
  spentNano,
}: {
  messages: number;
  paidNano: bigint;
  spentNano: bigint;
}) {
  return { messages, paid_nano: paidNano, spent_nano: spentNano };
}
