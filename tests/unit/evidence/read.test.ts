import fc from 'fast-check';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { readBundle, verifyBundle, writeBundle, type EvidenceBundle } from '../../../src/evidence';
import { EVIDENCE_LIMITS } from '../../../src/evidence/limits';
import { ISSUED_AT, makeEvidence } from '../../support/evidence';

let bundle: EvidenceBundle;
let text: string;
beforeAll(async () => {
  bundle = await makeEvidence();
  text = writeBundle(bundle);
});

describe('a bundle as a file', () => {
  it('is written in one order, and read back', () => {
    const shuffled = Object.fromEntries(Object.entries(bundle).reverse()) as EvidenceBundle;
    expect(writeBundle(shuffled)).toBe(text);
    expect(readBundle(text)).toEqual(bundle);
  });

  it('is read with any space between its parts', () => {
    expect(readBundle(JSON.stringify(bundle))).toEqual(bundle);
    expect(readBundle(JSON.stringify(bundle, null, '\t').replace(/\n/g, '\r\n'))).toEqual(bundle);
  });

  it('is refused wherever it is cut', () => {
    fc.assert(
      fc.property(fc.nat(text.length - 2), (length) => {
        expect(() => readBundle(text.slice(0, length))).toThrow(/no JSON, or only a part of it/);
      }),
      { seed: 1, numRuns: 50 },
    );
  });

  it('is read up to its largest size, and not beyond', () => {
    const room = EVIDENCE_LIMITS.bundleMaxBytes - text.length;
    expect(readBundle(text + ' '.repeat(room))).toEqual(bundle);
    expect(() => readBundle(text + ' '.repeat(room + 1))).toThrow(/more than 16777216 characters/);
  });

  it('is refused when it says a thing twice', () => {
    const twice = text.replace('"version": 1,', '"version": 1,\n  "version": 1,');
    expect(() => readBundle(twice)).toThrow(/says a thing twice/);
    expect(() => readBundle(text.replace('"version": 1,', '"version": 1.0,'))).toThrow(/or in an odd way/);
    expect(() => readBundle(text.replace('tiny-llama', 'tiny\\u002dllama'))).toThrow(/or in an odd way/);
  });

  const FORMS: [string, (b: EvidenceBundle) => object, RegExp][] = [
    ['of another version', () => ({ version: 2 }), /version/],
    ['with a field that nobody knows', () => ({ note: 'x' }), /note/],
    ['without a part', () => ({ receipt: undefined }), /receipt/],
    [
      'with hex in capitals',
      (b) => ({ requestHash: b.requestHash.slice(2) + 'AB' }),
      /requestHash: 32 bytes in lower-case hex/,
    ],
    [
      'with bits in base64 that no byte holds',
      (b) => ({ line: `${b.line.slice(0, -1)}B==` }),
      /line: bytes in base64/,
    ],
    [
      'with base64 without its padding',
      (b) => ({ quote: b.quote.replace(/=+$/, '').slice(0, -1) }),
      /quote: bytes in base64/,
    ],
    [
      'with a structure beyond measure',
      () => ({ receipt: 'A'.repeat(1_372) }),
      /receipt: at most 1024 bytes/,
    ],
    ['with an address in another form', () => ({ worker: `-1:${'e7'.repeat(32)}` }), /worker: an account/],
    ['with a number that is not one', (b) => ({ escrow: { ...b.escrow, born: '077' } }), /escrow\.born/],
    [
      'with more models than a statement',
      () => ({ models: Array<string>(17).fill('30'.repeat(32)) }),
      /models/,
    ],
  ];
  it.each(FORMS)('is refused %s', (_, change, reason) => {
    expect(() => readBundle(JSON.stringify({ ...bundle, ...change(bundle) }))).toThrow(reason);
  });
});

describe('a verification', () => {
  const verify = (input: unknown, options: object = {}) =>
    verifyBundle(input, { crypto: nodeCrypto, policy: { allowSimulated: true }, ...options });
  const failed = async (...args: Parameters<typeof verify>) =>
    (await verify(...args)).links.filter(({ state }) => state === 'failed');

  it('says of what is no bundle why, and checks nothing else', async () => {
    const { ok, root, links } = await verify('{}');
    expect({ ok, root }).toEqual({ ok: false, root: null });
    expect(links[0]).toMatchObject({
      name: 'bundle',
      state: 'failed',
      detail: expect.stringMatching(/version/) as unknown,
    });
    expect(new Set(links.slice(1).map(({ state }) => state))).toEqual(new Set(['not checked']));
  });

  it('names a structure that was cut, and what rests on it', async () => {
    const cut = { ...bundle, ticket: bundle.ticket.slice(0, 200) };
    const links = await failed(cut);
    expect(links.find(({ name }) => name === 'ticket')!.detail).toMatch(
      /ticket cannot be read: signed Ticket: 150 bytes/,
    );
    expect(links.map(({ name }) => name)).toEqual(expect.arrayContaining(['record', 'fee']));
    expect(links.map(({ name }) => name)).not.toContain('receipt');
  });

  it('refuses simulated hardware where nothing is said', async () => {
    const { ok, links } = await verifyBundle(bundle, { crypto: nodeCrypto });
    expect(ok).toBe(false);
    expect(links.filter(({ state }) => state === 'failed').map(({ name }) => name)).toEqual(['root']);
  });

  it('judges dates when the ticket was issued, or at a given time', async () => {
    expect((await verify(bundle)).judged).toEqual({ atUnix: ISSUED_AT, by: 'the ticket' });
    const later = await verify(bundle, { atUnix: ISSUED_AT + 40 * 86_400 });
    expect(later.judged).toEqual({ atUnix: ISSUED_AT + 40 * 86_400, by: 'a given time' });
    expect(later.links.filter(({ state }) => state === 'failed').map(({ name }) => name)).toEqual([
      'statement',
      'certificate',
      'collateral',
    ]);
  });

  it.each([
    ['statement', ISSUED_AT + 82_000],
    ['certificate', ISSUED_AT + 80_000],
  ])('takes a %s up to its last second', async (name, end) => {
    const names = async (atUnix: number) => (await failed(bundle, { atUnix })).map((link) => link.name);
    expect(await names(end - 1)).not.toContain(name);
    expect(await names(end)).toContain(name);
  });

  it('believes the registry that the policy names, and no other', async () => {
    const policy = (registry: string) => ({ policy: { allowSimulated: true, registry } });
    expect(await failed(bundle, policy(bundle.registry))).toEqual([]);
    expect(await failed(bundle, policy(`0:${'00'.repeat(32)}`))).toEqual([
      { name: 'network', state: 'failed', detail: 'the policy names another registry' },
    ]);
  });

  it('believes the software that the policy names, and no other', async () => {
    const { links } = await verify(bundle);
    const imageId = links.find(({ name }) => name === 'image')!.detail;
    const policy = (id: string) => ({ policy: { allowSimulated: true, imageIds: [id] } });
    expect(await failed(bundle, policy(imageId))).toEqual([]);
    expect((await failed(bundle, policy('00'.repeat(32)))).map(({ name }) => name)).toEqual(['image']);
  });

  it.each([
    [{ allowSimulated: 1 }, /allowSimulated/],
    [{ registry: 'here' }, /registry is no address/],
    [{ imageId: [] }, /imageId is no setting/],
    [null, /no object/],
  ])('takes no policy like %j', async (policy, reason) => {
    await expect(verify(bundle, { policy })).rejects.toThrow(reason);
  });
});
