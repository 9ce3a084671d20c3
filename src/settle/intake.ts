import { Address } from '@ton/core';
import { entryOf, type HeldReceipt } from '../chain/dues';
import type { Chain, EscrowState } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { readHeld, type HeldImages } from './held';
import type { ReceiptStore } from './keep';
import { byEscrow } from './lines';
import { SETTLE_LIMITS } from './limits';
import { inTurns } from './look';
import type { ReceiptSource } from './sources';

/** What one source brought. Refusals by error code; `other worker`, `no such line` and `full` beside those. */
export interface Intake {
  source: string;
  stored: number;
  known: number;
  refused: Record<string, number>;
  /** Why the source could not be read to its end. */
  error: Error | null;
}

export interface IntakeDeps {
  chain: Pick<Chain, 'escrow'>;
  receipts: ReceiptStore;
  /** Only lines to these Worker contracts are his business; null takes lines to any. */
  workers: readonly Address[] | null;
}

/**
 * Takes from a source what is true: signed by the line's worker key, to one of these Workers, and of a line that a genuine
 * escrow has. So nobody fills the store with inventions. Never rejects.
 */
export async function takeFrom(source: ReceiptSource, deps: IntakeDeps): Promise<Intake> {
  const intake: Intake = { source: source.name, stored: 0, known: 0, refused: {}, error: null };
  const refuse = (why: string): void => void (intake.refused[why] = (intake.refused[why] ?? 0) + 1);
  const found: HeldReceipt[] = [];
  try {
    for await (const images of source.receipts()) {
      const held = check(images, deps.workers);
      if (typeof held === 'string') refuse(held);
      else found.push(held);
    }
  } catch (error) {
    intake.error = asError(error);
  }
  const isNew = (held: HeldReceipt): boolean => !deps.receipts.knows(held);
  for (const held of found.filter((one) => !isNew(one)))
    intake[deps.receipts.keep(held) === 'stored' ? 'stored' : 'known'] += 1;
  await inTurns([...byEscrow(found.filter(isNew))], SETTLE_LIMITS.readsAtOnce, async ([escrow, group]) => {
    try {
      const state = await deps.chain.escrow(new Address(0, Buffer.from(escrow, 'hex')));
      for (const held of group) keep(held, state, deps.receipts, intake, refuse);
    } catch (error) {
      intake.error ??= asError(error);
    }
  });
  return intake;
}

function keep(
  held: HeldReceipt,
  state: EscrowState | null,
  receipts: ReceiptStore,
  intake: Intake,
  refuse: (why: string) => void,
): void {
  if (!state || !entryOf(held, state)) return refuse('no such line');
  const outcome = receipts.keep(held);
  if (outcome === 'full') refuse('full');
  else intake[outcome] += 1;
}

/** The receipt, or why it is refused. */
function check(images: HeldImages, workers: readonly Address[] | null): HeldReceipt | string {
  try {
    const held = readHeld(images);
    const isOurs = workers === null || workers.some(({ hash }) => hash.equals(held.line.workerAddress));
    return isOurs ? held : 'other worker';
  } catch (error) {
    return error instanceof CocoonError ? error.code : 'internal';
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
