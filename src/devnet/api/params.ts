import { Address } from '@ton/core';
import { z } from 'zod';

/** Parameters arrive as JSON or as query text; numbers may be either. Unknown ones are ignored, as toncenter does. */
export const addressParam = z
  .string()
  .max(100)
  .transform((text, context): Address => {
    try {
      return Address.parse(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'Incorrect address' });
      return z.NEVER;
    }
  });

const digits = z.string().regex(/^-?\d{1,20}$/, 'an integer');

export const integerParam = z.union([z.number().int(), digits.transform(Number)]).pipe(z.number().int());

export const ltParam = z.union([
  z.number().int().nonnegative().transform(BigInt),
  z
    .string()
    .regex(/^\d{1,16}$/, 'a logical time')
    .transform(BigInt),
]);

/** 32 bytes as hexadecimal, base64 or base64url. */
export const hashParam = z
  .string()
  .max(64)
  .transform((text, context): Buffer => {
    const hash = /^[0-9a-f]{64}$/i.test(text) ? Buffer.from(text, 'hex') : Buffer.from(text, 'base64');
    if (hash.length === 32) return hash;
    context.addIssue({ code: 'custom', message: 'a hash of 32 bytes' });
    return z.NEVER;
  });

export const booleanParam = z.union([
  z.boolean(),
  z.enum(['true', 'false']).transform((text) => text === 'true'),
]);

export const base64Param = z
  .string()
  .min(1)
  .regex(/^[A-Za-z0-9+/_-]*={0,2}$/, 'base64')
  .transform((text) => Buffer.from(text, 'base64'));
