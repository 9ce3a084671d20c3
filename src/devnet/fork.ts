import {
  beginCell,
  Cell,
  Dictionary,
  loadTransaction,
  storeMessageRelaxed,
  TupleReader,
  type Address,
  type Transaction,
  type TupleItem,
} from '@ton/core';
import { defaultConfig } from '@ton/sandbox';
import { sha256 } from '../protocol/hash';
import { encodeAccount, EMPTY_ACCOUNT, genesisAccount, viewAccount } from './accounts';
import { methodIdOf } from './api/methodId';
import { createEmulator, type EmulationScene, type PrevBlocks } from './emulator';
import { outMessages } from './messages';
import { MASTERCHAIN, WHOLE_SHARD } from './network';

/** Where a copy takes what it does not have yet. */
export interface ForkSource {
  account(address: Address): Promise<ForkedAccount>;
  /** Null where the chain does not tell it: then the emulator's own stands. */
  configParam(id: number): Promise<Cell | null>;
}

export interface ForkedAccount {
  balanceNano: bigint;
  code: Cell | null;
  data: Cell | null;
}

/** A message that an account of the copy sends; `mode` as of SENDRAWMSG. */
export interface ForkedSend {
  mode: number;
  /** As SENDRAWMSG takes it. */
  message: Cell;
}

export interface ForkLimits {
  accounts: number;
  transactions: number;
}

/**
 * A copy of a few accounts of another chain, whose time is whatever the caller says: each account is fetched when a message first
 * reaches it, and runs its own code. Nothing goes back.
 */
export interface Fork {
  /**
   * Has an account send messages in one transaction, whatever its own code would say, and runs what follows. Messages to that
   * account are not run: they are what comes back. `coinsNano` is added to its balance beforehand. Throws RangeError beyond the limits.
   */
  sendAs(
    sender: Address,
    sends: readonly ForkedSend[],
    at: { unixTime: number; coinsNano: bigint },
  ): Promise<ForkRun>;
  getMethod(
    address: Address,
    name: string,
    args: readonly TupleItem[],
    unixTime: number,
  ): Promise<TupleReader>;
}

export interface ForkRun {
  /** The sender's own comes first. */
  transactions: Transaction[];
  /** Messages that came back to the sender. */
  cameBackNano: bigint;
}

/** Prices, limits of gas, and the network's id: what an account can see of the configuration and the emulator understands. */
const TAKEN_PARAMETERS = [18, 19, 20, 21, 24, 25];
const LT_STEP = 1_000n;
const FIRST_LT = 1_000_000n;
/** What the transaction that sends is paid from. */
const TRIGGER_NANO = 50_000_000n;

export async function createFork(source: ForkSource, limits: ForkLimits): Promise<Fork> {
  const emulator = await createEmulator(await configOf(source));
  const accounts = new Map<string, Buffer>();
  let lt = FIRST_LT;

  async function account(address: Address): Promise<Buffer> {
    const key = address.toRawString();
    const known = accounts.get(key);
    if (known) return known;
    if (accounts.size >= limits.accounts) {
      throw new RangeError(`the messages reach more than ${limits.accounts} accounts`);
    }
    const { balanceNano, code, data } = await source.account(address);
    const fetched = code && data ? genesisAccount(address, code, data, balanceNano) : EMPTY_ACCOUNT;
    accounts.set(key, fetched);
    return fetched;
  }

  async function run(to: Address, message: Cell, unixTime: number): Promise<Cell> {
    const scene = sceneAt(unixTime, (lt += LT_STEP), to);
    const result = await emulator.transaction(await account(to), message, scene);
    if (!result.ok) throw new RangeError(`the emulator gave up: ${result.reason}`);
    accounts.set(to.toRawString(), result.account);
    return result.transaction;
  }

  return {
    async sendAs(sender, sends, { unixTime, coinsNano }) {
      const own = viewAccount(await account(sender));
      const balance = own.balance + coinsNano;
      accounts.set(sender.toRawString(), genesisAccount(sender, sendingCode(sends), Cell.EMPTY, balance));
      const transactions: Transaction[] = [];
      let cameBackNano = 0n;
      const waiting = [{ to: sender, cell: triggerOf(sender, lt, unixTime) }];
      for (let message = waiting.shift(); message; message = waiting.shift()) {
        if (transactions.length >= limits.transactions) {
          throw new RangeError(`the messages cause more than ${limits.transactions} transactions`);
        }
        const transaction = await run(message.to, message.cell, unixTime);
        transactions.push(loadTransaction(transaction.beginParse()));
        for (const { to, cell, message: sent } of outMessages(transaction)) {
          if (!to.equals(sender)) waiting.push({ to, cell });
          else if (sent.info.type === 'internal') cameBackNano += sent.info.value.coins;
        }
      }
      // The sender is as it was: its own code was only lent.
      accounts.set(sender.toRawString(), restored(sender, own));
      return { transactions, cameBackNano };
    },

    async getMethod(address, name, args, unixTime) {
      const { code, data, balance } = viewAccount(await account(address));
      if (!code || !data) throw new RangeError(`no contract is at ${address.toString()}`);
      const scene = sceneAt(unixTime, lt, address);
      const target = { address, code, data, balance };
      const { exitCode, stack } = await emulator.getMethod(target, methodIdOf(name), [...args], scene);
      if (exitCode !== 0) throw new RangeError(`${name} ended with ${exitCode}`);
      return new TupleReader(stack);
    },
  };
}

