import { beginCell, Dictionary, storeAccountStorage, type Cell } from '@ton/core';
import { createShardAccount } from '@ton/sandbox';
import { loadEscrow$Data, storeEscrow$Data, type Escrow$Data } from '../../build/Escrow/Escrow_Escrow';
import { LINE_ID_BYTES } from '../../src/protocol/line';
import type { LineOnChain } from '../../wrappers/Escrow';
import type { EscrowWorld } from './escrow';

/** The contract's data as the compiler's own codec reads it. */
export async function readData(
  world: EscrowWorld,
): Promise<{ data: Escrow$Data; code: Cell; balance: bigint }> {
  const contract = await world.chain.getContract(world.escrow);
  const state = contract.accountState;
  if (state?.type !== 'active') throw new Error('the escrow is not deployed');
  const { code, data } = state.state;
  return { data: loadEscrow$Data(data!.beginParse()), code: code!, balance: contract.balance };
}

/** Puts the escrow into a state that messages would take long to reach: many lines, or less money than the reserve. */
export async function forceState(
  world: EscrowWorld,
  change: { lines?: ReadonlyMap<string, LineOnChain>; entries?: number; balanceNano?: bigint },
): Promise<void> {
  const { data, code, balance } = await readData(world);
  if (change.lines) {
    data.lines = ledgerCell(change.lines);
    data.entries = BigInt(change.lines.size);
    data.locked = [...change.lines.values()].reduce((sum, line) => sum + line.capNano - line.paidNano, 0n);
  }
  if (change.entries !== undefined) data.entries = BigInt(change.entries);
  const account = createShardAccount({
    address: world.escrow,
    code,
    data: beginCell().store(storeEscrow$Data(data)).endCell(),
    balance: change.balanceNano ?? balance,
  });
  // An account that is made claims to use no storage. The emulator counts on from there, and aborts once the balance
  // loses a byte of its encoding while nothing else changes: the count would fall below zero.
  const { storage, storageStats } = account.account!;
  storageStats.used = storageOf(beginCell().store(storeAccountStorage(storage)).endCell());
  await world.chain.setShardAccount(world.escrow, account);
}

/** As the chain counts: each cell once. */
export function storageOf(root: Cell): { cells: bigint; bits: bigint } {
  const seen = new Map<string, Cell>();
  const open = [root];
  for (let cell = open.pop(); cell; cell = open.pop()) {
    const name = cell.hash().toString('hex');
    if (seen.has(name)) continue;
    seen.set(name, cell);
    open.push(...cell.refs);
  }
  const bits = [...seen.values()].reduce((sum, cell) => sum + cell.bits.length, 0);
  return { cells: BigInt(seen.size), bits: BigInt(bits) };
}

function ledgerCell(lines: ReadonlyMap<string, LineOnChain>): Cell | null {
  const ledger = Dictionary.empty(Dictionary.Keys.Buffer(LINE_ID_BYTES), entryValue);
  for (const [id, line] of lines) ledger.set(Buffer.from(id, 'hex'), line);
  return lines.size === 0 ? null : beginCell().storeDictDirect(ledger).endCell();
}

const entryValue = {
  serialize: (line: LineOnChain, builder: ReturnType<typeof beginCell>) => {
    builder
      .storeUint(line.capNano, 64)
      .storeUint(line.paidNano, 64)
      .storeUint(line.settleBy, 32)
      .storeUint(line.closeAt, 32);
  },
  parse: (): never => {
    throw new Error('only written');
  },
};

/** Hash of everything that the contract remembers: two equal ones are the same ledger, bit for bit. */
export async function stateHash(world: EscrowWorld): Promise<string> {
  const { accountState } = await world.chain.getContract(world.escrow);
  if (accountState?.type !== 'active') throw new Error('the escrow is not deployed');
  return accountState.state.data!.hash().toString('hex');
}
