import { Address, beginCell, storeMessage, type Cell, type StateInit } from '@ton/core';
import { internal } from '@ton/sandbox';
import { readAccount } from './accounts';
import { REGISTRY } from './cast';
import { demandSame } from './demand';
import type { Ran, Sent } from './emulator';
import type { Account, Flight, Payout, World } from './world';

// How messages reach contracts, one transaction at a time, and where every nanoton of it went (I-1).

/** A person's message. People have as much as they like; what they send is counted. */
export interface PersonalMessage {
  from: Address;
  value: bigint;
  body?: Cell;
  init?: StateInit;
}

const LT_STEP = 1_000_000n;
const REGISTRY_HASH = REGISTRY.hash.toString('hex');

export function addressOf({ hash }: Account<unknown>): Address {
  return new Address(0, Buffer.from(hash, 'hex'));
}

/** Delivers a person's message at once. */
export async function deliver(world: World, to: Account<unknown>, message: PersonalMessage): Promise<Ran> {
  const { from, value, body, init } = message;
  const parts = { from, to: addressOf(to), value, bounce: true };
  const cell = beginCell()
    .store(storeMessage(internal({ ...parts, ...(body && { body }), ...(init && { stateInit: init }) })))
    .endCell();
  world.flows.in += value;
  return (await transact(world, to, cell, value)) as Ran;
}

/** Delivers an external message. A number is the exit code with which it was not accepted. */
export function deliverExternal(
  world: World,
  to: Account<unknown>,
  body: Cell,
  init?: StateInit,
): Promise<Ran | number> {
  const info = { type: 'external-in', dest: addressOf(to), importFee: 0n } as const;
  const cell = beginCell()
    .store(storeMessage({ info, body, ...(init && { init }) }))
    .endCell();
  return transact(world, to, cell, 0n);
}

/** Delivers what another contract sent. */
export async function deliverFlight(world: World, to: Account<unknown>, { sent }: Flight): Promise<Ran> {
  world.flows.chain += sent.forwardFee;
  return (await transact(world, to, sent.cell, sent.value)) as Ran;
}

async function transact(
  world: World,
  to: Account<unknown>,
  message: Cell,
  value: bigint,
): Promise<Ran | number> {
  world.lt += LT_STEP;
  const ran = await world.emulator.run(to.state, message, world.now, world.lt);
  if (typeof ran === 'number') return ran;
  const left = ran.sent.reduce((sum, sent) => sum + sent.value + sent.forwardFee, 0n);
  const { balance } = readAccount(ran.account);
  demandSame(balance, to.balance + value - ran.fees - left, 'I-1: balance after a transaction');
  to.state = ran.account;
  to.balance = balance;
  world.flows.chain += ran.fees;
  return ran;
}

/**
 * Puts what a transaction sent on its way: to contracts and the Registry it travels, people have it at once. `payouts` are
 * those that the first messages carry, in order.
 */
export function post(world: World, sent: readonly Sent[], payouts: readonly Payout[] = []): void {
  sent.forEach((message, index) => {
    const known =
      message.to === REGISTRY_HASH ||
      world.escrows.some(({ hash }) => hash === message.to) ||
      world.workers.some(({ hash }) => hash === message.to);
    if (known) {
      world.bag.push({ sent: message, payout: payouts[index] ?? null });
    } else {
      world.flows.out += message.value;
      world.flows.chain += message.forwardFee;
    }
  });
}

/** I-1, of everything there is: what came in is held, on its way, with people, or was taken by the chain. */
export function demandAllAccounted({ flows, escrows, workers, bag }: World): void {
  const held = [...escrows, ...workers].reduce((sum, { balance }) => sum + balance, 0n);
  const flying = bag.reduce((sum, { sent }) => sum + sent.value + sent.forwardFee, 0n);
  demandSame(held + flying + flows.out + flows.chain, flows.began + flows.in, 'I-1: every nanoton');
}
