import { escrowReserveNano } from '../../wrappers/escrowCosts';
import type { LineOnChain } from '../../wrappers/Escrow';

/**
 * The money rules of the escrow in plain TypeScript, written from the design and not from the contract. Lines are
 * numbers; time and balance are given, because what a message costs is the chain's business.
 */
export interface Model {
  lines: Map<number, ModelLine>;
  locked: bigint;
  now: number;
  /** What the Worker was paid for lines that it accepts. */
  earned: bigint;
  /** Payouts that have left the escrow and have not arrived. */
  inFlight: { line: number; amount: bigint }[];
}

export type ModelLine = {
  -readonly [Field in keyof LineOnChain]: LineOnChain[Field] extends bigint ? bigint : number;
};

export type ModelEntry =
  | { kind: 'open'; line: number; cap: bigint }
  | { kind: 'raise'; line: number; cap: bigint }
  | { kind: 'close'; line: number };

export const CLOSE_DELAY = 36 * 3_600;
const LINE_MAX_SECONDS = 14 * 86_400;

export function reserve(model: Model): bigint {
  return escrowReserveNano(model.lines.size);
}

/** I-5: what the client may take at once. */
export function free(model: Model, balance: bigint): bigint {
  const left = balance - reserve(model) - model.locked;
  return left > 0n ? left : 0n;
}

function lastSecond(line: ModelLine): number {
  return line.closeAt === 0 ? line.settleBy : Math.min(line.closeAt, line.settleBy);
}

/** I-13: works a list off within `sum`; what cannot be done is skipped. */
export function allocate(
  model: Model,
  entries: readonly ModelEntry[],
  sum: bigint,
  settleBy: (line: number) => number,
): void {
  let left = sum;
  const spend = (amount: bigint): void => {
    left -= amount;
    model.locked += amount;
  };
  for (const entry of entries) {
    const line = model.lines.get(entry.line);
    if (entry.kind === 'open') {
      const seconds = settleBy(entry.line) - model.now;
      if (line || entry.cap > left || seconds <= 0 || seconds > LINE_MAX_SECONDS) continue;
      model.lines.set(entry.line, {
        capNano: entry.cap,
        paidNano: 0n,
        settleBy: settleBy(entry.line),
        closeAt: 0,
      });
      spend(entry.cap);
    } else if (!line || line.closeAt !== 0) {
      continue;
    } else if (entry.kind === 'close') {
      line.closeAt = model.now + CLOSE_DELAY;
    } else if (entry.cap > line.capNano && entry.cap - line.capNano <= left && model.now <= line.settleBy) {
      spend(entry.cap - line.capNano);
      line.capNano = entry.cap;
    }
  }
}

/** I-2, I-3: pays what the receipts allow and `available` covers; returns each line's payout, in order. */
export function settle(
  model: Model,
  receipts: readonly { line: number; total: bigint; final: boolean }[],
  available: bigint,
): { line: number; amount: bigint }[] {
  const payouts: { line: number; amount: bigint }[] = [];
  let left = available;
  for (const { line: id, total, final } of receipts) {
    const line = model.lines.get(id);
    if (!line || model.now > lastSecond(line)) continue;
    const earned = total < line.capNano ? total : line.capNano;
    const due = [earned - line.paidNano, left].reduce((least, value) => (value < least ? value : least));
    const amount = due > 0n ? due : 0n;
    line.paidNano += amount;
    left -= amount;
    if (amount > 0n) payouts.push({ line: id, amount });
    if (final) {
      line.capNano = earned > line.paidNano ? earned : line.paidNano;
      if (line.closeAt === 0) line.closeAt = line.settleBy;
    }
  }
  model.locked = lockedOf(model);
  return payouts;
}

export function close(model: Model, ids: readonly number[]): void {
  for (const id of ids) {
    const line = model.lines.get(id);
    if (line && line.closeAt === 0) line.closeAt = model.now + CLOSE_DELAY;
  }
}

/** I-11: an ended line keeps its entry until it can never be opened again. */
export function prune(model: Model, ids: readonly number[]): void {
  for (const id of ids) {
    const line = model.lines.get(id);
    if (!line || model.now <= lastSecond(line)) continue;
    if (model.now > line.settleBy) model.lines.delete(id);
    else line.capNano = line.paidNano;
  }
  model.locked = lockedOf(model);
}

/** I-9: what came back is owed again, or free where there is no entry. */
export function restore(model: Model, id: number, amount: bigint): void {
  const line = model.lines.get(id);
  if (!line) return;
  line.paidNano -= amount;
  model.locked = lockedOf(model);
}

/** I-4. */
export function lockedOf(model: Model): bigint {
  return [...model.lines.values()].reduce((sum, line) => sum + line.capNano - line.paidNano, 0n);
}
