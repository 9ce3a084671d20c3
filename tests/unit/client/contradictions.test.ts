import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jobRecordImage } from '../../../src/protocol/jobRecord';
import { appendWithProof, EMPTY_RANGE, leafHash, rootOf } from '../../../src/protocol/mountainRange';
import { parseProof } from '../../../src/slash';
import { createNetwork, HELLO } from './network/setup';
import type { Tricks } from './network/worker';

/** A second history of the line, which begins with this job. */
function forked(): Tricks {
  let fork = appendWithProof(EMPTY_RANGE, Buffer.alloc(32));
  let fee = 0n;
  return {
    record(honest) {
      fork = appendWithProof(EMPTY_RANGE, leafHash(jobRecordImage(honest)));
      fee = honest.fee;
      return honest;
    },
    proof: () => fork.proof,
    receipt: (honest) => ({ ...honest, jobs: 1n, jobsRoot: rootOf(fork.range), total: fee }),
  };
}

describe('a worker that signs two histories of one line', () => {
  let dataDir: string;
  beforeEach(() => (dataDir = mkdtempSync(path.join(tmpdir(), 'cocoon-contradictions-'))));
  afterEach(() => rmSync(dataDir, { recursive: true }));

  it('leaves a proof with its client, as it is filed, which a restart finds', async () => {
    const { openai, client, workers, restart } = createNetwork({ config: { dataDir } });
    await openai.chat.completions.create(HELLO);
    expect(client.contradictions()).toEqual([]);
    workers[0]!.tricks = forked();
    const refused = { code: 'receipt_conflicting' };
    await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject(refused);
    const [pair, ...more] = client.contradictions();
    expect(more).toEqual([]);
    const proof = parseProof(JSON.stringify(pair));
    expect(proof.worker).toEqual(workers[0]!.address.hash);
    expect(proof.first.value).toMatchObject({ jobs: 1n });
    await client.close();

    const later = restart();
    expect(later.contradictions()).toEqual([pair]);
    await later.close();
  });

  it('does so as well when the second overcharges', async () => {
    const { openai, client, workers } = createNetwork();
    await openai.chat.completions.create(HELLO);
    const lie = forked();
    workers[0]!.tricks = { ...lie, receipt: (r) => ({ ...r, ...lie.receipt!(r), total: 1n << 60n }) };
    await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({ code: 'receipt_over_cap' });
    expect(() => parseProof(JSON.stringify(client.contradictions()[0]))).not.toThrow();
    await client.close();
  });
});

it.each<[string, string, Tricks]>([
  ['signed by somebody else', 'receipt_bad_signature', { ...forked(), signWith: Buffer.alloc(32, 9) }],
  [
    'of another line',
    'receipt_wrong_line',
    { receipt: (r) => ({ ...r, jobs: 1n, lineId: Buffer.alloc(20) }) },
  ],
  ['for another number of jobs', 'receipt_overcharged', { receipt: (r) => ({ ...r, total: r.total + 1n }) }],
])('a receipt %s is no proof', async (_, code, tricks) => {
  const { openai, client, workers } = createNetwork();
  await openai.chat.completions.create(HELLO);
  workers[0]!.tricks = tricks;
  await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({ code });
  expect(client.contradictions()).toEqual([]);
  await client.close();
});
