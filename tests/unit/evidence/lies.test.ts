import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { verifyBundle, type LinkName } from '../../../src/evidence';
import { nano } from '../../../src/protocol/amounts';
import { ISSUED_AT, makeEvidence, MODELS, NETWORK_ID, type EvidenceLies } from '../../support/evidence';

/** Signers who lie and sign it: every signature holds, so the one link that compares must fail. */

const OTHER = Buffer.alloc(32, 0x99);
const FEE = 1_960_000n;

async function failed(lies: EvidenceLies): Promise<Record<string, string>> {
  const bundle = await makeEvidence(undefined, lies);
  const { links } = await verifyBundle(bundle, { crypto: nodeCrypto, policy: { allowSimulated: true } });
  return Object.fromEntries(
    links.filter(({ state }) => state === 'failed').map(({ name, detail }) => [name, detail]),
  );
}

type Lie = [what: string, lies: EvidenceLies, link: LinkName, reason: RegExp];

const LIES: Lie[] = [
  ['a record of another ticket', { record: { ticketHash: OTHER } }, 'record', /another ticket/],
  ['a record of another request', { record: { requestHash: OTHER } }, 'answer', /another request/],
  ['a record of another answer', { record: { responseHash: OTHER } }, 'answer', /another answer/],
  ['a record of another image', { record: { imageId: OTHER } }, 'image', /the quote measured/],
  ['a record priced by another ask', { record: { askHash: OTHER } }, 'ask', /another ask/],
  [
    'a record of another model',
    { record: { modelHash: MODELS[1]! } },
    'ask',
    /another model than the job ran/,
  ],
  ['a record that ended before it began', { record: { endedAt: ISSUED_AT } }, 'record', /ended before/],
  ['another fee than the prices make', { record: { fee: nano(FEE - 1n) } }, 'fee', /the ask makes it/],
  ['a receipt for another escrow', { receipt: { domain: OTHER } }, 'receipt', /another escrow/],
  ['a receipt for another line', { receipt: { lineId: OTHER.subarray(12) } }, 'receipt', /another line/],
  [
    'a receipt of another number of jobs',
    { receipt: { jobs: 8n } },
    'inclusion',
    /of 7 jobs, the receipt of 8/,
  ],
  ['a receipt over other records', { receipt: { jobsRoot: OTHER } }, 'inclusion', /no leaf/],
  ['a ticket for another escrow', { ticket: { domain: OTHER } }, 'ticket', /another escrow/],
  ['a ticket for another line', { ticket: { lineId: OTHER.subarray(12) } }, 'ticket', /another line/],
  [
    'a ticket for another request',
    { ticket: { requestHash: OTHER }, record: { requestHash: MODELS[0]! } },
    'answer',
    /another request/,
  ],
  [
    'a ticket that ran out before it was issued',
    { ticket: { notAfter: ISSUED_AT - 1 } },
    'ticket',
    /ran out before/,
  ],
  [
    'a line to another Worker contract',
    { line: { workerAddress: OTHER } },
    'line',
    /another Worker contract/,
  ],
  ['a line to another key', { line: { workerKey: OTHER } }, 'worker-key', /another key/],
  ['an ask for another Worker contract', { ask: { domain: OTHER } }, 'ask', /another Worker contract/],
  [
    'a statement for another network',
    { statement: { networkId: NETWORK_ID - 1 } },
    'statement',
    /network -778/,
  ],
  ['a statement for another registry', { statement: { registry: OTHER } }, 'statement', /another registry/],
  [
    'a statement for another Worker contract',
    { statement: { worker: OTHER } },
    'statement',
    /another Worker/,
  ],
  ['a statement of another key', { statement: { receiptKey: OTHER } }, 'worker-key', /another key/],
  ['a statement of other models', { statement: { modelsRoot: OTHER } }, 'model', /not its models/],
  ['a statement of unknown algorithms', { statement: { kemId: 0x10 } }, 'statement', /algorithms/],
  ['a statement of an unknown cipher', { statement: { aeadId: 1 } }, 'statement', /algorithms/],
  ['a statement of an unknown hash', { statement: { kdfId: 3 } }, 'statement', /algorithms/],
  [
    'a certificate for another Worker contract',
    { certificate: { domain: OTHER } },
    'certificate',
    /another Worker/,
  ],
  [
    'a certificate for another statement',
    { certificate: { statementHash: OTHER } },
    'certificate',
    /another statement/,
  ],
  [
    'a quote that binds something else',
    { reportData: Buffer.alloc(64, 7) },
    'report-data',
    /another statement/,
  ],
  ['a quote with bytes that nothing signs', { padding: Buffer.alloc(1) }, 'quote', /1 bytes follow/],
];

/** The last value that holds, and the first that does not. */
const EDGES: [what: string, link: LinkName, good: EvidenceLies, bad: EvidenceLies][] = [
  [
    'a start before the ticket',
    'record',
    { record: { startedAt: ISSUED_AT - 60 } },
    { record: { startedAt: ISSUED_AT - 61 } },
  ],
  ['a start after the ticket', 'record', during(360, 361), during(361, 362)],
  ['the length of a job', 'record', during(1, 1_861), during(1, 1_862)],
  [
    'the length of a ticket',
    'ticket',
    { ticket: { notAfter: ISSUED_AT + 600 } },
    { ticket: { notAfter: ISSUED_AT + 601 } },
  ],
  [
    'the maximum of a ticket',
    'fee',
    { ticket: { maxFee: nano(FEE) } },
    { ticket: { maxFee: nano(FEE - 1n) } },
  ],
  [
    'the total of a receipt',
    'receipt',
    { receipt: { total: nano(FEE) } },
    { receipt: { total: nano(FEE - 1n) } },
  ],
  [
    'the beginning of an ask',
    'ask',
    { ask: { notBefore: ISSUED_AT + 60 } },
    { ask: { notBefore: ISSUED_AT + 61 } },
  ],
  ['the end of an ask', 'ask', { ask: { notAfter: ISSUED_AT - 59 } }, { ask: { notAfter: ISSUED_AT - 60 } }],
  [
    'the beginning of a certificate',
    'certificate',
    { certificate: { notBefore: ISSUED_AT + 60 } },
    { certificate: { notBefore: ISSUED_AT + 61 } },
  ],
  [
    'the end of a certificate',
    'certificate',
    { certificate: { notAfter: ISSUED_AT + 1 } },
    { certificate: { notAfter: ISSUED_AT } },
  ],
  [
    'the length of a statement',
    'statement',
    { statement: { notAfter: ISSUED_AT + 82_860 } },
    { statement: { notAfter: ISSUED_AT + 82_861 } },
  ],
];

function during(from: number, to: number): EvidenceLies {
  return { record: { startedAt: ISSUED_AT + from, endedAt: ISSUED_AT + to } };
}

describe('evidence whose signers lie', () => {
  it.each(LIES)('shows %s', async (_, lies, link, reason) => {
    expect(await failed(lies)).toMatchObject({ [link]: expect.stringMatching(reason) as unknown });
  });

  it.each(EDGES)('holds up to %s, and not beyond', async (_, link, good, bad) => {
    expect(await failed(good)).toEqual({});
    expect(Object.keys(await failed(bad))).toEqual([link]);
  });

  it('shows a model that its statement does not name', async () => {
    const lies = { record: { modelHash: OTHER }, ask: { modelHash: OTHER } };
    expect(await failed(lies)).toEqual({ model: 'the statement does not name the model that ran' });
  });
});
