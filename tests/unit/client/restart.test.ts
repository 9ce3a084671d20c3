import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { decodeSigned, receiptLayout, ticketLayout, verifySigned } from '../../../src/protocol/signed';
import { createNetwork, HELLO, openaiFor, SIGNER } from './network/setup';

let dataDir: string;
beforeEach(() => (dataDir = mkdtempSync(join(tmpdir(), 'cocoon-client-'))));
afterEach(() => rmSync(dataDir, { recursive: true }));

describe('a client that starts again with its books', () => {
  it('goes on with its lines and remembers what it spent', async () => {
    const network = createNetwork({ config: { dataDir } });
    await network.openai.chat.completions.create(HELLO);
    await network.client.close();

    const client = network.restart();
    await openaiFor(client).chat.completions.create(HELLO);
    expect(network.chain.allocations).toHaveLength(1);
    expect(await client.lines()).toMatchObject([{ spentNano: 34n, reservedNano: 0n, open: true }]);
    expect(client.receipts()).toHaveLength(2);
    await client.close();
  });

  it('still reserves what a ticket of before may cost, until its job cannot be running', async () => {
    const network = createNetwork({ config: { dataDir } });
    network.workers[0]!.tricks = { frames: (frames) => frames.slice(0, 2) };
    await network.openai.chat.completions.create(HELLO).catch(() => undefined);
    const [before] = await network.client.lines();
    await network.client.close();
    expect(before!.reservedNano).toBeGreaterThan(0n);

    const client = network.restart();
    expect((await client.lines())[0]!.reservedNano).toBe(before!.reservedNano);
    // Two minutes to start, thirty to run, one for clocks.
    network.clock.advance(120 + 1_800 + 60);
    expect((await client.lines())[0]!.reservedNano).toBe(before!.reservedNano);
    network.clock.advance(1);
    expect((await client.lines())[0]!.reservedNano).toBe(0n);
    await client.close();
  });

  it('still avoids a worker that overcharged', async () => {
    const network = createNetwork({ config: { dataDir } });
    network.workers[0]!.tricks = { receipt: (receipt) => ({ ...receipt, total: receipt.total + 1n }) };
    await network.openai.chat.completions.create(HELLO).catch(() => undefined);
    await network.client.close();
    network.workers[0]!.tricks = {};
    const client = network.restart();
    const error = await openaiFor(client)
      .chat.completions.create(HELLO)
      .catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'no_attested_worker' });
    await client.close();
  });

  it('can show ticket, record, proof and receipt of each job', async () => {
    const network = createNetwork({ config: { dataDir } });
    const answer = await network.openai.chat.completions.create(HELLO);
    await network.client.close();
    const client = network.restart();
    const job = client.receipt((answer as unknown as { cocoon: { receipt: string } }).cocoon.receipt)!;
    const bytes = (text: string | null) => Buffer.from(text!, 'base64');
    expect(verifySigned(ticketLayout, decodeSigned(ticketLayout, bytes(job.ticket)), SIGNER.publicKey)).toBe(
      true,
    );
    const receipt = decodeSigned(receiptLayout, bytes(job.receipt));
    expect(verifySigned(receiptLayout, receipt, Buffer.from(job.worker, 'hex'))).toBe(true);
    expect(bytes(job.record)).toHaveLength(230);
    expect(job.proof).not.toBeNull();
    await client.close();
  });
});

it('a ticket is in the books before the router sees it', async () => {
  const { client, openai, router } = createNetwork();
  let seen = -1;
  router.beforeJob = () => void (seen = client.receipts().length);
  await openai.chat.completions.create(HELLO);
  expect(seen).toBe(1);
  await client.close();
});

it('a second client cannot open the same books', async () => {
  const network = createNetwork({ config: { dataDir } });
  await network.client.ready();
  expect(() => network.restart()).toThrow(expect.objectContaining({ code: 'books_in_use' }));
  await network.client.close();
  await network.restart().close();
});
