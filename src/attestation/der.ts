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

export interface Element {
  tag: number;
  /** Content octets. */
  value: Uint8Array;
  /** With tag and length: what signatures cover. */
  whole: Uint8Array;
}

/** The elements inside one constructed value, from front to back. */
export interface Elements {
  /** The next element, whatever it is. */
  any(what: string): Element;
  /** The next element, which must have this tag. */
  next(tag: number, what: string): Element;
  /** The next element if it has this tag. */
  optional(tag: number, what: string): Element | null;
  more(): boolean;
  /** Throws unless everything was read. */
  end(what: string): void;
}

/** Throws AttestationError `der_malformed`, naming `what` was read. */
export function elements(content: Uint8Array): Elements {
  let at = 0;
  const any = (what: string): Element => {
    const element = readElement(content, at, what);
    at += element.whole.length;
    return element;
  };
  const next = (tag: number, what: string): Element => {
    const element = any(what);
    if (element.tag !== tag) fail(what, `has tag ${element.tag} instead of ${tag}`);
    return element;
  };
  return {
    any,
    next,
    optional: (tag, what) => (content[at] === tag ? any(what) : null),
    more: () => at < content.length,
    end: (what) => {
      if (at < content.length) fail(what, `is followed by ${content.length - at} bytes`);
    },
  };
}

/** The one element that fills `bytes`. */
export function onlyElement(bytes: Uint8Array, tag: number, what: string): Element {
  const all = elements(bytes);
  const element = all.next(tag, what);
  all.end(what);
  return element;
}

function readElement(bytes: Uint8Array, at: number, what: string): Element {
  const tag = bytes[at];
  const first = bytes[at + 1];
  if (tag === undefined || first === undefined) return fail(what, 'is missing');
  if ((tag & 0x1f) === 0x1f) fail(what, 'has a tag of several bytes');
  let start = at + 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 3) fail(what, 'has an indefinite or huge length');
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + (bytes[start++] ?? fail(what, 'is cut short'));
    if (length < 0x80 || length < 256 ** (count - 1)) fail(what, 'has a length that is not written shortest');
  }
  if (length > bytes.length - start) fail(what, `ends after ${bytes.length - start} of ${length} bytes`);
  const end = start + length;
  return { tag, value: bytes.subarray(start, end), whole: bytes.subarray(at, end) };
}

/** The content octets of an INTEGER, checked to be its shortest form; negative only where allowed. */
export function integerOctets(value: Uint8Array, what: string): Uint8Array {
  if (value.length === 0) fail(what, 'is an empty integer');
  if ((value[0]! & 0x80) !== 0) fail(what, 'is negative');
  if (value.length > 1 && value[0] === 0 && (value[1]! & 0x80) === 0) fail(what, 'is not written shortest');
  return value;
}

/** A small INTEGER: at most `max`. */
export function smallInteger(value: Uint8Array, max: number, what: string): number {
  const octets = integerOctets(value, what);
  if (octets.length > 5) fail(what, `is above ${max}`);
  const number = octets.reduce((total, octet) => total * 256 + octet, 0);
  if (number > max) fail(what, `is above ${max}`);
  return number;
}

export function booleanOf(value: Uint8Array, what: string): boolean {
  if (value.length !== 1 || (value[0] !== 0 && value[0] !== 0xff)) fail(what, 'is no boolean');
  return value[0] === 0xff;
}

/** A BIT STRING of whole bytes. */
export function bitStringBytes(value: Uint8Array, what: string): Uint8Array {
  if (value.length === 0 || value[0] !== 0) fail(what, 'is no bit string of whole bytes');
  return value.subarray(1);
}

/** Dotted form, for comparison and for messages. */
export function oidText(value: Uint8Array, what: string): string {
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
  const pair = elements(onlyElement(bytes, TAG.sequence, what).value);
  const signature = new Uint8Array(64);
  for (const half of [0, 1]) {
    const octets = integerOctets(pair.next(TAG.integer, what).value, what);
    const digits = octets[0] === 0 ? octets.subarray(1) : octets;
    if (digits.length > 32) fail(what, 'has a half of more than 32 bytes');
    signature.set(digits, 32 * half + 32 - digits.length);
  }
  pair.end(what);
  return signature;
}

function fail(what: string, reason: string): never {
  throw new AttestationError('der_malformed', `${what} ${reason}`);
}
