import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from '@photostructure/sqlite';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import type { Caller } from '../../../src/client/caller';
import type { KeptEvidence } from '../../../src/client/evidence/kept';
import { CLIENT_LIMITS } from '../../../src/client/limits';
import { openStore, type Store } from '../../../src/client/store';
import { readBundle, verifyBundle } from '../../../src/evidence';
import { nano } from '../../../src/protocol/amounts';
import { verify } from '../../../src/protocol/ed25519';
import { parseQuote } from '../../../src/attestation/quote';
import { FIRST_BOOKS } from './network/firstBooks';
import { createNetwork, HELLO, type Network } from './network/setup';

let folder: string;
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'cocoon-evidence-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const ISSUED_AT = 1_795_000_000;

function kept(fill: number, change: Partial<KeptEvidence> = {}): KeptEvidence {
  const bytes = (size: number): Buffer => Buffer.alloc(size, fill);
  return {
    ...{ escrow: bytes(32), born: 77n, signer: bytes(32), line: bytes(90) },
    ...{ verifiedAtUnix: ISSUED_AT, quoteBlock: 1_200, models: [bytes(32)] },
    ...{ statement: bytes(217), certificate: bytes(197), ask: bytes(200) },
    ...{ quote: bytes(5_000), collateral: Buffer.from(JSON.stringify({ fill })) },
    ...change,
  };
}

/** Books a job with its bill; answers with its id. */
function book(store: Store, n: number, evidence: KeptEvidence | null, issuedAt = ISSUED_AT): string {
  const jobId = Buffer.alloc(16, n);
  const common = { domain: Buffer.alloc(32), lineId: Buffer.alloc(20) };
  const value = {
    ...common,
    jobId,
    requestHash: Buffer.alloc(32),
    maxFee: nano(9n),
    issuedAt,
    notAfter: issuedAt,
  };
  store.journal({ ticket: { value, signature: Buffer.alloc(64) }, worker: 'aa', model: 'tiny' });
  const receipt = { ...common, total: 5n, jobs: 1n, jobsRoot: Buffer.alloc(32), issuedAt: 4e9, flags: 0 };
  store.settle({
    ...{ domain: common.domain, jobId, lineId: '00'.repeat(20), feeNano: 5n, newest: false },
    ...{ record: Buffer.alloc(230), proof: Buffer.alloc(14) },
    receipt: { value: receipt, signature: Buffer.alloc(64) },
    ...(evidence ? { evidence } : {}),
  });
  return jobId.toString('hex');
}

/** Rows of a table, read beside the store. */
function countIn(table: string): number {
  const copy = join(folder, 'look');
  cpSync(join(folder, 'books'), copy, { recursive: true });
  const db = new DatabaseSync(join(copy, 'client.sqlite'));
  const row = db.prepare(`SELECT count(*) AS count FROM ${table}`).get() as { count: number };
  db.close();
  rmSync(copy, { recursive: true });
  return row.count;
}

describe("the client's books", () => {
  it('give back what they were given with a bill, and nothing for a job without', () => {
    const store = openStore(null);
    const id = book(store, 1, kept(3));
    expect(store.evidence(id)).toEqual(kept(3));
    expect(store.evidence(book(store, 2, null))).toBeNull();
    expect(store.evidence('ff'.repeat(16))).toBeNull();
    store.close();
  });

  it('keep each part once, however many jobs rest on it', () => {
    const store = openStore(join(folder, 'books'));
    for (let n = 1; n <= 20; n++) book(store, n, kept(3));
    book(store, 21, kept(3, { ask: Buffer.alloc(200, 9) }));
    expect([countIn('evidence_parts'), countIn('evidence')]).toEqual([6, 2]);
    store.close();
  });

  it('have evidence on disk when a bill is booked, whatever happens to the process then', () => {
    const store = openStore(join(folder, 'books'));
    const id = book(store, 1, kept(3));
    // As a killed process leaves them: the log was never written back.
    cpSync(join(folder, 'books'), join(folder, 'killed'), { recursive: true });
    const after = openStore(join(folder, 'killed'));
    expect(after.evidence(id)).toEqual(kept(3));
    after.close();
    store.close();
  });

  it('keep evidence for 90 days after the last job that rests on it, to the second', () => {
    const store = openStore(null);
    const old = book(store, 1, kept(3));
    const shared = book(store, 2, kept(4));
    book(store, 3, kept(4), ISSUED_AT + 10);
    book(store, 4, kept(5), ISSUED_AT + CLIENT_LIMITS.evidenceSeconds);
    expect(store.evidence(old)).toEqual(kept(3));
    book(store, 5, kept(6), ISSUED_AT + CLIENT_LIMITS.evidenceSeconds + 1);
    expect(store.evidence(old)).toBeNull();
    expect(store.evidence(shared)).toEqual(kept(4));
    expect(store.job(old)).not.toBeNull();
    store.close();
  });

  it('forget what was not used for longest when there is too much', () => {
    // Four such quotes do not fit beside what is smaller.
    const size = 5_000;
    const store = openStore(null, { ...CLIENT_LIMITS, evidenceMaxBytes: 4 * size });
    const large = (n: number) => kept(n, { quote: Buffer.alloc(size, n) });
    const ids = [1, 2, 3].map((n) => book(store, n, large(n), ISSUED_AT + n));
    book(store, 9, large(1), ISSUED_AT + 9);
    ids.push(book(store, 4, large(4), ISSUED_AT + 10));
    expect(ids.map((id) => store.evidence(id) !== null)).toEqual([true, false, true, true]);
    store.close();
  });

  it('of the first version are opened, and keep evidence from then on', () => {
    const db = new DatabaseSync(join(folder, 'client.sqlite'));
    db.exec(FIRST_BOOKS);
    db.close();
    const store = openStore(folder);
    expect(store.evidence(book(store, 1, kept(3)))).toEqual(kept(3));
    store.close();
  });
});

