import { Address, type Cell } from '@ton/core';
import type { Standing } from '../../../src/governance/standing';
import { sha256 } from '../../../src/protocol/hash';
import { BLOCKED_FOR_GOOD } from '../../../wrappers/Registry';

export const NOW = 1_780_000_000;
export const DAY = 86_400;
export const COIN = 1_000_000_000n;

export const hash = (name: string): Buffer => sha256(Buffer.from(name));
export const account = (name: string): Address => new Address(0, hash(name));

export const FLOOR = {
  pceId: 0,
  pceSvn: 11,
  sgxSvns: Buffer.alloc(16, 2),
  teeTcbSvn: Buffer.alloc(16, 3),
  qeIsvSvn: 4,
};

/** A sealed registry with one entry in each list. */
export function standing(change: Partial<Standing> = {}): Standing {
  return {
    nowUnix: NOW,
    registry: {
      owner: account('owner'),
      offeredOwner: null,
      guardian: account('guardian'),
      sealed: true,
      parameters: {
        minStakeNano: 10n * COIN,
        unbondingSeconds: 14 * DAY,
        protocolFeeBps: 100,
        routerDepositNano: COIN,
        treasury: account('treasury'),
      },
    },
    workers: [account('worker')],
    images: [{ imageId: hash('image'), role: 1, expiresAt: NOW + 100 * DAY }],
    shapes: [hash('shape')],
    models: [{ modelHash: hash('model'), name: 'tiny' }],
    floors: [{ fmspc: Buffer.alloc(6), ...FLOOR }],
    blocks: [
      { hash: account('worker').hash, at: NOW + 3 * DAY },
      { hash: hash('platform'), at: BLOCKED_FOR_GOOD },
      { hash: hash('forgotten'), at: NOW - 1 },
    ],
    orders: [],
    ...change,
  };
}

/** The same registry with this order in its queue. */
export function withQueued(body: Cell, dueAt: number, change: Partial<Standing> = {}): Standing {
  return standing({ orders: [{ hash: body.hash(), dueAt, body }], ...change });
}
