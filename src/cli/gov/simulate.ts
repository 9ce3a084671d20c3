import type { Address } from '@ton/core';
import type { ChainClient } from '../../chain/chainClient';
import { explainActions } from '../../governance/proposal';
import { accountsOf, senderOf, type Sender } from '../../governance/sender';
import type { Standing } from '../../governance/standing';
import { CocoonError } from '../../protocol/errors';
import type { Console } from '../console';
import type { Fork, ForkLimits, ForkSource } from '../../devnet/fork';
import { GOV_LIMITS } from './limits';
import { within, type Progress } from './progress';
import { readMultisig } from '../../operate/multisigReader';
import { readStanding } from '../../operate/standing';
import { executing, orderSend, simulate, type SimulatedStep, type Sending } from './simulation';
import { printSimulation } from './simulationText';
import { findSubject, type Subject } from './subject';

export interface SimulateOptions {
  what: string;
  registry: Address;
  multisig: Address | null;
  /** Who sends an order's body; whoever may, without it. */
  from: Address | null;
  json: boolean;
}

export interface SimulateDeps {
  client: ChainClient;
  source: ForkSource;
  /** The emulator is loaded only when it is needed. */
  createFork: (source: ForkSource, limits: ForkLimits) => Promise<Fork>;
  progress: Progress;
}

const DONE = 0;
const REFUSED = 3;

/**
 * Runs an order or a proposal on a copy of the chain, to the end of its timelock, and prints what would change. Exit codes: 0, or 3
 * when a contract would refuse. Throws CocoonError as `findSubject`, and `chain_unavailable` beyond a limit.
 */
export async function runSimulate(
  options: SimulateOptions,
  deps: SimulateDeps,
  to: Console,
): Promise<number> {
  const { before, steps } = await within(GOV_LIMITS.simulationMs, stepsOf(options, deps));
  printSimulation({ registry: options.registry, before, steps }, options.json, to);
  return steps.some(({ ran }) => ran.some(({ refusal }) => refusal !== null)) ? REFUSED : DONE;
}

async function stepsOf(
  options: SimulateOptions,
  { client, source, createFork, progress }: SimulateDeps,
): Promise<{ before: Standing; steps: SimulatedStep[] }> {
  const { what, registry, multisig } = options;
  const before = await progress('Reading the registry', readStanding(client, registry));
  const subject = await findSubject(what, { client, standing: before, multisig });
  const sending = await sendingOf(subject, before, options, client);
  const fork = await progress('Loading the emulator', createFork(source, FORK_LIMITS));
  try {
    const place = { fork, client, registry };
    const steps = await progress('Running it on a copy', simulate(sending, before, place));
    return { before, steps };
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    throw new CocoonError('chain_unavailable', `The simulation stopped: ${cause.message}.`, { cause });
  }
}

const FORK_LIMITS: ForkLimits = { accounts: GOV_LIMITS.accounts, transactions: GOV_LIMITS.transactions };

/** Who sends what, and when: a queued order is carried out as soon as it can be. */
async function sendingOf(
  subject: Subject,
  now: Standing,
  { registry, from }: SimulateOptions,
  client: ChainClient,
): Promise<Sending> {
  const { nowUnix } = now;
  switch (subject.kind) {
    case 'queued': {
      const { hash, dueAt } = subject.queued;
      return executing(hash, Math.max(nowUnix, dueAt), registry);
    }
    case 'order': {
      const role = senderOf(subject.order.$$type);
      const sender = from ?? accountsOf(role, now.registry)[0] ?? now.registry.owner;
      const doing = `${nameOf(sender, role, now)} sends ${subject.order.$$type}`;
      return { doing, sender, sends: [orderSend(registry, subject.body)], atUnix: nowUnix };
    }
    case 'proposal': {
      const { multisig, content } = subject;
      const members = await readMultisig(client, multisig);
      const actions = explainActions(content, { multisig, registry, members }, now);
      const sends = actions.flatMap((action) => (action.kind === 'members' ? [] : [action.send]));
      const doing = `the multisig carries out ${actions.length} action${actions.length === 1 ? '' : 's'}`;
      return { doing, sender: multisig, sends, atUnix: nowUnix };
    }
  }
}

function nameOf(sender: Address, role: Sender, { registry }: Standing): string {
  if (sender.equals(registry.owner)) return 'the owner';
  if (sender.equals(registry.guardian)) return 'the guardian';
  if (registry.offeredOwner && sender.equals(registry.offeredOwner)) return 'the offered owner';
  return role === 'anybody' ? 'anybody' : 'somebody else';
}