function restored(address: Address, { code, data, balance }: ReturnType<typeof viewAccount>): Buffer {
  if (code && data) return genesisAccount(address, code, data, balance);
  return encodeAccount({ account: null, lastTransactionHash: 0n, lastTransactionLt: 0n });
}

async function configOf(source: ForkSource): Promise<Cell> {
  const parameters = Cell.fromBase64(defaultConfig)
    .beginParse()
    .loadDictDirect(Dictionary.Keys.Int(32), Dictionary.Values.Cell());
  const taken = await Promise.all(
    TAKEN_PARAMETERS.map(async (id) => [id, await source.configParam(id)] as const),
  );
  for (const [id, cell] of taken) if (cell) parameters.set(id, cell);
  return beginCell().storeDictDirect(parameters).endCell();
}

/**
 * Code that sends these messages and does nothing else, for any message: SETCP0, then for each PUSHREF, PUSHINT, SENDRAWMSG. A cell
 * goes on in its last reference, since code that ends where a reference is left jumps there.
 */
function sendingCode(sends: readonly ForkedSend[]): Cell {
  const chained = sends.reduceRight<Cell | null>((rest, { mode, message }) => {
    const step = beginCell().storeUint(0x88, 8).storeUint(0x81, 8).storeInt(mode, 16).storeUint(0xfb00, 16);
    step.storeRef(message);
    if (rest) step.storeRef(rest);
    return step.endCell();
  }, null);
  const start = beginCell().storeUint(0xff00, 16);
  if (chained) start.storeRef(chained);
  return start.endCell();
}

/** The message that makes the sender's code run. */
function triggerOf(to: Address, createdLt: bigint, createdAt: number): Cell {
  return beginCell()
    .store(
      storeMessageRelaxed({
        info: {
          type: 'internal',
          ihrDisabled: true,
          bounce: false,
          bounced: false,
          src: to,
          dest: to,
          value: { coins: TRIGGER_NANO },
          ihrFee: 0n,
          forwardFee: 0n,
          createdLt,
          createdAt,
        },
        body: Cell.EMPTY,
      }),
    )
    .endCell();
}

function sceneAt(unixTime: number, lt: bigint, account: Address): EmulationScene {
  const randomSeed = sha256(Buffer.from(`${account.toRawString()} ${unixTime}`));
  return { unixTime, lt, randomSeed, prevBlocks: NO_BLOCKS };
}

/** Governance looks at no block; the virtual machine wants the list to be there. */
const NO_BLOCK = {
  workchain: MASTERCHAIN,
  shard: WHOLE_SHARD,
  seqno: 0,
  rootHash: Buffer.alloc(32),
  fileHash: Buffer.alloc(32),
};
const NO_BLOCKS: PrevBlocks = {
  last16: Array.from({ length: 16 }, () => NO_BLOCK),
  keyBlock: NO_BLOCK,
  last16Hundreds: Array.from({ length: 16 }, () => NO_BLOCK),
};
