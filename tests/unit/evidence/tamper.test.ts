import fc from 'fast-check';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { parseCollateral } from '../../../src/attestation/collateral';
import { parsePemChain } from '../../../src/attestation/pem';
import { parseQuote } from '../../../src/attestation/quote';
import { verifyBundle, type EvidenceBundle, type LinkName } from '../../../src/evidence';
import { jobRecordFields } from '../../../src/protocol/jobRecord';
import { lineFields } from '../../../src/protocol/line';
import { askLayout, hpkeCertificateLayout, receiptLayout, ticketLayout } from '../../../src/protocol/signed';
import { statementFields } from '../../../src/protocol/statement';
import { makeEvidence } from '../../support/evidence';

const SEED = 20_261_125;

let genuine: EvidenceBundle;
beforeAll(async () => {
  genuine = await makeEvidence();
});

async function failedLinks(bundle: unknown): Promise<LinkName[]> {
  const { ok, links } = await verifyBundle(bundle, { crypto: nodeCrypto, policy: { allowSimulated: true } });
  const failed = links.filter(({ state }) => state === 'failed').map(({ name }) => name);
  expect(ok).toBe(failed.length === 0);
  return failed;
}

/** A copy with one bit of one byte of a base64 field turned. */
function turned(field: Structure | 'quote', at: number, bit = 0): EvidenceBundle {
  const bytes = Buffer.from(genuine[field], 'base64');
  bytes[at]! ^= 1 << bit;
  return { ...genuine, [field]: bytes.toString('base64') };
}

type Structure = 'record' | 'proof' | 'receipt' | 'ticket' | 'line' | 'ask' | 'certificate' | 'statement';

/** Where each field of each structure begins, and which links must fail whatever field it is. */
const STRUCTURES: [Structure, readonly { name: string; at: number }[], LinkName[]][] = [
  ['record', [{ name: 'version', at: 0 }, ...jobRecordFields.places], ['inclusion']],
  ['proof', [0, 6, 12, 13, 14, 46].map((at) => ({ name: `byte ${at}`, at })), ['inclusion']],
  ['receipt', signedPlaces(receiptLayout), ['receipt']],
  ['ticket', signedPlaces(ticketLayout), ['ticket']],
  ['line', lineFields.places, ['receipt', 'ticket']],
  ['ask', signedPlaces(askLayout), ['ask']],
  ['certificate', signedPlaces(hpkeCertificateLayout), ['certificate']],
  ['statement', [{ name: 'magic', at: 0 }, ...statementFields.places], ['report-data']],
];

function signedPlaces({ places, size }: { places: readonly { name: string; at: number }[]; size: number }) {
  return [{ name: 'tag', at: 0 }, ...places, { name: 'signature', at: size }, { name: 's', at: size + 32 }];
}

