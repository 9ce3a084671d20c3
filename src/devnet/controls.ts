import type { Address } from '@ton/core';
import type { Context, Hono } from 'hono';
import { z } from 'zod';
import { ApiError } from './api/apiError';
import { addressParam } from './api/params';
import { DEVNET_LIMITS } from './limits';

/** What a real network does not have: money from nowhere and a clock that obeys. */
export interface Controls {
  faucet(address: Address, nano: bigint): Promise<void>;
  clock(): ClockView;
  advance(seconds: number): ClockView;
  setTime(unix: number): ClockView;
  freeze(frozen: boolean): ClockView;
  health(): Record<string, unknown>;
}

export interface ClockView {
  /** Unix seconds, fractional. */
  unix: number;
  frozen: boolean;
  seqno: number;
  block_interval_ms: number;
}

const faucetSchema = z.strictObject({
  address: addressParam,
  /** Nanotons, as text. */
  amount: z
    .union([z.string().regex(/^\d{1,20}$/, 'nanotons'), z.number().int().nonnegative()])
    .transform(BigInt)
    .refine(
      (nano) => nano > 0n && nano <= DEVNET_LIMITS.faucetMaxNano,
      'more than 0, at most 10 million coins',
    ),
});

const clockSchema = z.union([
  z.strictObject({ advance: z.number().nonnegative().max(DEVNET_LIMITS.advanceMaxSeconds) }),
  z.strictObject({
    set: z
      .number()
      .positive()
      .max(2 ** 32 - 1),
  }),
  z.strictObject({ freeze: z.boolean() }),
]);

export function addControlRoutes(
  app: Hono,
  controls: Controls,
  jsonBody: (c: Context) => Promise<unknown>,
): void {
  app.get('/healthz', (c) => c.json({ ok: true, ...controls.health() }));
  app.get('/clock', (c) => c.json(controls.clock()));

  app.post('/clock', async (c) => {
    const order = checked(
      clockSchema,
      await jsonBody(c),
      'one of advance, set (seconds) and freeze (boolean)',
    );
    if ('advance' in order) return c.json(controls.advance(order.advance));
    if ('set' in order) return c.json(controls.setTime(order.set));
    return c.json(controls.freeze(order.freeze));
  });

  app.post('/faucet', async (c) => {
    const { address, amount } = checked(
      faucetSchema,
      await jsonBody(c),
      'an address and an amount in nanotons',
    );
    await controls.faucet(address, amount);
    return c.json({ ok: true, address: address.toString(), amount: amount.toString() });
  });
}

function checked<S extends z.ZodType>(schema: S, body: unknown, expected: string): z.output<S> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new ApiError(422, `expected ${expected}: ${issue.path.join('.')} ${issue.message}`);
}
