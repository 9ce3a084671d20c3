import { toNano, type Cell } from '@ton/core';
import { withCode } from './accounts';
import { settleDown } from './chainSteps';
import { noCounts } from './events';
import { createGenesis } from './genesis';
import { perform } from './perform';
import type { Step } from './steps';
import { worldLike, type World } from './world';

/** Where schedules begin: with nothing allocated, or in the middle of business. */
export interface Beginnings {
  cold: World;
  warm: World;
}

/** Code in the place of the shipped one: a planted fault. */
export interface Codes {
  escrow?: Cell;
  worker?: Cell;
}

/** One schedule of four begins cold. */
export function beginningOf({ cold, warm }: Beginnings, index: number): World {
  return index % 4 === 0 ? cold : warm;
}

/** Both beginnings, made by the shipped contracts. */
export async function createBeginnings(): Promise<Beginnings> {
  const cold = await createGenesis();
  const warm = worldLike(cold, noCounts());
  for (const step of BUSINESS) await perform(warm, step);
  await settleDown(warm);
  return { cold, warm };
}

/** The same with other code in the contracts that are there. */
export function planted({ cold, warm }: Beginnings, codes: Codes): Beginnings {
  return { cold: withCodes(cold, codes), warm: withCodes(warm, codes) };
}

function withCodes(world: World, { escrow, worker }: Codes): World {
  return {
    ...world,
    escrows: world.escrows.map((account) =>
      escrow ? { ...account, state: withCode(account.state, escrow) } : account,
    ),
    workers: world.workers.map((account) =>
      worker && account.deployed ? { ...account, state: withCode(account.state, worker) } : account,
    ),
  };
}

const open = (line: number, cap: string) => ({ kind: 'open', line, cap: toNano(cap) }) as const;
const paid = (line: number, total: string) =>
  ({ line, total: toNano(total), final: false, lie: 'none' }) as const;

const BUSINESS: readonly Step[] = [
  {
    do: 'allocate by signer',
    escrow: 0,
    entries: [open(0, '1.2'), open(1, '0.3'), open(2, '0.2'), open(3, '0.4'), open(4, '0.6')],
    sum: toNano('3'),
    forgery: 'none',
  },
  {
    do: 'allocate by client',
    escrow: 0,
    entries: [open(5, '0.3'), open(6, '0.1')],
    sum: toNano('1'),
    byClient: true,
  },
  {
    do: 'allocate by client',
    escrow: 1,
    entries: [open(0, '0.5'), open(4, '0.5')],
    sum: toNano('1'),
    byClient: true,
  },
  { do: 'settle', escrow: 0, receipts: [paid(0, '0.4'), paid(1, '0.1'), paid(3, '0.1')], value: 'plenty' },
  { do: 'settle', escrow: 1, receipts: [paid(0, '0.2')], value: 'plenty' },
];
