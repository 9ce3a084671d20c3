import { Address, Cell, TupleReader, type StateInit } from '@ton/core';
import {
  createShardAccount,
  internal,
  type Blockchain,
  type BlockchainSnapshot,
  type BlockchainTransaction,
} from '@ton/sandbox';
import {
  loadMeasured,
  loadQuoteVerified,
  loadTcb,
  type Measured,
  type QuoteVerified,
  type Tcb,
} from '../../build/RegistrySimulated/RegistrySimulated_Registry';
import type { AttestKind } from '../../src/attestation/onchain/kind';
import { attestMessage, type AttestMessage } from '../../src/attestation/onchain/message';
import { parseQuote } from '../../src/attestation/quote';
import { MINTED_AT } from '../../src/attestation/testing/mint';
import type { Root } from '../../src/protocol/root';
import {
  attestValueArguments,
  GET_ATTEST_VALUE,
  GET_PLATFORM,
  parsePlatform,
  PLATFORM_EXIT_CODES,
  platformAddress,
  platformInit,
  type PlatformOnChain,
} from '../../wrappers/Platform';
import { createTestChain, exitCode } from './chain';

/** Provider of every Worker here. The Registry takes whatever it is told: it is an account without a single instruction. */
export const PROVIDER = new Address(0, Buffer.alloc(32, 0x51));
export const SUBMITTER = new Address(0, Buffer.alloc(32, 0x52));
export const REGISTRY = new Address(0, Buffer.alloc(32, 0x53));
export const WORKER_INDEX = 3;
export const VALUE = 1_000_000_000n;

/** One machine's contract, deployed by its first message, on a chain of its own. */
export interface PlatformFixture {
  chain: Blockchain;
  root: Root;
  address: Address;
  init: StateInit;
}

/** Every Platform of a test file lives on the same chain, set back to its beginning: one at a time. */
export async function createPlatform(
  ppidHash: Buffer,
  { root = 'simulated', at = MINTED_AT }: { root?: Root; at?: number } = {},
): Promise<PlatformFixture> {
  fresh ??= chainWithRegistry();
  const { chain, state } = await fresh;
  await chain.loadFrom(state);
  chain.now = at;
  return {
    chain,
    root,
    address: await platformAddress(root, REGISTRY, ppidHash),
    init: await platformInit(root, REGISTRY, ppidHash),
  };
}

let fresh: Promise<{ chain: Blockchain; state: BlockchainSnapshot }> | undefined;

async function chainWithRegistry(): Promise<{ chain: Blockchain; state: BlockchainSnapshot }> {
  const chain = await createTestChain();
  const registry = createShardAccount({
    address: REGISTRY,
    code: Cell.EMPTY,
    data: Cell.EMPTY,
    balance: VALUE,
  });
  await chain.setShardAccount(REGISTRY, registry);
  return { chain, state: chain.snapshot() };
}

/** A quote as bytes becomes the message that its submitter sends. */
export function attestBody(quote: Uint8Array, kind: AttestKind, root: Root = 'simulated'): Cell {
  return message(quote, kind, root).body;
}

export function message(quote: Uint8Array, kind: AttestKind, root: Root = 'simulated'): AttestMessage {
  return attestMessage({ quote: parseQuote(quote), root, kind, provider: PROVIDER, index: WORKER_INDEX });
}

/** Sends to the Platform with its StateInit and gives its transaction alone. */
export async function sendTo(
  platform: PlatformFixture,
  body: Cell,
  { from = SUBMITTER, value = VALUE }: { from?: Address; value?: bigint } = {},
): Promise<BlockchainTransaction> {
  const { chain, address, init } = platform;
  const sent = await chain.sendMessage(
    internal({ from, to: address, value, body, bounce: true, stateInit: init }),
  );
  return sent.transactions[0]!;
}

/** `accepted`, or the name of the exit code. */
export function outcome(tx: BlockchainTransaction): string {
  const code = exitCode(tx);
  return code === 0 ? 'accepted' : (PLATFORM_EXIT_CODES.get(code ?? -1) ?? `exit ${code}`);
}

/** What the Registry is told. */
export function reportOf(tx: BlockchainTransaction): Report {
  const told = loadQuoteVerified(messageTo(REGISTRY, tx).beginParse());
  return {
    ...told,
    measured: loadMeasured(told.measured.beginParse()),
    tcb: loadTcb(told.tcb.beginParse()),
    responseTo: told.responseTo.beginParse().loadAddress(),
  };
}

export type Report = Omit<QuoteVerified, 'measured' | 'tcb' | 'responseTo'> & {
  measured: Measured;
  tcb: Tcb;
  responseTo: Address;
};

/** Body of the message that the transaction sent to `address`. */
export function messageTo(address: Address, tx: BlockchainTransaction): Cell {
  const out = tx.outMessages.values().find(({ info }) => info.dest?.toString() === address.toString());
  if (!out) throw new Error(`nothing was sent to ${address.toString()}`);
  return out.body;
}

export async function readPlatform({ chain, address }: PlatformFixture): Promise<PlatformOnChain> {
  return parsePlatform(new TupleReader((await chain.runGetMethod(address, GET_PLATFORM)).stack));
}

export async function attestValue({ chain, address }: PlatformFixture, kind: AttestKind): Promise<bigint> {
  const got = await chain.runGetMethod(address, GET_ATTEST_VALUE, attestValueArguments(kind));
  return new TupleReader(got.stack).readBigNumber();
}
