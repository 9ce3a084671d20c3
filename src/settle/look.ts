import { Address } from '@ton/core';
import type { HeldReceipt } from '../chain/dues';
import type { Chain, Clock, EscrowState } from '../chain/types';
import { SETTLE_LIMITS } from './limits';
import { backoffSeconds } from './troubles';

/** Escrows as they were read last, by account hash in hex, read again when there is a reason to. */
export interface EscrowViews {
  /**
   * Reads what is new, old or `all`; forgets what nobody holds receipts of. An escrow that cannot be read is told to
   * `onFailure` and waits, longer each time.
   */
  refresh(groups: ReadonlyMap<string, readonly HeldReceipt[]>, all: boolean): Promise<void>;
  /** Null: no escrow of this registry is there; absent: it was not read yet. */
  readonly states: ReadonlyMap<string, EscrowState | null>;
  /** Reads one again, after a settle. */
  reread(escrow: string): Promise<void>;
  failed(escrow: string): void;
  worked(escrow: string): void;
  /** False while an escrow that failed waits for its next try. */
  mayTry(escrow: string): boolean;
  /** Since when receipts of it are held here, Unix seconds. */
  seenSince(escrow: string): number;
}

interface View {
  seenAt: number;
  lookedAt: number;
  /** Of the receipts that were held at the last look. */
  mark: string;
  failures: number;
  nextTryAt: number;
}

export function createEscrowViews(deps: {
  chain: Pick<Chain, 'escrow'>;
  clock: Clock;
  lookEverySeconds: number;
  onFailure: (escrow: Address, error: unknown) => void;
}): EscrowViews {
  const { chain, clock } = deps;
  const views = new Map<string, View>();
  const states = new Map<string, EscrowState | null>();

  const viewOf = (escrow: string): View => {
    const known = views.get(escrow);
    if (known) return known;
    const view = { seenAt: clock.now(), lookedAt: -Infinity, mark: '', failures: 0, nextTryAt: 0 };
    views.set(escrow, view);
    return view;
  };
  const failed = (escrow: string): void => {
    const view = viewOf(escrow);
    view.failures += 1;
    const { escrowRetryMinSeconds: min, escrowRetryMaxSeconds: max } = SETTLE_LIMITS;
    view.nextTryAt = clock.now() + backoffSeconds(view.failures, min, max);
  };

  async function read(escrow: string): Promise<void> {
    const address = new Address(0, Buffer.from(escrow, 'hex'));
    try {
      states.set(escrow, await chain.escrow(address));
      viewOf(escrow).lookedAt = clock.now();
    } catch (error) {
      failed(escrow);
      deps.onFailure(address, error);
    }
  }

  return {
    states,
    reread: read,
    failed,
    worked(escrow) {
      Object.assign(viewOf(escrow), { failures: 0, nextTryAt: 0 });
    },
    mayTry: (escrow) => viewOf(escrow).nextTryAt <= clock.now(),
    seenSince: (escrow) => viewOf(escrow).seenAt,
    async refresh(groups, all) {
      for (const escrow of [...views.keys()]) {
        if (groups.has(escrow)) continue;
        views.delete(escrow);
        states.delete(escrow);
      }
      const due: string[] = [];
      for (const [escrow, held] of groups) {
        const view = viewOf(escrow);
        const mark = markOf(held);
        const isOld = clock.now() - view.lookedAt >= deps.lookEverySeconds;
        const wanted = all || mark !== view.mark || isOld;
        if (wanted && view.nextTryAt <= clock.now()) {
          due.push(escrow);
          view.mark = mark;
        }
      }
      await inTurns(due, SETTLE_LIMITS.readsAtOnce, read);
    },
  };
}

/** Totals only grow, and a line is final once: another sum is another set of receipts. */
function markOf(held: readonly HeldReceipt[]): string {
  let total = 0n;
  let finals = 0;
  for (const { receipt } of held) {
    total += receipt.value.total;
    finals += receipt.value.flags;
  }
  return `${held.length}:${total}:${finals}`;
}

/** Each item once, at most so many at a time. */
export async function inTurns<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const turn = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, left.length) }, turn));
}
