import { Address } from '@ton/core';
import { PRICES_2026 } from '../../../wrappers/escrowCosts';
import { payoutBody } from '../../../wrappers/Worker';
import type { HeldReceipt } from '../../../src/chain/dues';
import type { EscrowState, LineEntry, SignedTransfer, TraceableWallet } from '../../../src/chain/types';
import { nano } from '../../../src/protocol/amounts';
import { keyPairFromSeed, sign } from '../../../src/protocol/ed25519';
import { CocoonError } from '../../../src/protocol/errors';
import { sha256 } from '../../../src/protocol/hash';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../../src/protocol/line';
import { receiptLayout } from '../../../src/protocol/signed';
import { openSettleStore, createSettlement, type Settlement, type SettleStore } from '../../../src/settle';
import type { SettlementPolicy } from '../../../src/settle/policy';

export const START = 1_800_000_000;
export const TON = 1_000_000_000n;
const WORKER_KEY = keyPairFromSeed(Buffer.alloc(32, 9));
const VALID_SECONDS = 60;

/** How the next message of the wallet fares. */
export type Fate =
  /** Taken, and reported. */
  | 'ok'
  /** Taken, but the sender hears nothing. */
  | 'silent'
  /** Lost on its way; the sender hears nothing. */
  | 'dropped'
  /** Its number was taken by another process's message. */
  | 'overtaken'
  /** The process dies right before, or right after, the message is taken. */
  | 'dies before'
  | 'dies after'
  /** The Workers refuse the payouts, which come back. */
  | 'bounces';

class Death extends Error {}

/** Escrows and a wallet as plain data: what a contract would do to paid and cap, and what a message costs. */
export interface SettleWorld {
  clock: { time: number; now(): number };
  wallet: { balance: bigint; messages: number };
  fate: Fate;
  /** Happens after the next reading of an escrow. */
  meanwhile: (() => void) | null;
  /** Reads of escrows fail. */
  blind: boolean;
  store: SettleStore;
  settlement: Settlement;
  policy: Partial<SettlementPolicy>;
  open(escrow: number, n: number, capNano: bigint, days: number): HeldReceipt;
  /** The same line with a higher total. */
  earn(held: HeldReceipt, totalNano: bigint, flags?: number): HeldReceipt;
  entry(held: HeldReceipt): LineEntry;
  set(held: HeldReceipt, change: Partial<LineEntry>): void;
  /** A new process over the same store and chain. */
  restart(): void;
}

/** What a settle of so many lines costs here: less than the planner's bound. */
export const COST_NANO = (lines: number): bigint => 700_000n + 1_000_000n * BigInt(lines);

