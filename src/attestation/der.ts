import { AttestationError } from './errors';

/** Distinguished encoding rules (X.690), read strictly: one way to write each value, none other is accepted. */

export const TAG = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  oid: 0x06,
  enumerated: 0x0a,
  utf8String: 0x0c,
  printableString: 0x13,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
  /** Context-specific, constructed: `[n]`. */
  context: (n: number) => 0xa0 + n,
  /** Context-specific, primitive: `[n] IMPLICIT` of something simple. */
  contextPrimitive: (n: number) => 0x80 + n,
} as const;

/** A place in DER; its bytes are cut out only where somebody wants them, which makes reading twice as fast. */
export interface Element {
  tag: number;
  source: Uint8Array;
  /** Of tag, of content, and behind it. */
  start: number;
  from: number;
  to: number;
}

/** Reads what a constructed element holds, from front to back. */
export interface Cursor {
  source: Uint8Array;
  at: number;
  to: number;
}

/** Content octets, as a view. */
export function contentOf({ source, from, to }: Element): Uint8Array {
  return source.subarray(from, to);
}

/** With tag and length, as a view: what signatures cover. */
export function encodingOf({ source, start, to }: Element): Uint8Array {
  return source.subarray(start, to);
}

export function inside({ source, from, to }: Element): Cursor {
  return { source, at: from, to };
}

/** The next element, which must have this tag. These functions throw AttestationError `der_malformed`. */
export function next(cursor: Cursor, tag: number, what: string): Element {
  const element = nextAny(cursor, what);
  if (element.tag !== tag) fail(what, `has tag ${element.tag} instead of ${tag}`);
  return element;
}

/** The next element if it has this tag. */
export function nextIf(cursor: Cursor, tag: number, what: string): Element | null {
  return more(cursor) && cursor.source[cursor.at] === tag ? nextAny(cursor, what) : null;
}

export function more({ at, to }: Cursor): boolean {
  return at < to;
}

/** Throws unless everything was read. */
export function end({ at, to }: Cursor, what: string): void {
  if (at < to) fail(what, `is followed by ${to - at} bytes`);
}

/** The one element that fills `bytes`. */
export function onlyElement(bytes: Uint8Array, tag: number, what: string): Element {
  return onlyInside({ source: bytes, at: 0, to: bytes.length }, tag, what);
}

/** The one element that fills another. */
export function onlyInside(cursor: Cursor, tag: number, what: string): Element {
  const element = next(cursor, tag, what);
  end(cursor, what);
  return element;
}

/** The next element, whatever it is. */
export function nextAny(cursor: Cursor, what: string): Element {
  const { source, at, to } = cursor;
  if (to - at < 2) fail(what, 'is missing');
  const tag = source[at]!;
  if ((tag & 0x1f) === 0x1f) fail(what, 'has a tag of several bytes');
  const first = source[at + 1]!;
  const lengthBytes = first < 0x80 ? 0 : first & 0x7f;
  const from = at + 2 + lengthBytes;
  const length = first < 0x80 ? first : longLength(cursor, lengthBytes, what);
  if (length > to - from) fail(what, `ends after ${to - from} of ${length} bytes`);
  cursor.at = from + length;
  return { tag, source, start: at, from, to: cursor.at };
}

function longLength({ source, at, to }: Cursor, count: number, what: string): number {
  if (count === 0 || count > 3) fail(what, 'has an indefinite or huge length');
  if (to - at < 2 + count) fail(what, 'is cut short');
  let length = 0;
  for (let i = 0; i < count; i++) length = length * 256 + source[at + 2 + i]!;
  if (length < 0x80 || length < 256 ** (count - 1)) fail(what, 'has a length that is not written shortest');
  return length;
}

/** The content octets of an INTEGER, checked to be its shortest form and not negative. */
export function integerOctets(element: Element, what: string): Uint8Array {
  const value = contentOf(element);
  if (value.length === 0) fail(what, 'is an empty integer');
  if ((value[0]! & 0x80) !== 0) fail(what, 'is negative');
  if (value.length > 1 && value[0] === 0 && (value[1]! & 0x80) === 0) fail(what, 'is not written shortest');
  return value;
}

/** A small INTEGER: at most `max`. */
export function smallInteger(element: Element, max: number, what: string): number {
  const octets = integerOctets(element, what);
  if (octets.length > 5) fail(what, `is above ${max}`);
  let number = 0;
  for (const octet of octets) number = number * 256 + octet;
  if (number > max) fail(what, `is above ${max}`);
  return number;
}

export function booleanOf({ source, from, to }: Element, what: string): boolean {
  const octet = source[from];
  if (to - from !== 1 || (octet !== 0 && octet !== 0xff)) fail(what, 'is no boolean');
  return octet === 0xff;
}

/** A BIT STRING of whole bytes. */
export function bitStringBytes(element: Element, what: string): Uint8Array {
  const value = contentOf(element);
  if (value.length === 0 || value[0] !== 0) fail(what, 'is no bit string of whole bytes');
  return value.subarray(1);
}

/** Content octets of an object identifier that is written with dots. */
export function oidOctets(text: string): Uint8Array {
  const [root, second, ...rest] = text.split('.').map(Number);
  const octets: number[] = [];
  for (const arc of [root! * 40 + second!, ...rest]) {
    const digits = [arc & 0x7f];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128))
      digits.unshift((left & 0x7f) | 0x80);
    octets.push(...digits);
  }
  return Uint8Array.from(octets);
}

/** Whether an element is just this OBJECT IDENTIFIER. */
export function isOid({ tag, source, from, to }: Element, octets: Uint8Array): boolean {
  if (tag !== TAG.oid || to - from !== octets.length) return false;
  for (let i = 0; i < octets.length; i++) if (source[from + i] !== octets[i]) return false;
  return true;
}

/** Dotted form, for messages and rare choices. */
export function oidText(element: Element, what: string): string {
  const value = contentOf(element);
  if (value.length === 0 || (value.at(-1)! & 0x80) !== 0) fail(what, 'is no object identifier');
  const arcs: number[] = [];
  let arc = 0;
  for (const octet of value) {
    if (arc === 0 && octet === 0x80) fail(what, 'is an object identifier not written shortest');
    if (arc >= 2 ** 40) fail(what, 'is an object identifier with a huge arc');
    arc = arc * 128 + (octet & 0x7f);
    if ((octet & 0x80) !== 0) continue;
    arcs.push(arc);
    arc = 0;
  }
  const [first, ...rest] = arcs;
  const root = Math.min(2, Math.floor(first! / 40));
  return [root, first! - root * 40, ...rest].join('.');
}

/** `r ‖ s`, 64 bytes, from an ECDSA-Sig-Value of P-256. */
export function ecdsaSignature(bytes: Uint8Array, what: string): Uint8Array {
  const pair = inside(onlyElement(bytes, TAG.sequence, what));
  const signature = new Uint8Array(64);
  for (const half of [0, 1]) {
    const octets = integerOctets(next(pair, TAG.integer, what), what);
    const digits = octets[0] === 0 ? octets.subarray(1) : octets;
    if (digits.length > 32) fail(what, 'has a half of more than 32 bytes');
    signature.set(digits, 32 * half + 32 - digits.length);
  }
  end(pair, what);
  return signature;
}

function fail(what: string, reason: string): never {
  throw new AttestationError('der_malformed', `${what} ${reason}`);
}
