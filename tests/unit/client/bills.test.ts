import { APIError } from 'openai';
import type { JobRecord } from '../../../src/protocol/jobRecord';
import { CLIENT_LIMITS } from '../../../src/client/limits';
import { nano } from '../../../src/protocol/amounts';
import { createNetwork, HELLO, type Network } from './network/setup';
import type { Tricks } from './network/worker';

/** Every way to bill wrongly, with the one name that the client has for it. */
const CHEATS: [string, string, Tricks][] = [
  ['a fee above its own prices', 'receipt_overcharged', { fee: (fee) => nano(fee + 1n) }],
  ['a fee below its own prices', 'receipt_overcharged', { fee: (fee) => nano(fee - 1n) }],
  [
    'more completion tokens than were allowed',
    'receipt_overcharged',
    { usage: (u) => ({ ...u, completionTokens: 17 }) },
  ],
  [
    'more completion tokens than the answer says',
    'receipt_overcharged',
    { usage: (u) => ({ ...u, completionTokens: 5 }) },
  ],
  [
    'more prompt tokens than the answer says',
    'receipt_overcharged',
    { usage: (u) => ({ ...u, promptTokens: 11 }) },
  ],
  ['audio that was never sent', 'receipt_overcharged', { usage: (u) => ({ ...u, audioMs: 1 }) }],
  ['a total above its jobs', 'receipt_overcharged', { receipt: (r) => ({ ...r, total: r.total + 1n }) }],
  ['a total below its own job', 'receipt_stale', { receipt: (r) => ({ ...r, total: r.total - 1n }) }],
  ['an unknown ask', 'receipt_overcharged', record({ askHash: Buffer.alloc(32) })],
  ['the record of another ticket', 'record_mismatch', record({ ticketHash: Buffer.alloc(32) })],
  ['the record of another request', 'record_mismatch', record({ requestHash: Buffer.alloc(32) })],
  ['the record of another answer', 'record_mismatch', record({ responseHash: Buffer.alloc(32) })],
  ['the record of another model', 'record_mismatch', record({ modelHash: Buffer.alloc(32) })],
  ['the record of another image', 'record_mismatch', record({ imageId: Buffer.alloc(32) })],
  ['more cached tokens than sent', 'record_mismatch', record({ cachedTokens: 11 })],
  ['more reasoning than tokens', 'record_mismatch', record({ reasoningTokens: 5 })],
];

/** What somebody on the way could have done as well: a receipt travels in the open. */
const UNPROVEN: [string, string, Tricks][] = [
  ['jobs that were never ordered', 'receipt_bad_proof', { receipt: (r) => ({ ...r, jobs: r.jobs + 1n }) }],
  [
    'a proof of another leaf',
    'receipt_bad_proof',
    { proof: (p) => ({ ...p, siblings: [Buffer.alloc(32)] }) },
  ],
  ['another root', 'receipt_bad_proof', { receipt: (r) => ({ ...r, jobsRoot: Buffer.alloc(32) }) }],
  [
    'a receipt for another line',
    'receipt_wrong_line',
    { receipt: (r) => ({ ...r, lineId: Buffer.alloc(20) }) },
  ],
  [
    'a receipt for another escrow',
    'receipt_wrong_domain',
    { receipt: (r) => ({ ...r, domain: Buffer.alloc(32) }) },
  ],
  ['a receipt signed by another key', 'receipt_bad_signature', { signWith: Buffer.alloc(32, 9) }],
];

function record(change: Partial<JobRecord>): Tricks {
  return { record: (honest) => ({ ...honest, ...change }) };
}

async function ask(network: Network): Promise<unknown> {
  return network.openai.chat.completions.create(HELLO).catch((error: unknown) => error);
}

describe('a worker that bills', () => {
  it.each(CHEATS)('%s is named %s, told once, and avoided from then on', async (_, code, tricks) => {
    const network = createNetwork();
    network.workers[0]!.tricks = tricks;
    const error = await ask(network);
    expect(error).toBeInstanceOf(APIError);
    expect(error).toMatchObject({ code });
    expect((error as APIError).headers?.get('x-should-retry')).toBe('false');
    expect(network.client.receipts()).toMatchObject([{ costNano: null, receipt: null }]);

    network.workers[0]!.tricks = {};
    expect(await ask(network)).toMatchObject({ status: 503, code: 'no_attested_worker' });
    expect(network.router.received).toHaveLength(1);
    await network.client.close();
  });

  it.each(UNPROVEN)('%s is named %s and rests, for its router may have done it', async (_, code, tricks) => {
    const network = createNetwork();
    network.workers[0]!.tricks = tricks;
    expect(await ask(network)).toMatchObject({ code });
    expect(network.client.receipts()).toMatchObject([{ costNano: null, receipt: null }]);

    network.workers[0]!.tricks = {};
    expect(await ask(network)).toMatchObject({ status: 503, code: 'no_attested_worker' });
    network.clock.advance(CLIENT_LIMITS.failedSeconds);
    expect(await ask(network)).toMatchObject({ cocoon: { cost_nano: '17' } });
    await network.client.close();
  });

  it('honestly is paid what its record says', async () => {
    const network = createNetwork();
    expect(await ask(network)).toMatchObject({ cocoon: { cost_nano: '17' } });
    expect(network.faults).toEqual([]);
    await network.client.close();
  });

  it('wrongly in a stream gets no [DONE] and the same name', async () => {
    const network = createNetwork();
    network.workers[0]!.tricks = { fee: (fee) => nano(fee + 1n) };
    const response = await network.client.fetch('https://cocoon.invalid/v1/chat/completions', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ ...HELLO, stream: true }),
    });
    const text = await response.text();
    expect(text).toContain('Hel');
    expect(text).toMatch(/data: \{"error":\{.*"code":"receipt_overcharged"\}\}\n\n$/);
    expect(text).not.toContain('[DONE]');
    expect(network.faults).toMatchObject([{ error: { code: 'receipt_overcharged' } }]);
    await network.client.close();
  });
});

describe('a second receipt of a line', () => {
  it.each<[string, string, Tricks]>([
    ['with a lower total', 'receipt_stale', { receipt: (r) => ({ ...r, total: r.total - 1n }) }],
    ['with a higher total', 'receipt_overcharged', { receipt: (r) => ({ ...r, total: r.total + 1n }) }],
  ])('%s is %s', async (_, code, tricks) => {
    const network = createNetwork();
    await ask(network);
    network.workers[0]!.tricks = tricks;
    expect(await ask(network)).toMatchObject({ code });
    await network.client.close();
  });

  it('that adds its job exactly is accepted', async () => {
    const network = createNetwork();
    await ask(network);
    expect(await ask(network)).toMatchObject({ cocoon: { cost_nano: '17' } });
    const [line] = await network.client.lines();
    expect(line).toMatchObject({ spentNano: 34n, reservedNano: 0n });
    await network.client.close();
  });

  it('that counts a job whose reply was cut is accepted, up to what its ticket allowed', async () => {
    const network = createNetwork();
    const [worker] = network.workers;
    await ask(network);
    worker!.tricks = { frames: (frames) => frames.slice(0, 2) };
    expect(await ask(network)).toMatchObject({ code: 'stream_truncated' });
    worker!.tricks = {};
    network.clock.advance(60);
    expect(await ask(network)).toMatchObject({ cocoon: { cost_nano: '17' } });
    const [line] = await network.client.lines();
    expect(line!.spentNano).toBe(51n);
    await network.client.close();
  });
});
