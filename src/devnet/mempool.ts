import { Address, Cell, loadMessage, type Message } from '@ton/core';
import { ApiError } from './api/apiError';
import type { Collator } from './collator';
import { DEVNET_LIMITS } from './limits';
import { giftMessage, normalizedHash } from './messages';
import type { DevnetStore } from './store';
import { isKnownChain } from './timeline';

export interface Submitted {
  /** Of the message cell, and of its normalized form. */
  hash: Buffer;
  normalizedHash: Buffer;
}

export type Mempool = ReturnType<typeof createMempool>;

/** The door for messages from outside: what is acknowledged here is on disk and will be offered to its account. */
export function createMempool(deps: {
  store: DevnetStore;
  collator: Collator;
  nowMs: () => number;
  /** Told that a message waits; resolves when blocks are made on demand and it was processed. */
  onWaiting: () => Promise<void>;
}) {
  const { store, collator } = deps;

  function requireRoom(): void {
    if (store.queueLength() >= DEVNET_LIMITS.queueMax)
      throw new ApiError(429, 'Too many messages wait for a block');
  }

  return {
    /** Accepts an external message, or throws ApiError with the reason that its account refuses it for. */
    async submit(boc: Buffer): Promise<Submitted> {
      const { cell, message, to } = parseExternal(boc);
      const submitted = { hash: cell.hash(), normalizedHash: normalizedHash(message) };
      requireRoom();
      if (store.isQueued(submitted.hash)) return submitted;
      const trial = await collator.trial(to, cell);
      if (!trial.ok) throw refused(to, trial);
      // The trial gave other requests a turn; the same message may have come with one of them.
      if (!store.isQueued(submitted.hash)) {
        store.enqueue({ account: to.toRawString(), external: true, boc: cell.toBoc() }, submitted.hash);
      }
      await deps.onWaiting();
      return submitted;
    },

    /** Queues money from the minter; returns the queue id. */
    gift(to: Address, value: bigint): number {
      requireRoom();
      const createdLt = BigInt(store.meta('lastLt') ?? '0');
      const cell = giftMessage(to, value, createdLt, Math.floor(deps.nowMs() / 1000));
      return store.enqueue({ account: to.toRawString(), external: false, boc: cell.toBoc() }, cell.hash());
    },
  };
}

function parseExternal(boc: Buffer): { cell: Cell; message: Message; to: Address } {
  if (boc.length > DEVNET_LIMITS.externalMaxBytes) {
    throw new ApiError(
      500,
      'LITE_SERVER_UNKNOWN: cannot apply external message to current state : too large',
    );
  }
  let cell: Cell;
  let message: Message;
  try {
    const roots = Cell.fromBoc(boc);
    if (roots.length !== 1) throw new RangeError(`${roots.length} roots`);
    cell = roots[0]!;
    message = loadMessage(cell.beginParse());
  } catch {
    throw new ApiError(422, 'Invalid magic: boc is not a serialized external message');
  }
  if (message.info.type !== 'external-in') {
    throw new ApiError(
      500,
      'LITE_SERVER_UNKNOWN: cannot apply external message to current state : not external',
    );
  }
  const to = message.info.dest;
  if (!isKnownChain(to.workChain)) throw new ApiError(500, 'LITE_SERVER_UNKNOWN: no such workchain');
  return { cell, message, to };
}

/** As a liteserver words it. */
function refused(to: Address, trial: { reason: string; exitCode: number | null; vmLog: string }): ApiError {
  const exit = trial.exitCode === null ? '' : `: exitcode=${trial.exitCode}`;
  return new ApiError(
    500,
    'LITE_SERVER_UNKNOWN: cannot apply external message to current state : External message was not accepted\n' +
      `Cannot run message on account: inbound external message rejected by account ${to.hash.toString('hex')}${exit}\n` +
      trial.reason,
  );
}
