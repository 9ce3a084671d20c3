import { toNano, TupleReader, type Cell, type Message } from '@ton/core';
import type { BlockchainTransaction } from '@ton/sandbox';
import { allocateHash, type Allocate, type AllocateEntry } from '../../src/protocol/allocate';
import { nano } from '../../src/protocol/amounts';
import { keyPairFromSeed, sign } from '../../src/protocol/ed25519';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../src/protocol/line';
import {
  allocateBody,
  allocateExternalBody,
  closeBody,
  parseLines,
  pruneBody,
  setSignerBody,
  settleBody,
  withdrawBody,
  type LineOnChain,
} from '../../wrappers/Escrow';
import { escrowReserveNano } from '../../wrappers/escrowCosts';
import { GET_WORKER, parseWorker } from '../../wrappers/Worker';
import * as E from '../support/escrow';
import { readData } from '../support/escrowState';
import { wipe } from '../support/frozen';
import type { Action } from './actions';
import { firstState, type Flight, type Instance, type State } from './state';

// The search's world on a real escrow. A unit is ten coins, and half a unit is there besides, for gas and rent: what the
// model leaves out is never enough to change an answer. A tick is the closing delay.

const UNIT = toNano('10');
const SPARE = UNIT / 2n;
const TICK = 36 * E.HOUR;
const signers = [1, 2].map((seed) => keyPairFromSeed(Buffer.alloc(32, seed)));

/** What contract and model can be compared by. */
export type Shown = Omit<State, 'now' | 'flights' | 'signed' | 'purse'>;

export interface Contract {
  /** Does it for real; whether it is refused shows in what follows. */
  act(action: Action): Promise<void>;
  show(): Promise<Shown>;
}

export function shown({ held, locked, lines, signer, budget, earned }: State): Shown {
  return { held, locked, lines, signer, budget, earned };
}

interface Real {
  world: E.EscrowWorld;
  born: number;
  lines: Line[];
  domain: Buffer;
  flights: (Flight & { message: Message })[];
  earned: number[];
}

/** The first state of such a world. One at a time: the chain is the same one, set back. */
export async function createContract(instance: Instance): Promise<Contract> {
  const first = firstState(instance);
  const depositNano = BigInt(first.held) * UNIT + SPARE;
  const world = await E.createEscrowWorld({ depositNano });
  const born = world.chain.now!;
  const lines = instance.settleBy.map((tick): Line => ({
    workerAddress: world.worker.address.hash,
    settleBy: born + tick * TICK,
    feeBps: 0,
    feeTo: NO_FEE_RECIPIENT,
    workerKey: world.worker.keys.publicKey,
  }));
  const { domain } = await E.readEscrow(world);
  const real: Real = { world, born, lines, domain, flights: [], earned: [0, 0] };
  await byClient(real, setSignerBody(signers[first.signer]!.publicKey, budgetNano(first.budget)));
  return { act: (action) => act(real, action), show: () => show(real) };
}

const budgetNano = (units: number): bigint => BigInt(units) * UNIT + SPARE;

async function act(real: Real, action: Action): Promise<void> {
  const { world, lines } = real;
  switch (action.kind) {
    case 'tick':
      world.chain.now! += TICK;
      return;
    case 'topUp':
      return byClient(real, undefined, UNIT);
    case 'allocate':
      return allocate(real, action);
    case 'settle':
      return settle(real, action);
    case 'arrive':
      return arrive(real, action);
    case 'close':
      return byClient(real, closeBody([lineId(lines[action.line]!)]));
    case 'prune':
      await E.send(world, {
        from: world.stranger.address,
        value: toNano('1'),
        body: pruneBody([lineId(lines[action.line]!)]),
      });
      return;
    case 'withdraw':
      return byClient(real, withdrawBody(BigInt(action.amount) * UNIT));
    case 'setSigner':
      return byClient(real, setSignerBody(signers[action.signer]!.publicKey, budgetNano(action.budget)));
  }
}

async function byClient(real: Real, body?: ReturnType<typeof closeBody>, value = toNano('1')): Promise<void> {
  await E.send(real.world, { from: real.world.client.address, value, ...(body && { body }) });
}

