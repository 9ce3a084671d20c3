import {
  decodeRequestPlaintext,
  encodeRequestPlaintext,
  generateHpkeKeyPair,
  openRequest,
  requestBucket,
  sealRequest,
  type RequestBinding,
  type RequestPlaintext,
} from '../../../src/channel';
import { nano } from '../../../src/protocol/amounts';
import { LIMITS } from '../../../src/protocol/limits';

const keys = generateHpkeKeyPair();
const binding: RequestBinding = {
  statementHash: Buffer.alloc(32, 1),
  escrowDomain: Buffer.alloc(32, 2),
  lineId: Buffer.alloc(20, 3),
  jobId: Buffer.alloc(16, 4),
};
const request: RequestPlaintext = {
  jobId: binding.jobId,
  issuedAt: 1_900_000_000,
  notAfter: 1_900_000_300,
  modelHash: Buffer.alloc(32, 5),
  maxFee: nano(123_456_789_012n),
  head: { method: 'POST', path: '/v1/chat/completions', headers: { 'content-type': 'application/json' } },
  body: Buffer.from('{"model":"tiny","messages":[]}'),
};
const refusal = (code: string) => expect.objectContaining({ code });

describe('a sealed request', () => {
  const plaintext = encodeRequestPlaintext(request);
  const { ciphertext, replyContext } = sealRequest({ ...binding, recipientKey: keys.publicKey, plaintext });

  it('opens at its worker, and both sides hold the same reply context', () => {
    const opened = openRequest({ ...binding, keys, ciphertext });
    expect(decodeRequestPlaintext(opened.plaintext)).toEqual(request);
    expect(opened.replyContext).toEqual(replyContext);
  });

  it('shows nothing of the text and differs each time', () => {
    const again = sealRequest({ ...binding, recipientKey: keys.publicKey, plaintext }).ciphertext;
    expect(ciphertext.includes('messages')).toBe(false);
    expect(again.equals(ciphertext)).toBe(false);
  });

  it.each(['statementHash', 'escrowDomain', 'lineId', 'jobId'] as const)(
    'does not open under another %s',
    (field) => {
      const other = { ...binding, [field]: Buffer.alloc(binding[field].length, 9) };
      expect(() => openRequest({ ...other, keys, ciphertext })).toThrow(refusal('channel_open_failed'));
    },
  );

  it('does not open with another key, or after one flipped bit anywhere', () => {
    expect(() => openRequest({ ...binding, keys: generateHpkeKeyPair(), ciphertext })).toThrow(
      refusal('channel_open_failed'),
    );
    for (const at of [0, 31, 32, ciphertext.length - 1]) {
      const altered = Buffer.from(ciphertext);
      altered[at]! ^= 1;
      expect(() => openRequest({ ...binding, keys, ciphertext: altered })).toThrow(
        refusal('channel_open_failed'),
      );
    }
  });

  it('refuses a ciphertext that is shorter than a key and a tag', () => {
    expect(() => openRequest({ ...binding, keys, ciphertext: ciphertext.subarray(0, 47) })).toThrow(
      refusal('channel_open_failed'),
    );
  });
});

describe('a request plaintext', () => {
  it.each([
    [0, 1024],
    [1024, 1024],
    [1025, 2048],
    [2048, 2048],
    [65_536, 65_536],
    [65_537, 73_728],
    [73_728, 73_728],
    [131_072, 131_072],
    [131_073, 147_456],
  ])('of %i bytes is padded to %i', (bytes, padded) => {
    expect(requestBucket(bytes)).toBe(padded);
  });

  it('of one bucket has one size whatever it says', () => {
    const short = encodeRequestPlaintext({ ...request, body: Buffer.from('{}') });
    expect(short.length).toBe(encodeRequestPlaintext(request).length);
  });

  it('fits to the largest size and not one byte more', () => {
    const bucket = 30 * 1024 * 1024;
    const rest = bucket - 73 - JSON.stringify(request.head).length;
    expect(encodeRequestPlaintext({ ...request, body: Buffer.alloc(rest) }).length).toBe(bucket);
    expect(requestBucket(bucket + 1) + 48).toBeGreaterThan(LIMITS.requestMaxBytes);
    expect(() => encodeRequestPlaintext({ ...request, body: Buffer.alloc(rest + 1) })).toThrow(
      refusal('body_too_large'),
    );
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['another version', (bytes) => set(bytes, 0, 2)],
    ['a head that runs past the end', (bytes) => set(bytes, 66, 0xff)],
    ['a body that runs past the end', (bytes) => set(bytes, 69 + JSON.stringify(request.head).length, 0xff)],
    ['a head that is not JSON', (bytes) => set(bytes, 69, 0x20 + 0x41)],
    ['padding that is not zero', (bytes) => set(bytes, bytes.length - 1, 1)],
    ['more padding than its bucket', (bytes) => Buffer.concat([bytes, Buffer.alloc(1024)])],
    ['nothing', () => Buffer.alloc(0)],
  ])('with %s is refused', (_, alter) => {
    const bytes = encodeRequestPlaintext(request);
    expect(decodeRequestPlaintext(Buffer.from(bytes))).toEqual(request);
    expect(() => decodeRequestPlaintext(alter(bytes))).toThrow(refusal('channel_open_failed'));
  });

  it('with a single bit set anywhere in a megabyte of padding is refused', () => {
    const body = Buffer.alloc(17 * 1024 * 1024, 1);
    const bytes = encodeRequestPlaintext({ ...request, body });
    const end = 73 + JSON.stringify(request.head).length + body.length;
    expect(bytes.length - end).toBeGreaterThan(900_000);
    for (const at of [end, end + 65_535, end + 65_536, bytes.length - 1]) {
      bytes[at]! ^= 1;
      expect(() => decodeRequestPlaintext(bytes)).toThrow(refusal('channel_open_failed'));
      bytes[at]! ^= 1;
    }
    expect(decodeRequestPlaintext(bytes).body.length).toBe(body.length);
  });

  it('with an unknown head field is refused', () => {
    const head = { ...request.head, proxy: 'x' } as RequestPlaintext['head'];
    expect(() => decodeRequestPlaintext(encodeRequestPlaintext({ ...request, head }))).toThrow(
      refusal('channel_open_failed'),
    );
  });
});

function set(bytes: Buffer, at: number, value: number): Buffer {
  bytes[at] = value;
  return bytes;
}
