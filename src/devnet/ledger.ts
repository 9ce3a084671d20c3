import { randomBytes } from 'node:crypto';
import { Address, beginCell, Cell } from '@ton/core';
import { createBoundedCache } from './boundedCache';
import { EMPTY_ACCOUNT, genesisAccount, viewAccount, type AccountView } from './accounts';
import type { DevnetClock } from './clock';
import type { PrevBlocks } from './emulator';
import { DEVNET_LIMITS } from './limits';
import { CONFIG_ADDRESS, FIRST_SEQNO, MASTERCHAIN } from './network';
import type { DevnetStore } from './store';
import { blockId, blockTimeMs, headAt, NO_CONTENT, type Anchor, type BlockId } from './timeline';

export interface Head {
  seqno: number;
  timeMs: number;
}

export type Ledger = ReturnType<typeof createLedger>;

/** What the chain is now: accounts and blocks, read from the store and kept while they are hot. */
export function createLedger(deps: {
  store: DevnetStore;
  clock: DevnetClock;
  config: Cell;
  networkId: number;
  intervalMs: number;
}) {
  const { store, clock, intervalMs } = deps;
  const chain = openChain(deps);
  const views = createBoundedCache<AccountView>(DEVNET_LIMITS.accountsCached);
  const ids = createBoundedCache<BlockId>(DEVNET_LIMITS.blocksCached);
  let anchor = store.anchorAtOrBefore(Number.MAX_SAFE_INTEGER)!;
  const first = store.firstAnchor()!;
  let pinned: Head | null = null;
  let scenery: { seqno: number; blocks: PrevBlocks } | null = null;

  const head = (): Head => pinned ?? headAt(anchor, clock.nowMs());
  const anchorOf = (seqno: number): Anchor =>
    seqno >= anchor.seqno ? anchor : (store.anchorAtOrBefore(seqno) ?? first);

  const id = (seqno: number, workchain: number): BlockId => {
    const key = `${workchain}:${seqno}`;
    const known = ids.get(key);
    if (known) return known;
    const made = blockId(chain, anchorOf(seqno), seqno, workchain);
    // Beyond the last anchor a transaction may still take this seqno at another time.
    if (seqno <= head().seqno) ids.set(key, made);
    return made;
  };

  // The interval of an earlier run ends where this one begins.
  if (anchor.intervalMs !== intervalMs) {
    const now = head();
    const { endLt } = anchor;
    anchor = {
      seqno: Math.max(now.seqno, anchor.seqno + 1),
      timeMs: now.timeMs,
      intervalMs,
      contentHash: NO_CONTENT,
      startLt: endLt,
      endLt,
    };
    store.addAnchor(anchor);
  }

  return {
    networkId: deps.networkId,
    head,
    /** Keeps readers on the newest finished block while the next one is being made. */
    pinHead(): Head {
      pinned = head();
      return pinned;
    },
    unpinHead(): void {
      pinned = null;
    },
    newestAnchor: (): Anchor => anchor,
    advanceTo(next: Anchor, changed: Iterable<string>): void {
      anchor = next;
      for (const address of changed) views.delete(address);
    },

    id,
    timeMs: (seqno: number): number => blockTimeMs(anchorOf(seqno), seqno),
    anchorOf,
    /** The blocks that a transaction in the block after `seqno` sees. */
    prevBlocks(seqno: number): PrevBlocks {
      if (scenery?.seqno === seqno) return scenery.blocks;
      const newestHundred = seqno - (seqno % 100);
      const list = (from: number, step: number): BlockId[] =>
        Array.from({ length: 16 }, (_, i) => id(from - i * step, MASTERCHAIN));
      const blocks = {
        last16: list(seqno, 1),
        keyBlock: id(first.seqno, MASTERCHAIN),
        last16Hundreds: list(newestHundred, 100),
      };
      scenery = { seqno, blocks };
      return blocks;
    },

    accountBoc: (address: string): Buffer => store.account(address) ?? EMPTY_ACCOUNT,
    account(address: Address): AccountView {
      const key = address.toRawString();
      const known = views.get(key);
      if (known) return known;
      const view = viewAccount(store.account(key) ?? EMPTY_ACCOUNT);
      views.set(key, view);
      return view;
    },
  };
}

/** The chain's seed, from which its block ids follow; a new folder gets its genesis here. */
function openChain({ store, clock, config, intervalMs }: Parameters<typeof createLedger>[0]): Buffer {
  const known = store.meta('chain');
  if (known !== null) return Buffer.from(known, 'hex');
  const chain = randomBytes(32);
  store.inTransaction(() => {
    store.setMeta('chain', chain.toString('hex'));
    store.setClock(clock.setting());
    store.addAnchor({
      seqno: FIRST_SEQNO,
      timeMs: Math.floor(clock.nowMs()),
      intervalMs,
      contentHash: NO_CONTENT,
      startLt: 0n,
      endLt: 0n,
    });
    const data = beginCell().storeRef(config).endCell();
    store.setAccount(CONFIG_ADDRESS.toRawString(), genesisAccount(CONFIG_ADDRESS, Cell.EMPTY, data, 0n));
  });
  return chain;
}
