import { Address } from '@ton/core';
import type { Chain, Clock, EscrowState, LineEntry, WorkerState } from '../../../../src/chain/types';
import { nano } from '../../../../src/protocol/amounts';
import { escrowDomain } from '../../../../src/protocol/domain';
import { lineId, type Line } from '../../../../src/protocol/line';
import type { EscrowReader } from '../../../../src/router/admission';

export const NETWORK_ID = -3;
export const REGISTRY = Buffer.alloc(32, 0x11);
export const FEE_TO = Buffer.alloc(20, 0x99);
export const MAX_FEE_BPS = 500;
export const LAST_SETTLE_BY = 1_800_000_000 + 13 * 86_400;
/** Where every fake's clock stands at first. */
export const START_UNIX = 1_800_000_000;

export interface FakeClock extends Clock {
  set(unix: number): void;
}

export function createFakeClock(startUnix = START_UNIX): FakeClock {
  let unix = startUnix;
  return {
    now: () => unix,
    set(next) {
      unix = next;
    },
  };
}

/** Accounts in a map: what a test puts in is what the router reads. */
export interface FakeChain extends Pick<Chain, 'networkId' | 'registry' | 'worker'>, EscrowReader {
  putWorker(state: WorkerState): void;
  putEscrow(state: EscrowState): void;
  changeEscrow(account: Buffer, change: Partial<EscrowState>): void;
  changeWorker(account: Buffer, change: Partial<WorkerState>): void;
  changeLine(account: Buffer, line: Line, change: Partial<LineEntry>): void;
  /** Every read fails until called with false. */
  breakDown(broken: boolean): void;
}

export function createFakeChain(): FakeChain {
  const escrows = new Map<string, EscrowState>();
  const workers = new Map<string, WorkerState>();
  let broken = false;
  const guard = async <T>(value: T): Promise<T> => {
    if (broken) throw new Error('the endpoint does not answer');
    return value;
  };
  const fake: FakeChain = {
    networkId: NETWORK_ID,
    registry: new Address(0, REGISTRY),
    worker: (address) => guard(workers.get(address.hash.toString('hex')) ?? null),
    read: (account) => guard(escrows.get(account.toString('hex')) ?? null),
    putWorker: (state) => void workers.set(state.address.hash.toString('hex'), state),
    putEscrow: (state) => void escrows.set(state.address.hash.toString('hex'), state),
    changeEscrow(account, change) {
      fake.putEscrow({ ...escrows.get(account.toString('hex'))!, ...change });
    },
    changeWorker(account, change) {
      fake.putWorker({ ...workers.get(account.toString('hex'))!, ...change });
    },
    changeLine(account, line, change) {
      const state = escrows.get(account.toString('hex'))!;
      const key = lineId(line).toString('hex');
      const lines = new Map(state.lines).set(key, { ...state.lines.get(key)!, ...change });
      fake.putEscrow({ ...state, lines });
    },
    breakDown(value) {
      broken = value;
    },
  };
  return fake;
}

export function workerState(account: Buffer, workerKey: Buffer, statementHash: Buffer): WorkerState {
  const address = new Address(0, account);
  return {
    address,
    registry: new Address(0, REGISTRY),
    provider: address,
    index: 0,
    operator: address,
    stakeNano: nano(10_000_000_000n),
    activeUntil: START_UNIX + 86_400,
    active: true,
    unstakeAt: 0,
    keys: [
      {
        workerKey,
        activeUntil: START_UNIX + 86_400,
        lastSettleBy: LAST_SETTLE_BY,
        platform: Buffer.alloc(32, 0x55),
      },
    ],
    statementHash,
    imageId: Buffer.alloc(32, 0x33),
    shape: Buffer.alloc(32, 0x44),
    platform: Buffer.alloc(32, 0x55),
    tcb: null,
    quoteSeqno: 0,
    pending: null,
    attestedAt: 0,
    earningsNano: nano(0),
    claimableNano: nano(0),
    feeRecipients: [{ feeTo: FEE_TO, maxBps: MAX_FEE_BPS, owedNano: nano(0) }],
    balanceNano: nano(0),
    readAtUnix: START_UNIX,
  };
}

export function escrowState(
  account: Buffer,
  signer: Buffer,
  lines: readonly { line: Line; capNano: bigint }[],
  born = 1n,
): EscrowState {
  const address = new Address(0, account);
  return {
    address,
    registry: new Address(0, REGISTRY),
    client: address,
    salt: 0n,
    signer,
    signerBudgetNano: nano(0),
    seqno: 0,
    closeDelaySeconds: 129_600,
    born,
    domain: escrowDomain({ networkId: NETWORK_ID, registry: REGISTRY, self: account }, born),
    balanceNano: nano(0),
    lockedNano: nano(0),
    freeNano: nano(0),
    reserveNano: nano(0),
    lines: new Map(
      lines.map(({ line, capNano }) => [
        lineId(line).toString('hex'),
        { capNano: nano(capNano), paidNano: nano(0), settleBy: line.settleBy, closeAt: 0 },
      ]),
    ),
    readAtUnix: START_UNIX,
  };
}
