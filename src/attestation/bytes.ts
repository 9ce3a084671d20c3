import { AttestationError, type AttestationErrorCode } from './errors';

/** Bytes as browsers have them: the verifier runs there from the same source. */

/** Reads a structure from front to back; every read is checked against the end and names what it wanted. */
export interface Reader {
  take(length: number, what: string): Uint8Array;
  /** Little-endian, as everything in a quote. */
  u16(what: string): number;
  u32(what: string): number;
  left(): number;
  /** Throws unless everything was read. */
  end(what: string): void;
}

/** Views, not copies: do not change `bytes` while what was read is in use. Errors carry `code`. */
export function reader(bytes: Uint8Array, code: AttestationErrorCode): Reader {
  let at = 0;
  const take = (length: number, what: string): Uint8Array => {
    if (length > bytes.length - at) {
      throw new AttestationError(code, `${what} ends after ${bytes.length - at} of ${length} bytes`);
    }
    at += length;
    return bytes.subarray(at - length, at);
  };
  return {
    take,
    u16: (what) => readUint(take(2, what)),
    u32: (what) => readUint(take(4, what)),
    left: () => bytes.length - at,
    end(what) {
      if (at < bytes.length) {
        throw new AttestationError(
          code,
          `${what} is followed by ${bytes.length - at} bytes that nothing names`,
        );
      }
    },
  };
}

/** A little-endian unsigned integer of at most 6 bytes. */
export function readUint(bytes: Uint8Array): number {
  let value = 0;
  for (let i = bytes.length - 1; i >= 0; i--) value = value * 256 + bytes[i]!;
  return value;
}

export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export function isZero(bytes: Uint8Array): boolean {
  for (const byte of bytes) if (byte !== 0) return false;
  return true;
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/** Lower case. */
export function toHex(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += HEX[byte]!;
  return text;
}

/** Either case; throws AttestationError `bytes_malformed` on anything but pairs of hex digits. */
export function fromHex(text: string): Uint8Array {
  if (text.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(text)) {
    throw new AttestationError('bytes_malformed', 'not pairs of hex digits');
  }
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** ASCII only; a byte above 126 or a control character other than a line end throws `code`. */
export function asciiText(bytes: Uint8Array, code: AttestationErrorCode, what: string): string {
  const text = LATIN1.decode(bytes);
  if (!/^[\n\r -~]*$/.test(text)) throw new AttestationError(code, `${what} holds a byte that is no text`);
  return text;
}

const LATIN1 = new TextDecoder('latin1');

/** The bytes of an ASCII text; the caller knows that it is one. */
export function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** A copy that its owner alone can change; plain bytes also where a Buffer came in. */
export function copyOf(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