describe('evidence of an answer', () => {
  it('holds, whole and as it was written', async () => {
    expect(await failedLinks(genuine)).toEqual([]);
  });

  it.each(STRUCTURES)('shows a change of any field of its %s', async (structure, places, links) => {
    for (const { name, at } of places) {
      const failed = await failedLinks(turned(structure, at));
      expect({ name, failed }).toMatchObject({ name, failed: expect.arrayContaining(links) as unknown });
    }
  });

  const OTHERS: [string, (bundle: EvidenceBundle) => object, LinkName[]][] = [
    [
      'network',
      (b) => ({ network: { ...b.network, id: -778 } }),
      ['receipt', 'ticket', 'ask', 'statement', 'certificate'],
    ],
    ['root', (b) => ({ network: { ...b.network, root: 'intel' } }), ['processor', 'root', 'image']],
    [
      'registry',
      () => ({ registry: `0:${'e2'.repeat(32)}` }),
      ['receipt', 'ticket', 'ask', 'statement', 'certificate'],
    ],
    ['escrow', (b) => ({ escrow: { ...b.escrow, address: `0:${'e6'.repeat(32)}` } }), ['receipt', 'ticket']],
    ['birth', (b) => ({ escrow: { ...b.escrow, born: '78' } }), ['receipt', 'ticket']],
    ['signer', (b) => ({ escrow: { ...b.escrow, signer: '11'.repeat(32) } }), ['ticket']],
    ['worker', () => ({ worker: `0:${'e8'.repeat(32)}` }), ['line', 'ask', 'statement', 'certificate']],
    ['request hash', () => ({ requestHash: '70'.repeat(32) }), ['answer', 'ticket']],
    ['response hash', () => ({ responseHash: '70'.repeat(32) }), ['answer']],
    ['models', (b) => ({ models: [b.models[0]] }), ['model']],
    ["models' order", (b) => ({ models: [...b.models].reverse() }), ['model']],
    ['date of verification', (b) => ({ claims: { ...b.claims, verifiedAt: 0 } }), ['bundle']],
    ['date of verification, later', (b) => ({ claims: { ...b.claims, verifiedAt: 2e9 } }), ['bundle']],
  ];
  it.each(OTHERS)('shows another %s', async (_, change, links) => {
    expect(await failedLinks({ ...genuine, ...change(genuine) })).toEqual(expect.arrayContaining(links));
  });

  it.each([
    ['pck_crl_issuer_chain', ['collateral']],
    ['root_ca_crl', ['collateral']],
    ['pck_crl', ['collateral']],
    ['tcb_info_issuer_chain', ['collateral']],
    ['tcb_info', ['collateral']],
    ['tcb_info_signature', ['collateral']],
    ['qe_identity_issuer_chain', ['collateral']],
    ['qe_identity', ['collateral']],
    ['qe_identity_signature', ['collateral']],
  ] as const)("shows a change in the collateral's %s", async (field, links) => {
    const text = genuine.collateral[field];
    const at = Math.floor(text.length / 2);
    const changed = text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1);
    const bundle = { ...genuine, collateral: { ...genuine.collateral, [field]: changed } };
    expect(await failedLinks(bundle)).toEqual(expect.arrayContaining([...links]));
  });

  it('takes no change of any one bit of any structure', async () => {
    const field = fc.constantFrom(...STRUCTURES.map(([name]) => name), 'quote' as const, 'quote' as const);
    await fc.assert(
      fc.asyncProperty(field, fc.nat(), fc.nat(7), async (name, position, bit) => {
        const size = Buffer.from(genuine[name], 'base64').length;
        const changed = turned(name, position % size, bit);
        if ((await failedLinks(changed)).length === 0) expect(meaning(changed)).toEqual(meaning(genuine));
      }),
      { seed: SEED, numRuns: 300 },
    );
  });

  it('takes no change of any one character of its collateral', async () => {
    const fields = Object.keys(genuine.collateral) as (keyof EvidenceBundle['collateral'])[];
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...fields), fc.nat(), fc.nat(94), async (name, position, code) => {
        const text = genuine.collateral[name];
        const at = position % text.length;
        const character = String.fromCharCode(32 + code);
        fc.pre(character !== text[at]);
        const collateral = {
          ...genuine.collateral,
          [name]: text.slice(0, at) + character + text.slice(at + 1),
        };
        const changed = { ...genuine, collateral };
        if ((await failedLinks(changed)).length === 0) expect(meaning(changed)).toEqual(meaning(genuine));
      }),
      { seed: SEED, numRuns: 150 },
    );
  });

  it('takes no part of another whole bundle', async () => {
    const other = await makeEvidence({ worker: 4, signer: 3 });
    expect(await failedLinks(other)).toEqual([]);
    const fields = Object.keys(genuine) as (keyof EvidenceBundle)[];
    for (const field of fields) {
      const same = JSON.stringify(other[field]) === JSON.stringify(genuine[field]);
      if (same || field === 'claims' || field === 'collateral') continue;
      const failed = await failedLinks({ ...genuine, [field]: other[field] });
      expect({ field, held: failed.length === 0 }).toEqual({ field, held: false });
    }
  });
});

/** What a bundle's unsigned containers hold: a line end in a certificate's text is nobody's word. */
function meaning({ quote, collateral, ...rest }: EvidenceBundle): object {
  const { padding: _, ...parsed } = parseQuote(Buffer.from(quote, 'base64'));
  const { pckCrlIssuerChain, tcbInfoIssuerChain, qeIdentityIssuerChain, ...signed } =
    parseCollateral(collateral);
  const chains = [pckCrlIssuerChain, tcbInfoIssuerChain, qeIdentityIssuerChain].map(parsePemChain);
  return { ...rest, parsed, chains, signed };
}
