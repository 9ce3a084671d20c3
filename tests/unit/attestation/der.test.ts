import {
  booleanOf,
  ecdsaSignature,
  end,
  inside,
  integerOctets,
  isOid,
  next,
  nextAny,
  nextIf,
  oidOctets,
  oidText,
  onlyElement,
  smallInteger,
  TAG,
} from '../../../src/attestation/der';
import { derTime } from '../../../src/attestation/time';

const bytes = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replace(/ /g, ''), 'hex'));
const element = (hex: string) => nextAny(inside(onlyElement(wrap(hex), TAG.sequence, 'it')), 'it');
const malformed = expect.objectContaining({ code: 'der_malformed' });

function wrap(hex: string): Uint8Array {
  const content = Buffer.from(hex.replace(/ /g, ''), 'hex');
  return new Uint8Array(Buffer.concat([Buffer.from([0x30, content.length]), content]));
}

describe('DER', () => {
  test.each([
    ['nothing', ''],
    ['a tag alone', '30'],
    ['a length of nothing', '30 02 05'],
    ['a length that is cut', '30 82 01'],
    ['an indefinite length', '30 80 00 00'],
    ['a length of four bytes', '30 84 00 00 00 00'],
    ['a length below 128 in two bytes', '30 81 01 00'],
    ['a length below 256 in three bytes', `30 82 00 80 ${'00'.repeat(128)}`],
    ['a tag of several bytes', '3f 81 01 00'],
    ['another tag', '31 00'],
    ['bytes behind the end', '30 00 00'],
  ])('refuses %s', (_, hex) => {
    expect(() => onlyElement(bytes(hex), TAG.sequence, 'it')).toThrow(malformed);
  });

  test('reads the shortest long lengths', () => {
    for (const [header, length] of [
      ['30 81 80', 128],
      ['30 82 01 00', 256],
      ['30 83 01 00 00', 65_536],
    ] as const) {
      const { from, to } = onlyElement(bytes(header + '00'.repeat(length)), TAG.sequence, 'it');
      expect(to - from).toBe(length);
    }
  });

  test('an inner element cannot reach beyond its outer one', () => {
    const outer = onlyElement(bytes('30 03 04 05 01'), TAG.sequence, 'it');
    expect(() => next(inside(outer), TAG.octetString, 'inner')).toThrow(malformed);
    const two = bytes('30 02 04 01 30 01 00');
    expect(() => nextAny(inside(nextAny({ source: two, at: 0, to: two.length }, 'it')), 'inner')).toThrow(
      malformed,
    );
    const empty = bytes('30 00 04 00');
    expect(nextIf(inside(nextAny({ source: empty, at: 0, to: empty.length }, 'it')), 0x04, 'it')).toBeNull();
  });

  test('something unread is an error', () => {
    const fields = inside(onlyElement(wrap('05 00 05 00'), TAG.sequence, 'it'));
    nextAny(fields, 'it');
    expect(() => end(fields, 'it')).toThrow(/followed by 2 bytes/);
  });

  test.each([
    ['an empty integer', '02 00'],
    ['a negative integer', '02 01 80'],
    ['an integer with a needless zero', '02 02 00 7f'],
  ])('refuses %s', (_, hex) => {
    expect(() => integerOctets(element(hex), 'it')).toThrow(malformed);
  });

  test('small integers are bounded', () => {
    expect(smallInteger(element('02 02 00 ff'), 255, 'it')).toBe(255);
    expect(() => smallInteger(element('02 02 01 00'), 255, 'it')).toThrow(/above 255/);
    expect(() => smallInteger(element('02 06 01 00 00 00 00 00'), 255, 'it')).toThrow(/above 255/);
  });

  test('a boolean is 00 or FF', () => {
    expect([booleanOf(element('01 01 00'), 'it'), booleanOf(element('01 01 ff'), 'it')]).toEqual([
      false,
      true,
    ]);
    for (const hex of ['01 01 01', '01 00', '01 02 ff ff']) {
      expect(() => booleanOf(element(hex), 'it')).toThrow(malformed);
    }
  });

  test('object identifiers are written and read alike', () => {
    for (const oid of ['1.2.840.113741.1.13.1.2.17', '2.5.29.35', '0.9.2342', '1.2.840.10045.4.3.2']) {
      const octets = Buffer.from(oidOctets(oid)).toString('hex');
      const read = element(`06 ${(octets.length / 2).toString(16).padStart(2, '0')} ${octets}`);
      expect(oidText(read, 'it')).toBe(oid);
      expect(isOid(read, oidOctets(oid))).toBe(true);
      expect(isOid(read, oidOctets('1.2.3'))).toBe(false);
    }
  });

  test.each(['06 00', '06 02 2a 80', '06 03 2a 80 01', '06 09 2a ff ff ff ff ff ff ff 7f'])(
    'refuses the object identifier %s',
    (hex) => {
      expect(() => oidText(element(hex), 'it')).toThrow(malformed);
    },
  );

  test.each([
    ['one half', '30 03 02 01 01'],
    ['three halves', '30 09 02 01 01 02 01 01 02 01 01'],
    ['a negative half', '30 06 02 01 80 02 01 01'],
    ['a half of 33 bytes', `30 26 02 21 01${'00'.repeat(32)} 02 01 01`],
  ])('refuses a signature of %s', (_, hex) => {
    expect(() => ecdsaSignature(bytes(hex), 'it')).toThrow(malformed);
  });

  test('a signature becomes two numbers of 32 bytes', () => {
    const signature = Buffer.from(ecdsaSignature(bytes('30 07 02 01 01 02 02 00 ff'), 'it')).toString('hex');
    expect(signature).toBe(`${'00'.repeat(31)}01${'00'.repeat(31)}ff`);
  });
});

describe('dates of RFC 5280', () => {
  const dated = (tag: number, text: string) => {
    const content = Buffer.from(text, 'ascii');
    return derTime(
      nextAny(
        inside(
          onlyElement(
            wrap(Buffer.concat([Buffer.from([tag, content.length]), content]).toString('hex')),
            TAG.sequence,
            'it',
          ),
        ),
        'it',
      ),
      'it',
    );
  };

  test('years of two digits end with 2049', () => {
    expect(dated(TAG.utcTime, '491231235959Z')).toBe(Date.parse('2049-12-31T23:59:59Z') / 1000);
    expect(dated(TAG.utcTime, '500101000000Z')).toBe(Date.parse('1950-01-01T00:00:00Z') / 1000);
    expect(dated(TAG.generalizedTime, '20500101000000Z')).toBe(Date.parse('2050-01-01T00:00:00Z') / 1000);
  });

  test.each([
    [TAG.utcTime, '250230000000Z'],
    [TAG.utcTime, '250101240000Z'],
    [TAG.utcTime, '250101000060Z'],
    [TAG.utcTime, '2501010000Z'],
    [TAG.utcTime, '250101000000+0000'],
    [TAG.generalizedTime, '20250101000000.5Z'],
    [TAG.generalizedTime, '250101000000Z'],
    [TAG.octetString, '250101000000Z'],
  ])('tag %i does not take %s', (tag, text) => {
    expect(() => dated(tag, text)).toThrow(malformed);
  });
});
