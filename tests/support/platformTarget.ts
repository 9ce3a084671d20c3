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
  send(body: Cell, sent?: Sent): Promise<string>;
  /** The Platform as it is after it accepted `body`. */
  after(body: Cell, sent?: Sent): Promise<Target>;
}

/** How a message is sent: by the submitter, with enough value, unless said otherwise. */
export interface Sent {
  from?: Address;
  valueNano?: bigint;
}

export const ACCEPTED = 'accepted';

/** One for all: each adds listeners to the process. */
let executor: Promise<Executor> | undefined;

/** A Platform as it is deployed for this machine, at this time, on the tests' network or another. */
export type Targets = (ppidHash: Buffer, nowUnix: number, networkId?: number) => Promise<Target>;

/** Gives the Platforms of one code: the shipped one of the simulated root, unless another is given. */
export async function createTargets(code?: Cell): Promise<Targets> {
  const emulator = await (executor ??= Executor.create());
  return async (ppidHash, nowUnix, networkId = TEST_NETWORK_ID) => {
    const config = withFeeParameters(Cell.fromBase64(defaultConfig), networkId);
    const context = { executor: emulator, config: config.toBoc().toString('base64') };
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
  const run = async (body: Cell, { from = SUBMITTER, valueNano = VALUE_NANO }: Sent = {}) => {
    const message = internal({ from, to: PLATFORM, value: valueNano, bounce: true, body });
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
    send: async (body, sent) => (await run(body, sent)).outcome,
    async after(body, sent) {
      const { outcome, account } = await run(body, sent);
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
