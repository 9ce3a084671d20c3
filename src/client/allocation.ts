import { beginCell, type Cell } from '@ton/core';
import type { Chain, Clock, EscrowState } from '../chain/types';
import type { Timers } from '../channel';
import { allocateHash, storeFields, type Allocate, type AllocateEntry } from '../protocol/allocate';
import { nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { CLIENT_LIMITS } from './limits';
import { signWith, type Signer } from './signer';

export interface AllocationDeps {
  chain: Chain;
  clock: Clock;
  signer: Signer;
  timers: Timers;
  /** Reads the finalized escrow anew. */
  read(): Promise<EscrowState>;
}

/** What the signer signs, as the external message that the escrow takes: `signature ‖ fields`. */
export async function allocationMessage(allocate: Allocate, signer: Signer): Promise<Cell> {
  const signature = await signWith(signer, allocateHash(allocate));
  return beginCell().storeBuffer(signature, 64).store(storeFields(allocate)).endCell();
}

/**
 * Sends one allocation and waits until the finalized escrow has moved on from its sequence number: this message did it,
 * or another one with the same number. What came of its entries is for the caller to notice. Throws CocoonError
 * `chain_unavailable`; the message may still be taken then, until it expires, but never beside a later one.
 */
export async function sendAllocation(
  escrow: EscrowState,
  entries: readonly AllocateEntry[],
  raiseSumNano: bigint,
  deps: AllocationDeps,
): Promise<EscrowState> {
  const message = await allocationMessage(
    {
      domain: escrow.domain,
      seqno: escrow.seqno,
      validUntil: Math.floor(deps.clock.now()) + CLIENT_LIMITS.allocateSeconds,
      raiseSum: nano(raiseSumNano),
      entries,
    },
    deps.signer,
  );
  try {
    await deps.chain.sendExternal(escrow.address, message);
  } catch (cause) {
    // A refusal may mean that another message used the number a moment ago, a broken connection that ours arrived.
    const moved = await nextState(escrow, CLIENT_LIMITS.allocateRefusedMs, deps);
    if (moved) return moved;
    throw new CocoonError('chain_unavailable', 'The allocation was not taken.', { cause });
  }
  const moved = await nextState(escrow, CLIENT_LIMITS.allocateWaitMs, deps);
  if (moved) return moved;
  throw new CocoonError('chain_unavailable', 'The allocation was sent and is not final yet.');
}

/** The finalized escrow once its sequence number has moved on; null when it does not in time. */
async function nextState(
  escrow: EscrowState,
  mostMs: number,
  deps: AllocationDeps,
): Promise<EscrowState | null> {
  for (let waited = 0; waited < mostMs; waited += CLIENT_LIMITS.allocatePollMs) {
    const state = await deps.read();
    if (state.seqno > escrow.seqno) return state;
    await pause(deps.timers, CLIENT_LIMITS.allocatePollMs);
  }
  return null;
}

export function pause(timers: Timers, ms: number): Promise<void> {
  return new Promise((resolve) => void timers.set(resolve, ms));
}
