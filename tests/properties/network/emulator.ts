import { beginCell, Cell, Dictionary, loadTransactionDescription, type Slice } from '@ton/core';
import { defaultConfig, Executor } from '@ton/sandbox';
import { withFeeParameters } from '../../../src/devnet/feeParameters';
import { TEST_NETWORK_ID } from '../../support/chain';
import { heavyCell, lightCell } from './cells';

// One transaction at a time, without a chain around it: accounts and messages go in and come out as they are serialized.

/** A message that a transaction sent. Amounts are nanotons, accounts are hashes in hex. */
export interface Sent {
  cell: Cell;
  to: string;
  from: string;
  value: bigint;
  /** What is left of the forwarding fee for who delivers it. */
  forwardFee: bigint;
  bounced: boolean;
  body: Slice;
}

/** What a transaction did. */
export interface Ran {
  /** Exit code of the compute phase, or of the action phase when that failed; null when nothing ran. */
  exit: number | null;
  /** Everything that the chain took, rent and gas and its share of forwarding. */
  fees: bigint;
  rent: bigint;
  gas: bigint;
  sent: Sent[];
  /** The account afterwards. */
  account: string;
}

export interface Emulator {
  /**
   * Delivers a message. A number is the exit code with which an external message was not accepted, 0 when no code ran. Throws
   * when the emulator itself fails.
   */
  run(account: string, message: Cell, now: number, lt: bigint): Promise<Ran | number>;
  /** How many messages were delivered so far. */
  delivered(): number;
}

const NOT_RUN = 'before smart-contract execution';

/** What transactions read of the configuration; the rest of it is large and read anew for each of them. */
const PARAMETERS = [0, 1, 4, 8, 9, 12, 13, 18, 19, 20, 21, 24, 25, 43, 45];

export async function createEmulator(): Promise<Emulator> {
  const executor = await Executor.create();
  const config = slimConfig();
  let delivered = 0;
  return {
    delivered: () => delivered,
    async run(account, message, now, lt) {
      delivered++;
      const { result } = await executor.runTransaction({
        config,
        libs: null,
        verbosity: 'short',
        shardAccount: account,
        message,
        now,
        lt,
        randomSeed: null,
        ignoreChksig: false,
        debugEnabled: false,
      });
      if (result.success) return readTransaction(result.transaction, result.shardAccount);
      // Nobody runs an external message that cannot pay for its own carriage, or that meets no code.
      if (result.error.includes(NOT_RUN)) return 0;
      if (result.vmResults === undefined) throw new Error(`the emulator failed: ${result.error}`);
      return result.vmResults.vmExitCode;
    },
  };
}

function slimConfig(): string {
  const whole = withFeeParameters(Cell.fromBase64(defaultConfig), TEST_NETWORK_ID);
  const all = whole.beginParse().loadDictDirect(Dictionary.Keys.Int(32), Dictionary.Values.Cell());
  const slim = Dictionary.empty(Dictionary.Keys.Int(32), Dictionary.Values.Cell());
  for (const id of PARAMETERS) {
    const parameter = all.get(id);
    if (parameter) slim.set(id, parameter);
  }
  return beginCell().storeDictDirect(slim).endCell().toBoc().toString('base64');
}

const refValue = {
  parse: (slice: Slice): Cell => slice.loadRef(),
  serialize: (): never => {
    throw new Error('only read');
  },
};

function readTransaction(transaction: string, account: string): Ran {
  const slice = lightCell(Buffer.from(transaction, 'base64')).beginParse();
  // Tag, account, logical time, previous hash and time, now, number of messages, states before and after.
  slice.skip(4 + 256 + 64 + 256 + 64 + 32 + 15 + 2 + 2);
  const messages = slice.loadRef().beginParse();
  messages.loadMaybeRef();
  const sent = messages.loadDict(Dictionary.Keys.Uint(15), refValue).values();
  const fees = slice.loadCoins();
  slice.loadMaybeRef();
  slice.loadRef();
  const description = loadTransactionDescription(slice.loadRef().beginParse());
  if (description.type !== 'generic') throw new Error(`a ${description.type} transaction`);
  const { storagePhase, computePhase, actionPhase } = description;
  const ran = computePhase.type === 'vm' ? computePhase : null;
  return {
    exit:
      ran === null
        ? null
        : ran.exitCode || (actionPhase && !actionPhase.success ? actionPhase.resultCode : 0),
    fees,
    rent: storagePhase?.storageFeesCollected ?? 0n,
    gas: ran?.gasFees ?? 0n,
    sent: sent.map(readMessage),
    account,
  };
}

function readMessage(cell: Cell): Sent {
  const slice = cell.beginParse();
  if (slice.loadBit()) throw new Error('an external message was sent');
  slice.skip(2);
  const bounced = slice.loadBit();
  const from = slice.loadAddress().hash.toString('hex');
  const to = slice.loadAddress().hash.toString('hex');
  const value = slice.loadCoins();
  slice.loadMaybeRef();
  slice.loadCoins();
  const forwardFee = slice.loadCoins();
  slice.skip(64 + 32);
  if (slice.loadBit()) throw new Error('a message with a state was sent');
  const body = slice.loadBit() ? slice.loadRef().beginParse() : slice;
  return { cell: heavyCell(cell), to, from, value, forwardFee, bounced, body };
}
