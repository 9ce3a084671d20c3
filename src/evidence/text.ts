import { z } from 'zod';

/** Bytes in a bundle: one way to write each, so that no change of a character goes unseen. */

/** `min` to `max` bytes (exactly `min` without it) in lower-case hex. */
export function hex(min: number, max = min) {
  const what = min === max ? `${min} bytes in lower-case hex` : 'bytes in lower-case hex';
  return z
    .string()
    .min(2 * min, what)
    .max(2 * max, what)
    .regex(/^([0-9a-f]{2})*$/, what);
}

/** At most `maxBytes`, in base64 as every encoder writes it: padded, and no bit set that no byte holds. */
export function base64(maxBytes: number) {
  return z
    .string()
    .max(4 * Math.ceil(maxBytes / 3), `at most ${maxBytes} bytes`)
    .refine((text) => Buffer.from(text, 'base64').toString('base64') === text, 'bytes in base64');
}

export function fromBase64(text: string): Buffer {
  return Buffer.from(text, 'base64');
}

export function fromHex(text: string): Buffer {
  return Buffer.from(text, 'hex');
}

/** The account hash of `0:12ab...`. */
export function accountHash(raw: string): Buffer {
  return fromHex(raw.slice(2));
}
