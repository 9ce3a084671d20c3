import { type Address, Cell, loadMessage, loadTransaction } from '@ton/core';
import { sha256 } from '../protocol/hash';
import type { DevnetClock } from './clock';
import type { EmulationScene, Emulator, PrevBlocks } from './emulator';
import { EMPTY_ACCOUNT } from './accounts';
import type { Ledger } from './ledger';
import { DEVNET_LIMITS } from './limits';
import { outMessages } from './messages';
import type { DevnetStore, QueuedMessage, TransactionRow } from './store';
import type { Anchor } from './timeline';

export type Collator = ReturnType<typeof createCollator>;

/** Logical time of a block begins at a multiple of this, as on TON. */
const LT_OF_BLOCK = 1_000_000n;
/** A transaction takes its own logical time and one for each of at most 255 messages. */
const LT_OF_TRANSACTION = 1_000n;

/**
 * Makes blocks out of waiting messages: externals in the order of their arrival, and what they cause in the same
 * block while it has room, in the next one otherwise. A block is written in one database transaction, so after a
 * kill a message was either processed with all of its consequences or is still waiting.
 */
export function createCollator(deps: {
  store: DevnetStore;
  ledger: Ledger;
  emulator: Emulator;
  clock: DevnetClock;
  blockTransactionsMax: number;
  yieldToEventLoop: () => Promise<void>;
  /** Told about a message that the executor could not take in at all. */
  onFault: (reason: string) => void;
}) {
  const { store, ledger, emulator, clock, yieldToEventLoop } = deps;
  let running: Promise<void> | null = null;

  async function makeBlock(): Promise<void> {
    const waiting: Pending[] = store.queued(deps.blockTransactionsMax);
    if (waiting.length === 0) return;
    const parent = ledger.pinHead();
    const seqno = parent.seqno + 1;
    const timeMs = Math.max(parent.timeMs, Math.floor(clock.nowMs()));
    const scene = sceneOf(ledger.prevBlocks(parent.seqno), timeMs);
    const startLt = roundUp(ledger.newestAnchor().endLt + 1n, LT_OF_BLOCK);

    let lt = startLt;
    const accounts = new Map<string, Buffer>();
    const transactions: TransactionRow[] = [];
    const processed: number[] = [];
    let sliceStart = performance.now();

    let next = 0;
    for (; next < waiting.length && transactions.length < deps.blockTransactionsMax; next++) {
      const pending = waiting[next]!;
      const before = accounts.get(pending.account) ?? ledger.accountBoc(pending.account);
      const message = Cell.fromBoc(pending.boc)[0]!;
      const result = await emulator.transaction(before, message, scene(lt, pending.account));
      if (pending.id !== null) processed.push(pending.id);
      if (result.ok) {
        accounts.set(pending.account, result.account);
        transactions.push(describe(result.transaction, message, pending.account, seqno));
        for (const out of outMessages(result.transaction)) {
          waiting.push({ id: null, account: out.to.toRawString(), external: false, boc: out.cell.toBoc() });
        }
        lt += LT_OF_TRANSACTION;
      } else if (!pending.external) {
        // A contract cannot refuse an internal message, so this is the executor's own failure. Halting here
        // would stop the chain for everybody.
        deps.onFault(`internal message to ${pending.account}: ${result.reason}`);
      }
      // A refused external leaves no trace, as on TON: it was good when it was acknowledged, another came first.
      if (performance.now() - sliceStart > DEVNET_LIMITS.sliceMs) {
        await yieldToEventLoop();
        sliceStart = performance.now();
      }
    }

    const carriedOver = waiting.slice(next).filter((pending) => pending.id === null);
    if (transactions.length === 0) {
      store.dropQueued(processed);
      return;
    }
    const anchor: Anchor = {
      seqno,
      timeMs,
      intervalMs: ledger.newestAnchor().intervalMs,
      contentHash: sha256(...transactions.map((t) => t.hash)),
      startLt,
      endLt: lt,
    };
    store.writeBlock({ anchor, accounts, transactions, processed, carriedOver });
    ledger.advanceTo(anchor, accounts.keys());
  }

  /** Makes one block when messages wait; a call during another joins it. */
  const produce = (): Promise<void> => {
    running ??= makeBlock().finally(() => {
      running = null;
      ledger.unpinHead();
    });
    return running;
  };

  return {
    produce,
    /** Resolves when no block is being made. */
    settled: async (): Promise<void> => void (await running),
    /** Makes blocks until no message waits. */
    async drain(): Promise<void> {
      do await produce();
      while (store.queueLength() > 0);
    },

    /** What would happen to this message if it came next; changes nothing. */
    async trial(account: Address, message: Cell, options: { ignoreSignatures?: boolean } = {}) {
      const head = ledger.head();
      const timeMs = Math.max(head.timeMs, Math.floor(clock.nowMs()));
      const lt = roundUp(ledger.newestAnchor().endLt + 1n, LT_OF_BLOCK);
      const key = account.toRawString();
      const scene = sceneOf(ledger.prevBlocks(head.seqno), timeMs)(lt, key);
      return emulator.transaction(store.account(key) ?? EMPTY_ACCOUNT, message, scene, options);
    },
    sceneNow(): EmulationScene {
      const head = ledger.head();
      return sceneOf(ledger.prevBlocks(head.seqno), head.timeMs)(0n, '');
    },
  };
}

type Pending = Omit<QueuedMessage, 'id'> & { id: number | null };

function sceneOf(prevBlocks: PrevBlocks, timeMs: number) {
  const { rootHash } = prevBlocks.last16[0]!;
  return (lt: bigint, account: string): EmulationScene => ({
    unixTime: Math.floor(timeMs / 1000),
    lt,
    randomSeed: sha256(rootHash, Buffer.from(account)),
    prevBlocks,
  });
}

function describe(transaction: Cell, message: Cell, account: string, seqno: number): TransactionRow {
  const { lt } = loadTransaction(transaction.beginParse());
  const { info } = loadMessage(message.beginParse());
  const internal = info.type === 'internal' ? info : null;
  return {
    account,
    lt,
    hash: transaction.hash(),
    seqno,
    boc: transaction.toBoc(),
    source: internal?.src.toRawString() ?? null,
    createdLt: internal?.createdLt ?? null,
  };
}

function roundUp(value: bigint, unit: bigint): bigint {
  return ((value + unit - 1n) / unit) * unit;
}
