import { Executor } from '@ton/sandbox';
import {
  beginCell,
  Cell,
  Dictionary,
  parseTuple,
  serializeTuple,
  type Address,
  type TupleItem,
} from '@ton/core';
import { cellText } from './cellText';
import { DEVNET_LIMITS } from './limits';
import type { BlockId } from './timeline';

/** What a transaction or a get-method sees of the chain around it. */
export interface EmulationScene {
  unixTime: number;
  lt: bigint;
  randomSeed: Buffer;
  prevBlocks: PrevBlocks;
}

export interface PrevBlocks {
  last16: readonly BlockId[];
  keyBlock: BlockId;
  /** The last sixteen with a seqno that divides by 100: what `PREVMCBLOCKS_100` returns. */
  last16Hundreds: readonly BlockId[];
}

export type EmulatedTransaction =
  | { ok: true; transaction: Cell; account: Buffer }
  | { ok: false; reason: string; exitCode: number | null; vmLog: string };

export interface EmulatedGetMethod {
  exitCode: number;
  gasUsed: number;
  stack: TupleItem[];
}

/**
 * TON's own transaction executor, compiled to WebAssembly. A trap inside it leaves the module unusable, so it is
 * replaced by a fresh one and the call is made once more: the executor keeps no state between calls. Null is a call
 * that traps again.
 */
export async function createEmulator(
  config: Cell,
  create: () => Promise<Executor> = () => Executor.create(),
) {
  const configBoc = cellText(config);
  const readBoc = cellText(withoutValidators(config));
  let executor = await create();

  async function untrapped<T>(call: (executor: ExecutorInternals) => T): Promise<T | null> {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        return call(executor as unknown as ExecutorInternals);
      } catch (cause) {
        if (!(cause instanceof Error && cause.name === 'RuntimeError')) throw cause;
        executor = await create();
      }
    }
    return null;
  }

  return {
    config,

    /** `account` is the BoC of a ShardAccount. */
    async transaction(
      account: Buffer,
      message: Cell,
      scene: EmulationScene,
      options: { ignoreSignatures?: boolean } = {},
    ): Promise<EmulatedTransaction> {
      const parameters = JSON.stringify({
        utime: scene.unixTime,
        lt: scene.lt.toString(),
        rand_seed: scene.randomSeed.toString('hex'),
        ignore_chksig: options.ignoreSignatures ?? false,
        debug_enabled: false,
        prev_blocks_info: serializePrevBlocks(scene.prevBlocks),
      });
      const done = await untrapped((inner) => {
        // `runTransaction` serializes the 33 block ids anew for each message, which takes longer than the
        // message itself; the two methods underneath it take them as text.
        const emulator = inner.getEmulatorPointer(configBoc, QUIET);
        return inner.runCommon([emulator, 0, account.toString('base64'), cellText(message), parameters]);
      });
      if (!done) return { ok: false, reason: 'the executor aborted', exitCode: null, vmLog: '' };
      const { result } = done;
      if (result.success) {
        return {
          ok: true,
          transaction: Cell.fromBase64(result.transaction),
          account: Buffer.from(result.shardAccount, 'base64'),
        };
      }
      return {
        ok: false,
        reason: result.error,
        exitCode: result.vmResults?.vmExitCode ?? null,
        vmLog: result.vmResults?.vmLog ?? '',
      };
    },

    async getMethod(
      target: { address: Address; code: Cell; data: Cell; balance: bigint },
      methodId: number,
      stack: TupleItem[],
      scene: EmulationScene,
    ): Promise<EmulatedGetMethod> {
      const parameters = JSON.stringify({
        code: cellText(target.code),
        data: cellText(target.data),
        verbosity: QUIET,
        libs: '',
        address: target.address.toString(),
        unixtime: scene.unixTime,
        balance: target.balance.toString(),
        rand_seed: scene.randomSeed.toString('hex'),
        gas_limit: DEVNET_LIMITS.getMethodGas.toString(),
        method_id: methodId,
        debug_enabled: false,
        prev_blocks_info: serializePrevBlocks(scene.prevBlocks),
      });
      const done = await untrapped((inner) => {
        const pointer = inner.invoke('_run_get_method', [
          parameters,
          cellText(serializeTuple(stack)),
          readBoc,
        ]);
        return JSON.parse(inner.extractString(pointer)) as GetMethodReply;
      });
      if (!done) throw new Error('the executor aborted');
      const { output } = done;
      if (!output.success) throw new Error(output.error);
      return {
        exitCode: output.vm_exit_code,
        gasUsed: Number(output.gas_used),
        stack: parseTuple(Cell.fromBase64(output.stack)),
      };
    },
  };
}

export type Emulator = Awaited<ReturnType<typeof createEmulator>>;

/** Methods of `Executor` that its declarations hide; the sandbox's version is pinned and tests run them all. */
interface ExecutorInternals {
  getEmulatorPointer(configBoc: string, verbosity: number): number;
  runCommon(args: (string | number)[]): Awaited<ReturnType<Executor['runTransaction']>>;
  invoke(method: string, args: (string | number)[]): number;
  extractString(pointer: number): string;
}

interface GetMethodReply {
  output:
    | { success: true; stack: string; gas_used: string; vm_exit_code: number }
    | { success: false; error: string };
}

const QUIET = 0;

const serialized = new WeakMap<PrevBlocks, string>();

function serializePrevBlocks(blocks: PrevBlocks): string {
  const known = serialized.get(blocks);
  if (known !== undefined) return known;
  const list = (ids: readonly BlockId[]): TupleItem => ({ type: 'tuple', items: ids.map(blockTuple) });
  const items = [list(blocks.last16), blockTuple(blocks.keyBlock), list(blocks.last16Hundreds)];
  // A stack entry is a stack of one without its length and its (empty) rest.
  const entry = serializeTuple([{ type: 'tuple', items }]).beginParse();
  entry.skip(24);
  entry.loadRef();
  const text = cellText(beginCell().storeSlice(entry).endCell());
  serialized.set(blocks, text);
  return text;
}

function blockTuple(id: BlockId): TupleItem {
  const integers = [
    BigInt(id.workchain),
    id.shard,
    BigInt(id.seqno),
    toInteger(id.rootHash),
    toInteger(id.fileHash),
  ];
  return { type: 'tuple', items: integers.map((value) => ({ type: 'int', value })) };
}

function toInteger(hash: Buffer): bigint {
  return BigInt(`0x${hash.toString('hex')}`);
}

/**
 * A get-method reads the whole configuration anew each time, nine tenths of which are the validator sets of
 * mainnet's day; without them a call takes a seventh of the time.
 */
function withoutValidators(config: Cell): Cell {
  const parameters = config.beginParse().loadDictDirect(Dictionary.Keys.Int(32), Dictionary.Values.Cell());
  for (const validators of [32, 34, 36]) parameters.delete(validators);
  return beginCell().storeDictDirect(parameters).endCell();
}
