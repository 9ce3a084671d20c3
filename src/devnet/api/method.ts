import type { z } from 'zod';
import type { Collator } from '../collator';
import type { Emulator } from '../emulator';
import type { Ledger } from '../ledger';
import type { Mempool } from '../mempool';
import type { DevnetStore } from '../store';
import { ApiError } from './apiError';

export interface ApiContext {
  store: DevnetStore;
  ledger: Ledger;
  collator: Collator;
  emulator: Emulator;
  mempool: Mempool;
}

/** One method of the API, from its unchecked parameters to its result. */
export type Method = (context: ApiContext, parameters: unknown) => Promise<unknown>;

export function method<S extends z.ZodType>(
  schema: S,
  run: (context: ApiContext, parameters: z.output<S>) => unknown,
): Method {
  return async (context, parameters) => {
    const parsed = schema.safeParse(parameters ?? {});
    if (!parsed.success) {
      const issue = parsed.error.issues[0]!;
      throw new ApiError(422, `${issue.path.join('.') || 'params'}: ${issue.message}`);
    }
    return await run(context, parsed.data);
  };
}