export function createSettleWorld(policy: Partial<SettlementPolicy> = {}): SettleWorld {
  const escrows = new Map<string, EscrowState & { lines: Map<string, LineEntry> }>();
  const taken = new Map<string, { paid: Map<string, bigint>; lines: number }>();
  const clock = { time: START, now: () => clock.time };
  const store = openSettleStore(':memory:');
  /** The process that runs now was killed: it reads, sends and writes nothing more. */
  let dead = false;
  const die = (): never => {
    dead = true;
    throw new Death();
  };

  const chain = {
    prices: PRICES_2026,
    balance: async () => nano(world.wallet.balance),
    async escrow(address: Address): Promise<EscrowState | null> {
      if (dead) throw new Death();
      if (world.blind) throw new CocoonError('chain_unavailable', 'No answer.');
      const state = escrows.get(address.hash.toString('hex'));
      const seen = state ? { ...state, lines: new Map(state.lines), readAtUnix: clock.time } : null;
      world.meanwhile?.();
      world.meanwhile = null;
      return seen;
    },
  };

  /** As the contract pays: min(total, cap) - paid, while the line lasts. */
  function apply(escrow: string, held: readonly HeldReceipt[], bounces: boolean): Map<string, bigint> {
    const { lines } = escrows.get(escrow)!;
    const paid = new Map<string, bigint>();
    for (const { line, receipt } of held) {
      const id = lineId(line).toString('hex');
      const entry = lines.get(id);
      if (!entry || clock.time > Math.min(entry.settleBy, entry.closeAt || entry.settleBy)) continue;
      const earned = receipt.value.total < entry.capNano ? receipt.value.total : entry.capNano;
      const due = earned > entry.paidNano ? earned - entry.paidNano : 0n;
      if (bounces || due === 0n) continue;
      lines.set(id, { ...entry, paidNano: nano(entry.paidNano + due) });
      paid.set(id, due);
    }
    return paid;
  }

  /** What the running settle sends: the settlement signs a body, this world goes by what is planned of it. */
  let pending: { escrow: string; held: HeldReceipt[] } | null = null;
  const wallet: TraceableWallet = {
    address: new Address(0, sha256(Buffer.from('wallet'))),
    send: () => Promise.reject(new Error('unused')),
    async transfer([message], hooks = {}) {
      if (dead) throw new Death();
      const escrow = message!.to.hash.toString('hex');
      const held = pending!.held.filter((one) => one.escrow.toString('hex') === escrow);
      const sent: SignedTransfer = {
        wallet: wallet.address,
        bodyHash: message!.body!.hash(),
        seqno: world.wallet.messages,
        validUntil: clock.time + VALID_SECONDS,
        count: 1,
      };
      hooks.onSigned?.(sent);
      const { fate } = world;
      world.fate = 'ok';
      if (fate === 'dies before') die();
      if (fate === 'overtaken') throw new CocoonError('wallet_overtaken', 'Another was first.');
      if (fate === 'dropped') throw new CocoonError('chain_unavailable', 'No answer.');
      const inBatch = held.filter((one) => bodyHolds(store, sent, one));
      const paid = apply(escrow, inBatch, fate === 'bounces');
      world.wallet.balance -= COST_NANO(inBatch.length);
      world.wallet.messages += 1;
      taken.set(sent.bodyHash.toString('hex') + sent.validUntil, { paid, lines: inBatch.length });
      if (fate === 'dies after') die();
      if (fate === 'silent') throw new CocoonError('chain_unavailable', 'No answer.');
      return follow(sent, hooks);
    },
    async outcome(sent, hooks = {}) {
      if (taken.has(sent.bodyHash.toString('hex') + sent.validUntil)) return follow(sent, hooks);
      if (clock.time > sent.validUntil) return null;
      throw new CocoonError('chain_unavailable', 'It may still be taken.');
    },
  };

  function follow(sent: SignedTransfer, hooks: { onTransaction?: (transaction: never) => void }) {
    const { paid, lines } = taken.get(sent.bodyHash.toString('hex') + sent.validUntil)!;
    const escrow = store.journal.open().find((entry) => entry.sent.bodyHash.equals(sent.bodyHash))!.escrow;
    hooks.onTransaction?.(settleTransaction(escrow, paid) as never);
    const cost = nano(COST_NANO(lines));
    return Promise.resolve({
      ...{ feesNano: cost, spentNano: cost, lt: 1n, hash: Buffer.alloc(32), atUnix: clock.time },
      ...{ failure: null, answers: [] },
    });
  }

  const start = (): Settlement => {
    const inner = createSettlement({ chain, clock, wallet, policy, store: mortal(store, () => dead) });
    return {
      claims: () => inner.claims(),
      run(held, options) {
        pending = { escrow: '', held: [...held] };
        return inner.run(held, options);
      },
    };
  };

  const world: SettleWorld = {
    ...{ clock, store, policy, fate: 'ok', blind: false, meanwhile: null },
    wallet: { balance: 1_000n * TON, messages: 0 },
    settlement: start(),
    open(escrow, n, capNano, days) {
      const hash = sha256(Buffer.from(`escrow ${escrow}`));
      const key = hash.toString('hex');
      const line: Line = {
        workerAddress: Buffer.alloc(32, 5),
        settleBy: START + days * 86_400 + n,
        feeBps: 0,
        feeTo: NO_FEE_RECIPIENT,
        workerKey: WORKER_KEY.publicKey,
      };
      const state = escrows.get(key) ?? {
        ...({ address: new Address(0, hash), domain: sha256(hash) } as EscrowState),
        lines: new Map<string, LineEntry>(),
      };
      escrows.set(key, state);
      const entry = { capNano: nano(capNano), paidNano: nano(0), settleBy: line.settleBy, closeAt: 0 };
      state.lines.set(lineId(line).toString('hex'), entry);
      return signed({ escrow: hash, line }, state.domain, 0n, 0);
    },
    earn: ({ escrow, line, receipt }, total, flags = 0) =>
      signed({ escrow, line }, receipt.value.domain, total, flags),
    entry: ({ escrow, line }) =>
      escrows.get(escrow.toString('hex'))!.lines.get(lineId(line).toString('hex'))!,
    set(held, change) {
      const { lines } = escrows.get(held.escrow.toString('hex'))!;
      lines.set(lineId(held.line).toString('hex'), { ...world.entry(held), ...change });
    },
    restart() {
      dead = false;
      world.settlement = start();
    },
  };
  return world;
}

/** Which lines the message carried is what the journal wrote down before it left. */
function bodyHolds({ journal }: SettleStore, sent: SignedTransfer, { line }: HeldReceipt): boolean {
  const entry = journal.open().find((one) => one.sent.bodyHash.equals(sent.bodyHash));
  return entry!.lines.some((each) => each.lineId.equals(lineId(line)));
}

function signed(
  of: Pick<HeldReceipt, 'escrow' | 'line'>,
  domain: Buffer,
  total: bigint,
  flags: number,
): HeldReceipt {
  const value = {
    ...{
      domain,
      lineId: lineId(of.line),
      total,
      jobs: total,
      jobsRoot: Buffer.alloc(32),
      issuedAt: START,
      flags,
    },
  };
  return { ...of, receipt: { value, signature: sign(receiptLayout.hash(value), WORKER_KEY) } };
}

/** A store that a dead process no longer writes to. */
function mortal(store: SettleStore, isDead: () => boolean): SettleStore {
  const guard = <T extends object>(of: T): T =>
    new Proxy(of, {
      get(target, name) {
        if (isDead()) throw new Death();
        return Reflect.get(target, name) as unknown;
      },
    });
  return { ...store, journal: guard(store.journal), troubles: guard(store.troubles) };
}

/** The escrow's transaction with its payouts, as far as they are read. */
function settleTransaction(escrow: Buffer, paid: ReadonlyMap<string, bigint>): object {
  const out = [...paid].map(([id, amountNano]) => ({
    info: { type: 'internal', bounced: false },
    body: payoutBody({
      ...{ amountNano, lineId: Buffer.from(id, 'hex') },
      ...{ feeBps: 0, feeTo: NO_FEE_RECIPIENT, keyPrefix: Buffer.alloc(16) },
    }),
  }));
  const outMessages = new Map(out.map((message, at) => [at, message]));
  return { transaction: { address: BigInt(`0x${escrow.toString('hex')}`), outMessages, inMessage: null } };
}
