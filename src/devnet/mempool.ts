import { Address, Cell, loadMessage, type Message } from '@ton/core';
import { ApiError } from './api/apiError';
import type { Collator } from './collator';
import { createGroupCommit } from './groupCommit';
import type { Ledger } from './ledger';
import { DEVNET_LIMITS } from './limits';
import { giftMessage, normalizedHash } from './messages';
import type { DevnetStore, NewMessage } from './store';
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
  ledger: Ledger;
  nowMs: () => number;
  /** Told that a message waits; resolves when blocks are made on demand and it was processed. */
  onWaiting: () => Promise<void>;
}) {
  const { store, collator, ledger } = deps;
  const enqueue = createGroupCommit(store.enqueueAll);
  /** Messages on their way to the disk, by hash in hex. */
  const entering = new Map<string, Promise<number>>();

  function requireRoom(): void {
    if (store.queueLength() >= DEVNET_LIMITS.queueMax)
      throw new ApiError(429, 'Too many messages wait for a block');
  }

  /** The trial gave other requests a turn: the same message may have come with one of them. */
  function enter(key: string, message: NewMessage): Promise<number> {
    const known = entering.get(key);
    if (known) return known;
    if (store.isQueued(message.hash)) return Promise.resolve(0);
    const done = enqueue(message).finally(() => entering.delete(key));
    entering.set(key, done);
    return done;
  }

  return {
    /** Accepts an external message, or throws ApiError with the reason that its account refuses it for. */
    async submit(boc: Buffer): Promise<Submitted> {
      const { cell, message, to } = parseExternal(boc);
      const submitted = { hash: cell.hash(), normalizedHash: normalizedHash(message) };
      requireRoom();
      const key = submitted.hash.toString('hex');
      if (!entering.has(key) && !store.isQueued(submitted.hash)) {
        const trial = await collator.trial(to, cell);
        if (!trial.ok) throw refused(to, trial);
        await enter(key, {
          account: to.toRawString(),
          external: true,
          boc: cell.toBoc(),
          hash: submitted.hash,
        });
      }
      await entering.get(key);
      await deps.onWaiting();
      return submitted;
    },

    /** Queues money from the minter; returns the queue id. */
    gift(to: Address, value: bigint): Promise<number> {
      requireRoom();
      const cell = giftMessage(to, value, ledger.newestAnchor().endLt, Math.floor(deps.nowMs() / 1000));
      return enqueue({ account: to.toRawString(), external: false, boc: cell.toBoc(), hash: cell.hash() });
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
