import type { MoneyInfo } from '../types';
import type { IssuedKey, Spending } from './keys/keyTypes';
import { leftNano } from './keys/keyTypes';

/** What requests can still use up before somebody must act, and what it is made of. Nanotons. */
export interface Spendable {
  spendableNano: bigint;
  /** Room of open lines: ready at once. */
  onLinesNano: bigint;
  /** What the signer may still put on lines: free money, as far as its budget goes. Allocating takes gas out of it. */
  allocatableNano: bigint;
  /** Free money beyond the signer's budget: raise the budget to use it. */
  beyondBudgetNano: bigint;
  /** Maximum costs of running requests: what they do not use comes back. */
  reservedNano: bigint;
  /** In lines that take no more requests: free again when those have ended. */
  inEndingLinesNano: bigint;
}

export function spendableOf(money: MoneyInfo): Spendable {
  const open = money.lines.filter((line) => line.open);
  const onLinesNano = open.reduce((sum, { roomNano }) => sum + roomNano, 0n);
  const allocatableNano = money.freeNano < money.signerBudgetNano ? money.freeNano : money.signerBudgetNano;
  const rest = money.allocatedNano - onLinesNano - money.reservedNano;
  return {
    spendableNano: onLinesNano + allocatableNano,
    onLinesNano,
    allocatableNano,
    beyondBudgetNano: money.freeNano - allocatableNano,
    reservedNano: money.reservedNano,
    inEndingLinesNano: rest > 0n ? rest : 0n,
  };
}

/** The same for the gateway; a key can spend no more than its limit leaves. */
export function spendableJson(spendable: Spendable, left: bigint | null): object {
  const most = left !== null && left < spendable.spendableNano ? left : spendable.spendableNano;
  return {
    spendable_nano: most.toString(),
    breakdown: {
      on_lines_nano: spendable.onLinesNano.toString(),
      allocatable_nano: spendable.allocatableNano.toString(),
      beyond_budget_nano: spendable.beyondBudgetNano.toString(),
      reserved_nano: spendable.reservedNano.toString(),
      in_ending_lines_nano: spendable.inEndingLinesNano.toString(),
      key_left_nano: left?.toString() ?? null,
    },
  };
}

/** `GET /v1/cocoon/key`: what a key may do, and what it did. */
export function keyJson(key: IssuedKey | null, spending: Spending | null): object {
  const left = key && spending ? leftNano(key, spending) : null;
  return {
    object: 'cocoon.key',
    id: key?.id ?? null,
    name: key?.name ?? null,
    hint: key?.hint ?? null,
    created_at: key?.createdAtUnix ?? null,
    expires_at: key?.expiresAtUnix ?? null,
    limit_nano: key?.limitNano?.toString() ?? null,
    spent_nano: spending?.spentNano.toString() ?? null,
    reserved_nano: spending?.reservedNano.toString() ?? null,
    left_nano: left?.toString() ?? null,
    rate: key?.rate ?? null,
    models: key?.models ?? null,
    usage: (spending?.models ?? []).map(({ model, requests, spentNano }) => ({
      model,
      requests,
      spent_nano: spentNano.toString(),
    })),
  };
}
