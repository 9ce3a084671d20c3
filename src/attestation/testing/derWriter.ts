/** Writes DER (X.690): what the minted certificates and lists are made of. Lengths are always the shortest form. */

export function der(tag: number, ...content: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(content);
  return Buffer.concat([Buffer.of(tag), lengthOctets(body.length), body]);
}

export const sequence = (...content: readonly Uint8Array[]): Buffer => der(0x30, ...content);
export const setOf = (...content: readonly Uint8Array[]): Buffer => der(0x31, ...content);
export const octetString = (...content: readonly Uint8Array[]): Buffer => der(0x04, ...content);
export const utf8String = (text: string): Buffer => der(0x0c, Buffer.from(text, 'utf8'));
export const printableString = (text: string): Buffer => der(0x13, Buffer.from(text, 'ascii'));
export const enumerated = (value: number): Buffer => der(0x0a, Buffer.of(value));
export const boolean = (value: boolean): Buffer => der(0x01, Buffer.of(value ? 0xff : 0));
/** `[n]`, constructed. */
export const explicit = (n: number, ...content: readonly Uint8Array[]): Buffer => der(0xa0 + n, ...content);
/** `[n] IMPLICIT` of something simple. */
export const implicit = (n: number, content: Uint8Array): Buffer => der(0x80 + n, content);

/** A BIT STRING whose last octet has `unused` bits that say nothing. */
export const bitString = (bytes: Uint8Array, unused = 0): Buffer => der(0x03, Buffer.of(unused), bytes);

/** A non-negative INTEGER in its shortest form. */
export function integer(value: bigint | number | Uint8Array): Buffer {
  const hex = (
    typeof value === 'object' ? BigInt(`0x${Buffer.from(value).toString('hex') || '0'}`) : value
  ).toString(16);
  const octets = Buffer.from(hex.length % 2 === 0 ? hex : `0${hex}`, 'hex');
  return der(0x02, octets[0]! >= 0x80 ? Buffer.concat([Buffer.of(0), octets]) : octets);
}

/** An OBJECT IDENTIFIER from its dotted form. */
export function oid(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split('.').map(Number);
  return der(0x06, Buffer.from([first! * 40 + second!, ...rest.flatMap(base128)]));
}

/** A date as RFC 5280 4.1.2.5 wants it: UTCTime through 2049, GeneralizedTime after. Seconds since 1970. */
export function time(unixSeconds: number): Buffer {
  const digits = new Date(unixSeconds * 1000).toISOString().replace(/[-:T]|\.\d+Z/g, '');
  const text = Number(digits.slice(0, 4)) < 2050 ? digits.slice(2) : digits;
  return der(text.length === 12 ? 0x17 : 0x18, Buffer.from(`${text}Z`, 'ascii'));
}

function base128(arc: number): number[] {
  const octets = [arc % 128];
  for (let rest = Math.floor(arc / 128); rest > 0; rest = Math.floor(rest / 128))
    octets.unshift((rest % 128) + 128);
  return octets;
}

function lengthOctets(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 0xff);
}
