import fc from 'fast-check';
import { keyPairFromSeed, sign } from '../../../src/protocol/ed25519';
import { sha256 } from '../../../src/protocol/hash';
import { LIMITS } from '../../../src/protocol/limits';
import { lineFields } from '../../../src/protocol/line';
import { ticketLayout } from '../../../src/protocol/signed';
import {
  ENVELOPE_HEAD_BYTES,
  decodeEnvelope,
  encodeEnvelopeHead,
  helloDigest,
  openOffer,
  orderBookSchema,
  signOffer,
  signedOfferSchema,
  workerOfferSchema,
  type JobEnvelope,
  type WorkerOffer,
} from '../../../src/protocol/wire';
import { bytes, structOf } from './arbitraries';
import { codeOf } from './codeOf';

const worker = keyPairFromSeed(Buffer.alloc(32, 1));
const stranger = keyPairFromSeed(Buffer.alloc(32, 2));

describe('job envelope', () => {
  const envelopes: fc.Arbitrary<JobEnvelope> = fc.record({
    line: structOf(lineFields),
    escrow: bytes(32),
    ticket: fc.record({ value: structOf(ticketLayout), signature: bytes(64) }),
    ciphertext: fc.uint8Array({ minLength: 1, maxLength: 200 }).map((array) => Buffer.from(array)),
  });
  const encode = (envelope: JobEnvelope): Buffer =>
    Buffer.concat([encodeEnvelopeHead(envelope), envelope.ciphertext]);
  const [sample] = fc.sample(envelopes, { numRuns: 1, seed: 1 }) as [JobEnvelope];

  it('is read back exactly', () => {
    fc.assert(
      fc.property(envelopes, (envelope) => expect(decodeEnvelope(encode(envelope))).toEqual(envelope)),
    );
    expect(ENVELOPE_HEAD_BYTES).toBe(307);
  });

  it('copies all but the ciphertext out of the request', () => {
    const request = encode(sample);
    const { ciphertext, ...head } = decodeEnvelope(request);
    request.fill(0, 0, ENVELOPE_HEAD_BYTES);
    expect({ ...head, ciphertext }).toEqual(sample);
  });

  it('without a ciphertext is malformed; with one byte of it is not', () => {
    const head = encodeEnvelopeHead(sample);
    expect(codeOf(() => decodeEnvelope(head))).toBe('ticket_malformed');
    expect(decodeEnvelope(Buffer.concat([head, Buffer.alloc(1)])).ciphertext).toHaveLength(1);
    for (const size of [0, 1, 91, ENVELOPE_HEAD_BYTES - 1]) {
      expect(codeOf(() => decodeEnvelope(head.subarray(0, size)))).toBe('ticket_malformed');
    }
  });

  it('of another version, or with something else where the ticket is, is malformed', () => {
    const request = encode(sample);
    for (const at of [0, 1 + 90 + 32]) {
      const broken = Buffer.from(request);
      broken[at]! ^= 1;
      expect(codeOf(() => decodeEnvelope(broken))).toBe('ticket_malformed');
    }
    expect(decodeEnvelope(request)).toEqual(sample);
  });

  it('takes the largest ciphertext and refuses one byte more', () => {
    const head = encodeEnvelopeHead(sample);
    const most = Buffer.alloc(ENVELOPE_HEAD_BYTES + LIMITS.requestMaxBytes);
    most.set(head);
    expect(decodeEnvelope(most).ciphertext).toHaveLength(LIMITS.requestMaxBytes);
    expect(codeOf(() => decodeEnvelope(Buffer.concat([most, Buffer.alloc(1)])))).toBe('body_too_large');
  });

  it('is not written with an escrow or a signature of a wrong size', () => {
    expect(() => encodeEnvelopeHead({ ...sample, escrow: Buffer.alloc(31) })).toThrow(RangeError);
    const ticket = { ...sample.ticket, signature: Buffer.alloc(65) };
    expect(() => encodeEnvelopeHead({ ...sample, ticket })).toThrow(RangeError);
  });
});

const offer: WorkerOffer = {
  version: 1,
  seq: 3,
  issuedAt: 1_800_000_000,
  worker: '11'.repeat(32),
  workerKey: worker.publicKey.toString('hex'),
  imageId: '22'.repeat(32),
  statement: Buffer.alloc(217).toString('base64'),
  certificate: Buffer.alloc(172).toString('base64'),
  asks: [Buffer.alloc(184).toString('base64')],
  models: [
    { id: 'tiny', hash: '33'.repeat(32), contextLength: 512, maxOutputTokens: 128, capabilities: ['chat'] },
  ],
  slots: 2,
  maxFeeBps: 250,
};