describe('over HTTP, a client', () => {
  let network: Network;
  let receipt: string;
  beforeEach(async () => {
    network = createNetwork();
    const answer = await network.client.fetch('https://cocoon.invalid/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(HELLO),
    });
    receipt = answer.headers.get('x-cocoon-receipt-id')!;
  });
  afterEach(() => network.client.close());

  const get = (path: string, init: RequestInit = {}): Promise<Response> =>
    network.client.fetch(`https://cocoon.invalid${path}`, init);
  const codeOf = async (response: Response): Promise<unknown> => {
    const { error } = (await response.json()) as { error: { code: string } };
    return [response.status, error.code];
  };

  it('hands out evidence that holds', async () => {
    const response = await get(`/v1/cocoon/evidence/${receipt}`);
    const text = await response.text();
    expect(readBundle(text)).toEqual(network.client.evidence(receipt));
    const { links } = await verifyBundle(text, { crypto: nodeCrypto, policy: { allowSimulated: true } });
    expect(links.filter(({ state }) => state === 'failed')).toEqual([]);
  });

  it('hands out what the worker signed, in the shape that others know', async () => {
    const response = await get(`/v1/signature/${receipt}?signing_algo=ed25519`);
    const { text, signature, signing_address, signed_hash, ...rest } = (await response.json()) as Record<
      string,
      string
    >;
    const { requestHash, responseHash } = network.client.evidence(receipt)!;
    expect(text).toBe(`${requestHash}:${responseHash}`);
    const [hash, signed, key] = [signed_hash, signature, signing_address].map((hex) =>
      Buffer.from(hex!, 'hex'),
    );
    expect(verify(hash!, signed!, key!)).toBe(true);
    expect(rest).toMatchObject({ signing_algo: 'ed25519', cocoon: { receipt_id: receipt } });
  });

  it('reports the quotes of all workers of a model, and gives the nonce back', async () => {
    const response = await get(`/v1/attestation/report?model=${HELLO.model}&nonce=00ff`);
    const report = (await response.json()) as Record<string, unknown>;
    expect(report).toMatchObject({ signing_algo: 'ed25519', request_nonce: '00ff', nvidia_payload: null });
    expect(report['model_attestations']).toHaveLength(1);
    expect(parseQuote(Buffer.from(report['intel_quote'] as string, 'hex')).version).toBe(4);
    expect(report['signing_address']).toBe(network.client.receipt(receipt)!.worker);
  });

  it.each([
    ['/v1/cocoon/evidence/00112233445566778899aabbccddeeff', 404, 'evidence_unknown'],
    ['/v1/cocoon/evidence/..%2fx', 404, 'evidence_unknown'],
    ['/v1/signature/00112233445566778899aabbccddeeff', 404, 'evidence_unknown'],
    ['/v1/signature/x?signing_algo=ecdsa', 400, 'unsupported_parameter'],
    ['/v1/attestation/report', 400, 'invalid_request'],
    ['/v1/attestation/report?model=nobody', 404, 'model_not_found'],
    ['/v1/attestation/report?model=tiny-llama&nonce=xyz', 400, 'invalid_request'],
    [`/v1/attestation/report?model=tiny-llama&nonce=${'0'.repeat(129)}`, 400, 'invalid_request'],
  ])('answers %s with %i %s', async (path, status, code) => {
    expect(await codeOf(await get(path))).toEqual([status, code]);
  });

  it('takes GET only', async () => {
    const response = await get(`/v1/cocoon/evidence/${receipt}`, { method: 'DELETE' });
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET']);
  });

  it('shows a caller its own receipts, and of others not even that they are there', async () => {
    const caller = (owned: string): Caller => ({
      ...{ id: 'key', mayUse: (model) => model === HELLO.model, owns: (id) => id === owned },
      ...{ reserve: () => undefined, settled: () => undefined, released: () => undefined },
    });
    for (const path of ['/v1/cocoon/evidence/', '/v1/signature/']) {
      const url = `https://cocoon.invalid${path}${receipt}`;
      expect((await network.client.fetchAs(caller(receipt))(url)).status).toBe(200);
      expect(await codeOf(await network.client.fetchAs(caller('other'))(url))).toEqual([
        404,
        'evidence_unknown',
      ]);
    }
    const narrow = { ...caller(receipt), mayUse: () => false };
    const report = await network.client.fetchAs(narrow)(
      `https://cocoon.invalid/v1/attestation/report?model=${HELLO.model}`,
    );
    expect(await codeOf(report)).toEqual([404, 'model_not_found']);
  });
});
