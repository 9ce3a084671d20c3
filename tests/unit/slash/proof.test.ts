import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { parseProof, proofText } from '../../../src/slash';
import { held, KEYS, WORKER } from './support';

const OTHER_KEYS = keyPairFromSeed(Buffer.alloc(32, 6));

function textOf(first = held(), second = held({ total: 701n })): string {
  return proofText({
    ...{ worker: WORKER, workerKey: KEYS.publicKey },
    ...{ first: first.receipt, second: second.receipt },
  });
}

describe('a proof file', () => {
  it('is read back exactly', () => {
    expect(proofText(parseProof(textOf()))).toBe(textOf());
  });

  it.each([
    ['is no JSON', 'nothing', 'receipt_malformed'],
    ['has a field too many', textOf().replace('{', '{"more": 1,'), 'receipt_malformed'],
    ['has a receipt that is too short', textOf().replace(/"first": "../, '"first": "'), 'receipt_malformed'],
    [
      'has a receipt under another tag',
      textOf().replace(/"first": "../, '"first": "00'),
      'receipt_malformed',
    ],
    ['has a receipt of another key', textOf(held({}, OTHER_KEYS)), 'receipt_bad_signature'],
    ['has a changed signature', textOf().replace(/..",?\n}/, '00"\n}'), 'receipt_bad_signature'],
  ])('that %s is refused', (_what, text, code) => {
    expect(() => parseProof(text)).toThrow(expect.objectContaining({ code }) as Error);
  });

  it.each([
    ['are of different lines', held({ lineId: Buffer.alloc(20, 1), total: 1n }), 'different lines'],
    ['are of different escrows', held({ domain: Buffer.alloc(32, 1), total: 1n }), 'different lines'],
    ['count different numbers of jobs', held({ jobs: 8n }), 'different numbers of jobs'],
    ['tell the same history', held({ issuedAt: 1 }), 'the same history'],
  ])('whose receipts %s is refused', (_what, second, reason) => {
    expect(() => parseProof(textOf(held(), second))).toThrow(reason);
  });
});
