import { beginCell, loadTransaction, storeMessage, storeShardAccount, Address, Cell } from '@ton/core';
import { createShardAccount, defaultConfig, Executor, internal } from '@ton/sandbox';
import { withFeeParameters } from '../../src/devnet/feeParameters';
import { PLATFORM_EXIT_CODES, platformInit } from '../../wrappers/Platform';
import { TEST_NETWORK_ID } from './chain';

/** Where the tests' Registry and submitter live; neither is deployed. */
export const REGISTRY = new Address(0, Buffer.alloc(32, 0x11));
export const SUBMITTER = new Address(0, Buffer.alloc(32, 0x22));
const PLATFORM = new Address(0, Buffer.alloc(32, 0x33));

const VALUE_NANO = 1_000_000_000n;

/** What the virtual machine itself may end with on a message that is none. */
const VM_EXIT_CODES = new Map([
  [4, 'integer overflow'],
  [5, 'integer out of range'],
  [9, 'cell underflow'],
]);

/** A Platform in some state, to which messages are sent one by one; none changes what the next one finds. */
export interface Target {
  /** `accepted` or the name of the exit code; throws on a code without a name. */
  send(body: Cell): Promise<string>;
  /** The Platform as it is after it accepted `body`. */
  after(body: Cell): Promise<Target>;
}

export const ACCEPTED = 'accepted';

/** Gives the Platforms of one code: the shipped one of the simulated root, unless another is given. */
export async function createTargets(
  code?: Cell,
): Promise<(ppidHash: Buffer, nowUnix: number) => Promise<Target>> {
  const executor = await Executor.create();
  const config = withFeeParameters(Cell.fromBase64(defaultConfig), TEST_NETWORK_ID);
  const context = { executor, config: config.toBoc().toString('base64') };
  return async (ppidHash, nowUnix) => {
    const init = await platformInit('simulated', REGISTRY, ppidHash);
    const account = createShardAccount({
      address: PLATFORM,
      code: code ?? init.code!,
      data: init.data!,
      balance: VALUE_NANO,
      workchain: 0,
    });
    const cell = beginCell().store(storeShardAccount(account)).endCell();
    return target(context, cell.toBoc().toString('base64'), nowUnix);
  };
}

interface Context {
  executor: Executor;
  config: string;
}

function target(context: Context, shardAccount: string, nowUnix: number): Target {
  const run = async (body: Cell) => {
    const message = internal({ from: SUBMITTER, to: PLATFORM, value: VALUE_NANO, bounce: true, body });
    const { result } = await context.executor.runTransaction({
      config: context.config,
      libs: null,
      verbosity: 'short',
      shardAccount,
      message: beginCell().store(storeMessage(message)).endCell(),
      now: nowUnix,
      lt: 1_000_000n,
      randomSeed: Buffer.alloc(32),
      ignoreChksig: false,
      debugEnabled: false,
    });
    if (!result.success) throw new Error(`the emulator failed: ${result.error}`);
    return { outcome: outcomeOf(result.transaction), account: result.shardAccount };
  };
  return {
    send: async (body) => (await run(body)).outcome,
    async after(body) {
      const { outcome, account } = await run(body);
      if (outcome !== ACCEPTED) throw new Error(`the Platform does not accept: ${outcome}`);
      return target(context, account, nowUnix);
    },
  };
}

function outcomeOf(transaction: string): string {
  const { description } = loadTransaction(Cell.fromBase64(transaction).beginParse());
  if (description.type !== 'generic' || description.computePhase.type !== 'vm') {
    throw new Error('the message was not run');
  }
  const { exitCode } = description.computePhase;
  if (exitCode === 0) {
    if (!description.actionPhase?.success) throw new Error('the actions failed');
    return ACCEPTED;
  }
  const name = PLATFORM_EXIT_CODES.get(exitCode) ?? VM_EXIT_CODES.get(exitCode);
  if (name === undefined) throw new Error(`exit code ${exitCode} has no name`);
  return name;
}
