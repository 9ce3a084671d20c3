import { Address, type Cell, type Transaction } from '@ton/core';
import type { ChainClient } from '../../chain/chainClient';
import { nameOfExitCode } from '../../chain/accounts';
import { exitCodeOf, feesOf } from '../../chain/transactionView';
import type { Fork, ForkedSend } from '../../devnet/fork';
import { changesBetween, type Change } from '../../governance/changes';
import { sendAction } from '../../governance/multisig';
import type { Standing } from '../../governance/standing';
import { short } from '../../governance/words';
import { executeOrderBody, REGISTRY_VALUES } from '../../../wrappers/Registry';
import { GOV_LIMITS } from './limits';
import { readStanding } from '../../operate/standing';

/** Messages of one account at one time, and what they did to the registry. */
export interface SimulatedStep {
  /** `the owner sends AllowImage`. */
  doing: string;
  sender: Address;
  atUnix: number;
  /** What the sender's messages carried, and what of it came back. */
  sentNano: bigint;
  cameBackNano: bigint;
  /** But the sender's own. */
  ran: RanContract[];
  changes: Change[];
}

export interface RanContract {
  account: Address;
  exitCode: number | null;
  /** Null for 0. */
  refusal: string | null;
  gas: bigint;
  feesNano: bigint;
}

/** What is sent first. */
export interface Sending {
  doing: string;
  sender: Address;
  sends: readonly ForkedSend[];
  atUnix: number;
}

/** Somebody without a part in it. */
const ANYBODY = new Address(0, Buffer.alloc(32));
/** Lent to the sender, so that a poor wallet shows what the contract says, and not that it is poor. */
const LENT_NANO = 10_000_000_000n;

export interface SimulationPlace {
  fork: Fork;
  /** For what a copy does not answer. */
  client: ChainClient;
  registry: Address;
}

/** Sends, and then carries out whatever that put into the queue, each when it is due. */
export async function simulate(
  first: Sending,
  before: Standing,
  at: SimulationPlace,
): Promise<SimulatedStep[]> {
  const { step, after } = await runStep(first, before, at);
  const steps = [step];
  let standing = after;
  const known = new Set(before.orders.map(({ hash, dueAt }) => `${hash.toString('hex')} ${dueAt}`));
  const queued = after.orders
    .filter(({ hash, dueAt }) => !known.has(`${hash.toString('hex')} ${dueAt}`))
    .sort((a, b) => a.dueAt - b.dueAt)
    .slice(0, GOV_LIMITS.orders);
  for (const { hash, dueAt } of queued) {
    const next = await runStep(executing(hash, dueAt, at.registry), standing, at);
    steps.push(next.step);
    standing = next.after;
  }
  return steps;
}

/** What anybody sends when an order is due. */
export function executing(hash: Buffer, atUnix: number, registry: Address): Sending {
  return {
    doing: `anybody sends ExecuteOrder of ${short(hash.toString('hex'))}`,
    sender: ANYBODY,
    sends: [orderSend(registry, executeOrderBody(hash))],
    atUnix,
  };
}

/** An order with the value that suffices for one. */
export function orderSend(registry: Address, body: Cell): ForkedSend {
  return sendAction(registry, REGISTRY_VALUES.order, body);
}

async function runStep(
  { doing, sender, sends, atUnix }: Sending,
  before: Standing,
  { fork, client, registry }: SimulationPlace,
): Promise<{ step: SimulatedStep; after: Standing }> {
  const run = await fork.sendAs(sender, sends, { unixTime: atUnix, coinsNano: LENT_NANO });
  const after = await standingOf(fork, client, registry, atUnix);
  const [own, ...others] = run.transactions;
  const step = {
    doing,
    sender,
    atUnix,
    sentNano: valueOf(own!),
    cameBackNano: run.cameBackNano,
    ran: others.map(ranContract),
    changes: changesBetween(before, after),
  };
  return { step, after };
}

/** The same reading as on the chain, of the copy. */
function standingOf(fork: Fork, client: ChainClient, registry: Address, atUnix: number): Promise<Standing> {
  const copied: ChainClient = {
    ...client,
    account: async (address) => ({ ...(await client.account(address)), atUnix }),
    getMethod: (address, name, args = []) => fork.getMethod(address, name, args, atUnix),
  };
  return readStanding(copied, registry);
}

function valueOf({ outMessages }: Transaction): bigint {
  return [...outMessages.values()].reduce(
    (sum, { info }) => sum + (info.type === 'internal' ? info.value.coins : 0n),
    0n,
  );
}

function ranContract(transaction: Transaction): RanContract {
  const { description, address } = transaction;
  const exitCode = exitCodeOf(transaction);
  const computed = description.type === 'generic' && description.computePhase.type === 'vm';
  return {
    account: new Address(0, Buffer.from(address.toString(16).padStart(64, '0'), 'hex')),
    exitCode,
    refusal: exitCode === 0 ? null : exitCode === null ? 'no code is there' : nameOfExitCode(exitCode),
    gas: computed && description.computePhase.type === 'vm' ? description.computePhase.gasUsed : 0n,
    feesNano: feesOf(transaction),
  };
}
