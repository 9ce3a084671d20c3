import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { createReceiptLedger, type ReceiptLedger } from '../../../src/router/ledger';
import { createContradictionsHandler } from '../../../src/router/receipts';
import { readHeld, type HeldImages } from '../../../src/settle/held';
import { contradictionSource } from '../../../src/settle/sources';
import { createFinder } from '../../../src/slash';
import { createFakeChain } from './support/fakeChain';
import { CAP_NANO, createClientParty, createWorkerParty } from './support/parties';

const chain = createFakeChain();

describe('a router that saw workers contradict themselves', () => {
  let directory: string;
  let ledger: ReceiptLedger;
  let server: Server;
  let url: string;
  beforeEach(async () => {
    directory = mkdtempSync(join(tmpdir(), 'contradictions-'));
    ledger = createReceiptLedger({ path: join(directory, 'receipts.db') });
    const handle = createContradictionsHandler(ledger, 1);
    server = createServer((request, response) => {
      const { pathname, search } = new URL(request.url!, 'http://router');
      handle(request, response, { path: pathname, query: search.slice(1) });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await new Promise((resolve) => server.close(resolve));
    ledger.close();
    rmSync(directory, { recursive: true, force: true });
  });

  async function contradict(seed: number): Promise<void> {
    const worker = createWorkerParty(seed);
    const client = createClientParty(chain, 2, worker);
    for (const total of [25n, 30n])
      await ledger.record({
        ...client,
        capNano: CAP_NANO,
        receipt: client.receipt(worker, { total, jobs: 2n }),
      });
  }

  async function everything(): Promise<HeldImages[]> {
    const found: HeldImages[] = [];
    for await (const images of contradictionSource(url).receipts()) found.push(images);
    return found;
  }

  it('has none to give at first', async () => {
    expect(await everything()).toEqual([]);
  });

  it('gives the proof of each key to anybody, page by page', async () => {
    const workers = Array.from({ length: 103 }, (_, n) => n + 10);
    for (const seed of workers) await contradict(seed);
    const finder = createFinder();
    const found = (await everything()).flatMap((images) => finder.add(readHeld(images), url) ?? []);
    const keys = workers.map((seed) => keyPairFromSeed(Buffer.alloc(32, seed)).publicKey.toString('hex'));
    expect(found.map(({ workerKey }) => workerKey.toString('hex')).sort()).toEqual(keys.sort());
  }, 30_000);

  it('refuses a cursor that it never gave', async () => {
    expect((await fetch(`${url}/?after=zz`)).status).toBe(400);
  });
});
