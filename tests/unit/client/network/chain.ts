import { Address, type Cell } from '@ton/core';
import type { Chain, EscrowState, LineEntry, WorkerState } from '../../../../src/chain/types';
import { allocateHash, loadEntries, openedLine, type Allocate } from '../../../../src/protocol/allocate';
import type { TcbFloor } from '../../../../src/protocol/tcb';
import { nano } from '../../../../src/protocol/amounts';
import { escrowDomain } from '../../../../src/protocol/domain';
import { verify } from '../../../../src/protocol/ed25519';
import { sha256 } from '../../../../src/protocol/hash';
import { lineId } from '../../../../src/protocol/line';
import type { ManualClock } from './clock';

export const NETWORK_ID = -217;
export const REGISTRY = new Address(0, Buffer.alloc(32, 0xaa));
export const ESCROW = new Address(0, Buffer.alloc(32, 0xe5));
/** Of the masterchain block that all quotes here are bound to. */
export const BLOCK_ROOT = Buffer.alloc(32, 6);
export const PROVIDER = new Address(0, Buffer.alloc(32, 0x99));

/** One escrow and some Worker contracts, in memory, final at once. */
export interface FakeChain extends Chain {
  workerStates: Map<string, WorkerState>;
  /** Every allocation that was taken. */
  allocations: Allocate[];
  /** The registry's lists: `setup` enters what its workers are and sell. */
  rules: {
    images: Map<string, number>;
    shapes: Set<string>;
    models: Map<string, string>;
    floors: Map<string, TcbFloor>;
    blocks: Map<string, number>;
  };
  /** Root hash of every masterchain block. */
  blockRoot: Buffer;
  escrowState(): EscrowState | null;
  topUp(amountNano: bigint): void;
  set(change: Partial<EscrowState>): void;
  setLine(id: string, change: Partial<LineEntry>): void;
}

export function createFakeChain(
  clock: ManualClock,
  escrow: { signer: Buffer; depositNano: bigint; signerBudgetNano?: bigint },
): FakeChain {
  const workerStates = new Map<string, WorkerState>();
  const rules: FakeChain['rules'] = {
    images: new Map(),
    shapes: new Set(),
    models: new Map(),
    floors: new Map(),
    blocks: new Map(),
  };
  const allocations: Allocate[] = [];
  const lines = new Map<string, LineEntry>();
  const scope = { networkId: NETWORK_ID, registry: REGISTRY.hash, self: ESCROW.hash };
  let state: EscrowState = {
    address: ESCROW,
    registry: REGISTRY,
    client: new Address(0, Buffer.alloc(32, 0xc1)),
    salt: 0n,
    signer: escrow.signer,
    signerBudgetNano: nano(escrow.signerBudgetNano ?? 1_000_000_000_000n),
    seqno: 0,
    closeDelaySeconds: 129_600,
    born: 77n,
    domain: escrowDomain(scope, 77n),
    balanceNano: nano(escrow.depositNano),
    lockedNano: nano(0),
    freeNano: nano(escrow.depositNano),
    reserveNano: nano(0),
    lines,
    readAtUnix: 0,
  };

  const take = (body: Cell): void => {
    const slice = body.beginParse();
    const signature = slice.loadBuffer(64);
    const allocate: Allocate = {
      domain: state.domain,
      seqno: slice.loadUint(32),
      validUntil: slice.loadUint(32),
      raiseSum: nano(slice.loadUintBig(64)),
      entries: (slice.loadUint(8), loadEntries(slice.loadRef())),
    };
    const refused =
      !state.signer ||
      !verify(allocateHash(allocate), signature, state.signer) ||
      allocate.seqno !== state.seqno;
    if (refused) throw new Error('external message was not accepted');
    if (allocate.raiseSum > state.freeNano) throw new Error('not enough free money');
    allocations.push(allocate);
    for (const entry of allocate.entries) apply(entry);
    state = { ...state, seqno: state.seqno + 1 };
  };

  const apply = (entry: Allocate['entries'][number]): void => {
    if (entry.kind === 'close') {
      const known = lines.get(entry.lineId.toString('hex'))!;
      lines.set(entry.lineId.toString('hex'), { ...known, closeAt: clock.now() + state.closeDelaySeconds });
      return;
    }
    const worker = [...workerStates.values()].find(
      ({ provider, index }) =>
        entry.kind === 'open' && provider.hash.equals(entry.provider) && index === entry.index,
    );
    if (entry.kind === 'open' && !worker) return;
    const id = entry.kind === 'open' ? lineId(openedLine(entry, worker!.address.hash)) : entry.lineId;
    const known = lines.get(id.toString('hex'));
    const settleBy = entry.kind === 'open' ? entry.settleBy : known!.settleBy;
    const raise = entry.cap - (known?.capNano ?? 0n);
    lines.set(id.toString('hex'), { paidNano: nano(0), closeAt: 0, ...known, capNano: entry.cap, settleBy });
    state = {
      ...state,
      freeNano: nano(state.freeNano - raise),
      lockedNano: nano(state.lockedNano + raise),
    };
  };

  const chain: FakeChain = {
    networkId: NETWORK_ID,
    registry: REGISTRY,
    workerStates,
    rules,
    blockRoot: BLOCK_ROOT,
    allocations,
    escrowState: () => state,
    topUp: (amountNano) => (state = { ...state, freeNano: nano(state.freeNano + amountNano) }),
    set: (change) => (state = { ...state, ...change }),
    setLine: (id, change) => lines.set(id, { ...lines.get(id)!, ...change }),
    blockTime: () => Promise.resolve(clock.now()),
    balance: () => Promise.resolve(state.balanceNano),
    isDeployed: () => Promise.resolve(true),
    escrow: (address) =>
      Promise.resolve(
        address.equals(ESCROW) ? { ...state, lines: new Map(lines), readAtUnix: clock.now() } : null,
      ),
    ...readingsOf(workerStates, rules, clock),
    masterchainRoot: () => Promise.resolve(chain.blockRoot),
    registryRoot: () => Promise.resolve('simulated' as const),
    workers: () => Promise.resolve([...workerStates.values()].map(({ address }) => address)),
    sendExternal: (_, body) => {
      take(body);
      return Promise.resolve();
    },
    transactions: () => Promise.resolve([]),
  };
  return chain;
}

/** What a chain says of its Workers and its registry: each time anew, as it is now. */
export function readingsOf(
  workerStates: FakeChain['workerStates'],
  rules: FakeChain['rules'],
  clock: ManualClock,
): Pick<Chain, 'worker' | 'registryRules' | 'platformOf'> {
  const now = (): number => Math.floor(clock.now());
  return {
    async worker(address) {
      const state = workerStates.get(address.hash.toString('hex'));
      return state ? { ...state, readAtUnix: now() } : null;
    },
    async registryRules() {
      const { images, shapes, models, floors, blocks } = rules;
      return {
        ...{ images: new Map(images), shapes: new Set(shapes), models: new Map(models) },
        ...{ floors: new Map(floors), blocks: new Map(blocks), readAtUnix: now() },
      };
    },
    platformOf: async (ppid) => platformOf(ppid),
  };
}

/** Where the Platform of a machine is: on this chain, the hash of its name. */
export function platformOf(ppid: Uint8Array): Buffer {
  return sha256(ppid);
}
