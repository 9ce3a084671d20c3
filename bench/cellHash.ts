import { beginCell } from '@ton/core';
import { receiptLayout } from '../src/protocol/signed';
import { benchLine, benchReceipt } from './fixtures';
import { compare } from './harness';
import type { Benchmark } from './report';

/** What every receipt, ticket, ask and certificate costs before its signature is even looked at. */
export const cellHash: Benchmark = {
  name: 'cell-hash',
  title: "Hash of a receipt: @ton/core's cell against the byte image",
  async run(options) {
    const line = benchLine(0);
    const receipts = Array.from({ length: 64 }, (_, i) => benchReceipt(line, i + 1));
    const tag = receiptLayout.prefix.readUInt32BE();
    const measured = await compare(
      [
        {
          name: '@ton/core: build the cell, hash it',
          run(operations) {
            for (let i = 0; i < operations; i++) {
              const { domain, lineId, total, jobs, jobsRoot, issuedAt, flags } = receipts[i & 63]!;
              const cell = beginCell()
                .storeUint(tag, 32)
                .storeBuffer(domain)
                .storeBuffer(lineId)
                .storeUint(total, 64)
                .storeUint(jobs, 64)
                .storeBuffer(jobsRoot)
                .storeUint(issuedAt, 32)
                .storeUint(flags, 8)
                .endCell();
              cell.hash();
            }
          },
        },
        {
          name: 'Layout.hash',
          run(operations) {
            for (let i = 0; i < operations; i++) receiptLayout.hash(receipts[i & 63]!);
          },
        },
      ],
      options,
    );
    return { measured, notes: ['Wanted: at least 20x.'] };
  },
};
