import { z } from 'zod';
import { INTEL_PCS } from '../collateral';
import { ROUTER_LIMITS, type RouterLimits } from './limits';

const hex = (bytes: number) =>
  z.string().regex(new RegExp(`^[0-9a-f]{${bytes * 2}}$`), `${bytes} bytes in lower-case hex`);

const limitShape = Object.fromEntries(
  Object.entries(ROUTER_LIMITS).map(([name, value]) => [
    name,
    z
      .number()
      .int()
      .positive()
      .default(value as number),
  ]),
) as Record<keyof RouterLimits, z.ZodDefault<z.ZodNumber>>;

/** The router's configuration file. Unknown keys fail; secrets are named by file and never written here. */
export const routerFileSchema = z.strictObject({
  listen: z.strictObject({
    host: z.string().min(1).default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535),
  }),
  chain: z.strictObject({
    /** Base URL of a toncenter-compatible API. */
    endpoint: z.url(),
    /** File with the API key, if the endpoint asks for one. */
    apiKeyFile: z.string().min(1).optional(),
    /** Needed only where the endpoint does not tell it. */
    networkId: z.number().int().optional(),
    /** Address of the registry, in any form. */
    registry: z.string().min(1),
    /** URL of a devnet, whose clock is then followed instead of the system's. */
    devnet: z.url().optional(),
  }),
  ledger: z.string().min(1),
  fee: z
    .strictObject({
      bps: z.number().int().min(0).max(10_000),
      /** First 160 bits of the recipient's account hash. */
      to: hex(20),
    })
    .default({ bps: 0, to: '00'.repeat(20) }),
  /** Whether lines that pay no router are served. */
  acceptFreeLines: z.boolean().default(true),
  /** With a wallet the router settles for its workers; it pays the gas and gets the excess back. */
  settlement: z
    .strictObject({
      /** File with the wallet's 24 words. */
      mnemonicFile: z.string().min(1),
      intervalSeconds: z.number().int().min(10).default(600),
      /** SQLite file with what was settled and what it cost; beside the ledger by default. */
      store: z.string().min(1).optional(),
      /** Settle when the fees are at most this share of what is due, in basis points. */
      feesBelowBps: z.number().int().min(1).max(10_000).default(100),
    })
    .optional(),
  /** Where Intel's collateral for clients comes from; a simulated registry needs none of it. */
  collateral: z
    .strictObject({
      /** Services with Intel's API, version 4, in the order in which they are asked. */
      urls: z.array(z.url()).min(1).max(8).default([INTEL_PCS]),
      /** Folder of answers and their archive; beside the ledger by default. */
      cacheDir: z.string().min(1).optional(),
    })
    .prefault({}),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  limits: z.strictObject(limitShape).prefault({}),
});

export type RouterFile = z.infer<typeof routerFileSchema>;

/** One message that lists every problem of the file. */
export function parseRouterFile(text: string): RouterFile {
  const parsed = routerFileSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(z.prettifyError(parsed.error));
}
