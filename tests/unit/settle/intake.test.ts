import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Address } from '@ton/core';
import type { HeldReceipt } from '../../../src/chain/dues';
import type { EscrowState } from '../../../src/chain/types';
import { lineId } from '../../../src/protocol/line';
import {
  openSettleStore,
  pageOf,
  readSettleStore,
  SETTLE_LIMITS,
  type SettleStore,
} from '../../../src/settle';
import { imagesOf, type HeldImages } from '../../../src/settle/held';
import { takeFrom } from '../../../src/settle/intake';
import { workerSource, type ReceiptSource } from '../../../src/settle/sources';
import { createSettleWorld, TON, type SettleWorld } from './world';

describe('a provider who collects receipts', () => {
  let world: SettleWorld;
  let held: HeldReceipt;
  let store: SettleStore;
  let reads: number;
  beforeEach(() => {
    world = createSettleWorld();
    held = world.earn(world.open(1, 0, TON, 7), 500n);
    store = openSettleStore(':memory:');
    reads = 0;
  });
  afterEach(() => {
    world.store.close();
    store.close();
  });

  const chain = {
    async escrow(address: Address): Promise<EscrowState | null> {
      reads += 1;
      if (!address.hash.equals(held.escrow)) return null;
      const lines = new Map([[lineId(held.line).toString('hex'), world.entry(held)]]);
      return { domain: held.receipt.value.domain, lines } as unknown as EscrowState;
    },
  };
  const from = (...images: HeldImages[]): ReceiptSource => ({
    name: 'test',
    async *receipts() {
      yield* images;
    },
  });
  const take = (source: ReceiptSource, workers: Address[] | null = null) =>
    takeFrom(source, { chain, receipts: store.receipts, workers });

  it('keeps the newest of each line, and asks the chain about a line once', async () => {
    expect(await take(from(imagesOf(held)))).toMatchObject({ stored: 1, known: 0, refused: {}, error: null });
    const newer = world.earn(held, 700n);
    expect(await take(from(imagesOf(newer), imagesOf(held)))).toMatchObject({ stored: 1, known: 1 });
    expect(store.receipts.all(0).map(({ receipt }) => receipt.value.total)).toEqual([700n]);
    expect(reads).toBe(1);
  });

  it('refuses what nobody signed, what is of another line, another Worker or no escrow', async () => {
    const images = imagesOf(held);
    const forged = Buffer.from(images.receipt);
    forged[forged.length - 1]! ^= 1;
    const other = imagesOf(world.earn(world.open(1, 1, TON, 7), 5n));
    const nowhere = { ...images, escrow: Buffer.alloc(32, 7) };
    const { stored, refused } = await take(
      from({ ...images, receipt: forged }, { ...images, line: other.line }, nowhere, other),
    );
    expect(stored).toBe(0);
    expect(refused).toEqual({ receipt_bad_signature: 1, receipt_wrong_line: 1, 'no such line': 2 });
    const stranger = new Address(0, Buffer.alloc(32, 6));
    expect((await take(from(images), [stranger])).refused).toEqual({ 'other worker': 1 });
    expect((await take(from(images), [new Address(0, held.line.workerAddress)])).stored).toBe(1);
  });

  it('reads a source page by page, and names one that does not answer or answers nonsense', async () => {
    const many = Array.from({ length: SETTLE_LIMITS.receiptsPerPage + 1 }, (_, n) =>
      world.earn(world.open(1, n, TON, 7), 5n),
    );
    let broken = false;
    const server: Server = createServer((request, response) => {
      const after = new URL(request.url!, 'http://x').searchParams.get('after');
      response.end(broken ? '{"receipts":1}' : JSON.stringify(pageOf(many, after)));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const found: HeldImages[] = [];
    for await (const images of workerSource(url).receipts()) found.push(images);
    expect(found).toHaveLength(many.length);
    broken = true;
    expect((await take(workerSource(url))).error).toMatchObject({ code: 'invalid_request' });
    await new Promise((resolve) => server.close(resolve));
    expect((await take(workerSource(url))).error).toMatchObject({ code: 'router_unreachable' });
  });

  it('holds a store alone, others may read it; a new process finds everything', () => {
    const folder = mkdtempSync(join(tmpdir(), 'cocoon-store-'));
    const path = join(folder, 'settlements.sqlite');
    try {
      const first = openSettleStore(path);
      first.receipts.keep(held);
      expect(() => openSettleStore(path)).toThrow(expect.objectContaining({ code: 'store_locked' }) as Error);
      const reader = readSettleStore(path)!;
      expect(reader.receipts.all(0)).toHaveLength(1);
      expect(() => reader.receipts.keep(world.earn(held, 900n))).toThrow(/readonly/);
      reader.close();
      first.close();
      const second = openSettleStore(path);
      expect(second.receipts.all(held.line.settleBy)).toHaveLength(1);
      expect(second.receipts.all(held.line.settleBy + 1)).toHaveLength(0);
      second.close();
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