describe('worker offer', () => {
  it('opens when the key that it names signed this very text', () => {
    expect(openOffer(signOffer(offer, worker))).toEqual(offer);
  });

  it('stays shut when another key signed it, or names itself in it', () => {
    expect(openOffer(signOffer(offer, stranger))).toBeNull();
    const posing = { ...offer, workerKey: stranger.publicKey.toString('hex') };
    expect(openOffer(signOffer(posing, worker))).toBeNull();
    expect(openOffer(signOffer(posing, stranger))).toEqual(posing);
  });

  it('stays shut when any character of the text or the signature changed', () => {
    const signed = signOffer(offer, worker);
    expect(openOffer({ ...signed, text: signed.text.replace('"slots":2', '"slots":3') })).toBeNull();
    expect(openOffer({ ...signed, text: `${signed.text} ` })).toBeNull();
    expect(openOffer({ ...signed, signature: 'ff'.repeat(64) })).toBeNull();
    expect(openOffer({ ...signed, signature: signed.signature.slice(2) })).toBeNull();
    expect(openOffer({ ...signed, signature: '' })).toBeNull();
  });

  it('stays shut on what is no offer, however well it is signed', () => {
    const digestOf = (text: string): Buffer => sha256(Buffer.from('cocoon/offer/v1\0'), Buffer.from(text));
    const signText = (text: string) => ({ text, signature: sign(digestOf(text), worker).toString('hex') });
    const { slots, ...slotless } = offer;
    expect(openOffer(signText(JSON.stringify({ ...slotless, slots })))).toEqual(offer);
    for (const text of [
      '',
      '{',
      'null',
      '[]',
      JSON.stringify(slotless),
      JSON.stringify({ ...offer, extra: 1 }),
      JSON.stringify({ ...offer, version: 2 }),
      JSON.stringify({ ...offer, slots: 0 }),
      JSON.stringify({ ...offer, slots: 4097 }),
      JSON.stringify({ ...offer, maxFeeBps: 10_001 }),
      JSON.stringify({ ...offer, imageId: '22'.repeat(31) }),
      JSON.stringify({ ...offer, statement: 'not base64!' }),
      JSON.stringify({ ...offer, asks: new Array(65).fill(offer.asks[0]) }),
      `${JSON.stringify(offer)}${' '.repeat(256 * 1024)}`,
    ]) {
      expect(openOffer(signText(text))).toBeNull();
    }
  });

  it('schemas refuse unknown keys and oversized text', () => {
    const signed = signOffer(offer, worker);
    expect(signedOfferSchema.safeParse(signed).success).toBe(true);
    expect(signedOfferSchema.safeParse({ ...signed, more: 1 }).success).toBe(false);
    expect(signedOfferSchema.safeParse({ ...signed, text: 'x'.repeat(256 * 1024 + 1) }).success).toBe(false);
    expect(signedOfferSchema.safeParse({ ...signed, signature: 'FF'.repeat(64) }).success).toBe(false);
    expect(workerOfferSchema.safeParse({ ...offer, models: [] }).success).toBe(true);
  });
});

describe('hello', () => {
  const signed = signOffer(offer, worker);

  it('differs for another nonce and for another text, and binds nothing else', () => {
    const [nonce, fresh] = [Buffer.alloc(32, 1), Buffer.alloc(32, 2)];
    const digest = helloDigest(nonce, signed);
    expect(helloDigest(fresh, signed)).not.toEqual(digest);
    expect(helloDigest(nonce, signOffer({ ...offer, seq: 4 }, worker))).not.toEqual(digest);
    expect(helloDigest(Buffer.from(nonce), { ...signed, signature: '' })).toEqual(digest);
  });

  it('takes a nonce of 32 bytes only', () => {
    expect(() => helloDigest(Buffer.alloc(31), signed)).toThrow(RangeError);
  });
});

describe('order book', () => {
  const book = {
    version: 1,
    networkId: -239,
    registry: '44'.repeat(32),
    time: 1_800_000_000,
    router: { feeBps: 100, feeTo: '55'.repeat(20) },
    entries: [
      {
        offer: signOffer(offer, worker),
        freeSlots: 1,
        draining: false,
        distinctEscrows: 0,
        successRate: 1,
        medianLatencyMs: null,
      },
    ],
  };

  it('is taken as written and refused with anything out of bounds', () => {
    expect(orderBookSchema.safeParse(book).success).toBe(true);
    for (const wrong of [
      { ...book, version: 2 },
      { ...book, registry: '44' },
      { ...book, router: { ...book.router, feeBps: 10_001 } },
      { ...book, entries: [{ ...book.entries[0], successRate: 1.1 }] },
      { ...book, entries: [{ ...book.entries[0], freeSlots: -1 }] },
      { ...book, entries: new Array(4097).fill(book.entries[0]) },
    ]) {
      expect(orderBookSchema.safeParse(wrong).success).toBe(false);
    }
  });
});
