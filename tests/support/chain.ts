import { Cell, type Address } from '@ton/core';
import { Blockchain, defaultConfig, type BlockchainTransaction, type SendMessageResult } from '@ton/sandbox';
import { withFeeParameters } from '../../src/devnet/feeParameters';

/** The network that test chains are; not mainnet's -239, which the sandbox takes by default. */
export const TEST_NETWORK_ID = -777;
/** Where test chains begin in time. */
export const TEST_GENESIS = 1_780_000_000;

/** A chain with the fees of mid-2026, silent, at a fixed time. */
export async function createTestChain(): Promise<Blockchain> {
  const config = withFeeParameters(Cell.fromBase64(defaultConfig), TEST_NETWORK_ID);
  const chain = await Blockchain.create({ config });
  chain.now = TEST_GENESIS;
  chain.verbosity = { print: false, blockchainLogs: false, vmLogs: 'none', debugLogs: false };
  return chain;
}

/** One step of a message chain, for ordered comparisons. */
export interface Step {
  from: string;
  to: string;
  op: string;
  exit: number | null;
}

/** Names for the addresses and opcodes that a test's flows mention. */
export interface Names {
  addresses: ReadonlyMap<string, string>;
  opcodes: ReadonlyMap<number, string>;
}

/** The ordered list (from, to, op, exit) of a message chain; `bounced:` marks messages that came back. */
export function flow(result: SendMessageResult, names: Names): Step[] {
  return result.transactions.map((tx) => {
    const message = tx.inMessage!;
    const info = message.info;
    const body = message.body.beginParse();
    const bounced = info.type === 'internal' && info.bounced;
    if (bounced && body.remainingBits >= 32) body.skip(32);
    const op = body.remainingBits >= 32 ? body.loadUint(32) : null;
    const opName = op === null ? 'empty' : (names.opcodes.get(op) ?? `0x${op.toString(16)}`);
    return {
      from: info.type === 'internal' ? nameOf(info.src, names) : 'outside',
      to: nameOf(info.dest as Address, names),
      op: info.type === 'external-in' ? 'external' : bounced ? `bounced:${opName}` : opName,
      exit: exitCode(tx),
    };
  });
}

function nameOf(address: Address, names: Names): string {
  return names.addresses.get(address.toRawString()) ?? address.toRawString();
}

/** The exit code of the compute phase, of the action phase when that failed, null when nothing ran. */
export function exitCode(tx: BlockchainTransaction): number | null {
  if (tx.description.type !== 'generic') return null;
  const { computePhase, actionPhase } = tx.description;
  if (computePhase.type !== 'vm') return null;
  if (computePhase.exitCode !== 0) return computePhase.exitCode;
  return actionPhase && !actionPhase.success ? actionPhase.resultCode : 0;
}

export function gasUsed(tx: BlockchainTransaction): number {
  if (tx.description.type !== 'generic' || tx.description.computePhase.type !== 'vm') return 0;
  return Number(tx.description.computePhase.gasUsed);
}

export async function balanceOf(chain: Blockchain, address: Address): Promise<bigint> {
  return (await chain.getContract(address)).balance;
}
