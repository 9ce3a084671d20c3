import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { RECEIPT_FINAL } from '../../../src/protocol/signed';
import { createFinder } from '../../../src/slash';
import { held, KEYS, WORKER } from './support';

describe('whoever compares the receipts of a worker', () => {
  it.each([
    ['another total', { total: 701n }],
    ['other jobs', { jobsRoot: Buffer.alloc(32, 9) }],
  ])('finds the pair that counts the same jobs with %s', (_what, change) => {
    const finder = createFinder();
    const [first, second] = [held(), held(change)];
    expect(finder.add(first, 'router a')).toBeNull();
    expect(finder.add(second, 'router b')).toEqual({
      ...{ worker: WORKER, workerKey: KEYS.publicKey, first: first.receipt, second: second.receipt },
      sources: ['router a', 'router b'],
    });
  });

  it.each([
    ['the same again', {}],
    ['the same, signed later', { issuedAt: 1_890_000_001 }],
    ['the same as the last one', { flags: RECEIPT_FINAL }],
    ['one job more', { jobs: 8n, total: 800n }],
    ['another domain', { domain: Buffer.alloc(32, 1), total: 1n }],
    ['another line', { lineId: Buffer.alloc(20, 1), total: 1n }],
  ])('finds nothing in %s', (_what, change) => {
    const finder = createFinder();
    finder.add(held(), 'a');
    expect(finder.add(held(change), 'b')).toBeNull();
  });

  it('finds nothing in the receipts of two keys', () => {
    const finder = createFinder();
    finder.add(held(), 'a');
    expect(finder.add(held({ total: 1n }, keyPairFromSeed(Buffer.alloc(32, 6))), 'b')).toBeNull();
  });

  it('is told each pair of histories once', () => {
    const finder = createFinder();
    finder.add(held(), 'a');
    expect(finder.add(held({ total: 701n }), 'b')).not.toBeNull();
    expect(finder.add(held({ total: 701n }), 'c')).toBeNull();
    expect(finder.add(held({ total: 702n }), 'd')).not.toBeNull();
    expect(finder.histories()).toBe(3);
  });

  it('is stopped by more histories than fit, and forgets none', () => {
    const finder = createFinder(2);
    finder.add(held({ jobs: 1n }), 'a');
    finder.add(held({ jobs: 2n }), 'a');
    expect(finder.add(held({ jobs: 2n }), 'a')).toBeNull();
    expect(() => finder.add(held({ jobs: 3n }), 'a')).toThrow('more than 2 histories');
  });
});
