import { Address } from '@ton/core';
import type { EscrowState } from '../../../src/chain/types';
import type { OwnBooks } from '../../../src/cli/escrow/books';
import { escrowJson, escrowText } from '../../../src/cli/escrow/text';
import { nano } from '../../../src/protocol/amounts';

const NOW = 1_900_000_000;
const DAY = 86_400;
const [OPEN, CLOSING, ENDED, EMPTY] = ['aa', 'bb', 'cc', 'dd'].map((byte) => byte.repeat(20));

const line = (paid: number, settleBy: number, closeAt: number) => ({
  ...{ capNano: nano(50_000_000n), paidNano: nano(paid), settleBy, closeAt },
});

const state = {
  address: new Address(0, Buffer.alloc(32, 1)),
  client: new Address(0, Buffer.alloc(32, 2)),
  ...{ balanceNano: nano(10n), freeNano: nano(5n), lockedNano: nano(4n), reserveNano: nano(1n) },
  ...{ signerBudgetNano: nano(9n), seqno: 3, closeDelaySeconds: 1.5 * DAY, readAtUnix: NOW },
  lines: new Map([
    [OPEN, line(10_000_000, NOW + 9 * DAY, 0)],
    [CLOSING, line(0, NOW + 9 * DAY, NOW + DAY)],
    [ENDED, line(20_000_000, NOW + 9 * DAY, NOW - 1)],
    [EMPTY, line(50_000_000, NOW + 9 * DAY, NOW - 1)],
  ]),
} as unknown as EscrowState;

const sum = { spent_nano: 2_000_000_000n, allocations: 5, allocations_nano: 5_000_000n };
const cost = { ...sum, prunes: 1, prunes_nano: 1_000_000n, share_bps: 30 };
const books: OwnBooks = {
  escrow: state.address.toString(),
  cost: { recent: cost, total: cost },
  lines: [
    {
      id: OPEN!,
      spent_nano: 12_000_000n,
      reserved_nano: 3_000_000n,
      room_nano: 35_000_000n,
      why: null,
      worker: 'w',
    },
    { id: CLOSING!, spent_nano: 0n, reserved_nano: 0n, room_nano: 0n, why: 'gone', worker: 'w' },
  ],
  wallet: 'UQ-housekeeper',
};

describe('cocoon escrow', () => {
  it('says of each line what is in it, and what frees that when', () => {
    const text = escrowText(state, null);
    const rows = text.split('\n');
    expect(rows.slice(rows.indexOf('lines: 4') + 1)).toEqual([
      `  ${OPEN}  cap 0.05, paid 0.01`,
      '    open: ends 2030-03-26T17:46:40Z, then a prune frees up to 0.04; closed now, from 2030-03-19T05:46:40Z',
      `  ${CLOSING}  cap 0.05, paid 0`,
      '    closing: ends 2030-03-18T17:46:40Z, then a prune frees up to 0.05',
      `  ${ENDED}  cap 0.05, paid 0.02`,
      '    ended: a prune frees 0.03 now',
      `  ${EMPTY}  cap 0.05, paid 0.05`,
      '    ended, nothing left in it: a prune forgets it after 2030-03-26T17:46:40Z',
      `a prune of 1 line frees 0.03: npx blueprint run pruneLines escrow=${state.address.toString()} lines=all`,
    ]);
  });

  it("adds what the client's books know", () => {
    const text = escrowText(state, books);
    expect(text).toContain('cap 0.05, paid 0.01, known 0.012, reserved 0.003, room 0.035');
    expect(text).toContain('then a prune frees up to 0.05 (gone)');
    expect(text).toContain(
      'in seven days          2 spent; 0.005 for 5 allocations, 0.001 for 1 prune, 0.30% of what was spent',
    );
    expect(text).toContain('; the wallet UQ-housekeeper does it when it is worth it');
    expect(escrowJson(state, books)).toMatchObject({
      lines: [{ id: OPEN, spent_nano: 12_000_000n, stage: 'open', free_from: NOW + 9 * DAY + 1 }, {}, {}, {}],
      prune: { lines: [ENDED], frees_nano: 30_000_000n },
    });
  });

  it.each([
    [10_000, '0.001 for 1 prune, 100.00% of what was spent\n'],
    [10_001, '0.001 for 1 prune, more than was spent\n'],
    [null, '0.001 for 1 prune\n'],
  ])('gives a share of %j basis points only while it tells something', (share_bps, text) => {
    const told = { ...cost, share_bps };
    expect(escrowText(state, { ...books, cost: { recent: told, total: told } })).toContain(text);
  });
});