async function allocate(real: Real, action: Action & { kind: 'allocate' }): Promise<void> {
  const { world } = real;
  const line = real.lines[action.line]!;
  const cap = BigInt(action.cap) * UNIT;
  const entries: Record<typeof action.entry, AllocateEntry> = {
    open: E.opening(world, line, cap),
    raise: E.raising(line, cap),
    close: { kind: 'close', lineId: lineId(line) },
  };
  const entry = [entries[action.entry]];
  const sum = BigInt(action.sum) * UNIT;
  if (action.by === 'client') return byClient(real, allocateBody(entry, sum));
  const value: Allocate = {
    domain: real.domain,
    seqno: Number((await readData(world)).data.seqno),
    validUntil: world.chain.now! + 300,
    raiseSum: nano(sum),
    entries: entry,
  };
  const signature = sign(allocateHash(value), signers[action.by]!);
  await E.exitOfExternal(world, allocateExternalBody({ value, signature }));
}

/** The escrow's own transaction alone: its payout stays under way. */
async function settle(real: Real, { line, total, final }: Action & { kind: 'settle' }): Promise<void> {
  const { world, domain } = real;
  const item = await E.receiptFor(world, real.lines[line]!, BigInt(total) * UNIT, { final, domain });
  const message = E.toEscrow(world, {
    from: world.stranger.address,
    value: toNano('1'),
    body: settleBody([item]),
  });
  const chain = await world.chain.sendMessageIter(message, { allowParallel: true });
  const { value: tx } = (await chain.next()) as { value: BlockchainTransaction };
  for (const sent of tx.outMessages.values()) {
    if (sent.info.type !== 'internal' || !sent.info.dest.equals(world.worker.address)) continue;
    const body = sent.body.beginParse();
    body.skip(32);
    real.flights.push({ line, amount: Number(body.loadUintBig(64) / UNIT), message: sent });
  }
  real.flights.sort((a, b) => a.line - b.line || a.amount - b.amount);
}

/** A payout comes back when there is no Worker for a moment. */
async function arrive(real: Real, { flight, accepted }: Action & { kind: 'arrive' }): Promise<void> {
  const { world } = real;
  const [payout] = real.flights.splice(flight, 1);
  if (!payout) return;
  const { chain, worker } = world;
  if (accepted) {
    const before = await earningsOf(real);
    await chain.sendMessage(payout.message);
    real.earned[payout.line]! += Number(((await earningsOf(real)) - before) / UNIT);
    return;
  }
  const { account } = await chain.getContract(worker.address);
  const kept = { ...account };
  await wipe(chain, worker.address);
  await chain.sendMessage(payout.message);
  await chain.setShardAccount(worker.address, kept);
}

async function earningsOf({ world }: Real): Promise<bigint> {
  const { stackReader } = await world.chain.runGetMethod(world.worker.address, GET_WORKER);
  return parseWorker(stackReader).earningsNano;
}

/** Read from the contracts' data: a getter would take as long as the message before it. */
async function show(real: Real): Promise<Shown> {
  const { world, born, lines } = real;
  const { data, balance } = await readData(world);
  const ledger = linesOf(data.lines);
  const reserve = escrowReserveNano(Number(data.entries));
  const units = (amount: bigint): number => Number(amount / UNIT);
  return {
    held: units(balance - reserve),
    locked: units(data.locked),
    lines: lines.map((line) => {
      const entry = ledger.get(lineId(line).toString('hex'));
      if (!entry) return null;
      const closeAt = entry.closeAt === 0 ? 0 : (entry.closeAt - born) / TICK;
      return { cap: units(entry.capNano), paid: units(entry.paidNano), closeAt };
    }),
    signer: signers.findIndex(({ publicKey }) => data.signer === BigInt(`0x${publicKey.toString('hex')}`)),
    budget: units(data.signerBudget),
    earned: [...real.earned],
  };
}

function linesOf(ledger: Cell | null): Map<string, LineOnChain> {
  return parseLines(new TupleReader([ledger ? { type: 'cell', cell: ledger } : { type: 'null' }]));
}
