import { Address } from '@ton/core';
import { z } from 'zod';
import { TCB_STATUSES } from '../attestation';
import { nano, parseCoins } from '../protocol/amounts';
import { GATEWAY_LIMITS } from './limits';
import { DEFAULT_FUNDING, DEFAULT_POLICY } from './policy';
import type { ClientConfig } from './types';

const coins = z
  .string()
  .regex(/^\d{1,12}(\.\d{1,9})?$/, 'an amount such as "1.25"')
  .transform(parseCoins);
const nanos = z
  .string()
  .regex(/^\d{1,20}$/, 'nanotons as a string of digits')
  .transform(nano);
const hash32 = z.string().regex(/^[0-9a-f]{64}$/, '32 bytes in lower-case hex');
/** A revoked machine cannot be tolerated. */
const TOLERABLE = TCB_STATUSES.filter((status) => status !== 'Revoked');
const url = z.url().transform((text) => text.replace(/\/+$/, ''));

/** The client's configuration file. Unknown keys fail; secrets are named by file and never written here. */
export const clientFileSchema = z.strictObject({
  chain: z.strictObject({
    /** Base URL of a toncenter-compatible API. */
    endpoint: z.url(),
    apiKeyFile: z.string().min(1).optional(),
    /** Needed only where the endpoint does not tell it. */
    networkId: z.number().int().optional(),
    registry: z.string().min(1),
    /** URL of a devnet, whose clock is then followed instead of the system's. */
    devnet: z.url().optional(),
    /** Endpoints of others, which must confirm all that trust in a worker rests on. */
    witnesses: z
      .array(z.strictObject({ endpoint: z.url(), apiKeyFile: z.string().min(1).optional() }))
      .max(4)
      .default([]),
    /** The endpoint is a node of your own, which you believe. */
    ownNode: z.boolean().default(false),
  }),
  routers: z.array(url).min(1).max(16),
  /** Address of the escrow, in any form. */
  escrow: z.string().min(1),
  /** File with the signer's seed: 32 bytes in hex. */
  signerSeedFile: z.string().min(1),
  dataDir: z.string().min(1),
  /**
   * File of a wallet that pays for fetching what ended lines left: 24 words or a seed in hex, mode 0600. Best not the
   * client's own wallet, which can empty the escrow.
   */
  housekeepingKeyFile: z.string().min(1).optional(),
  gateway: z
    .strictObject({
      host: z.string().min(1).default('127.0.0.1'),
      port: z.number().int().min(0).max(65_535).default(8_787),
      /** File with one API key per line; needed to listen anywhere but on the loopback. */
      apiKeysFile: z.string().min(1).optional(),
      /** Web pages that may call, such as "http://localhost:3000". */
      corsOrigins: z.array(z.string().min(1)).default([]),
      bodyMaxBytes: z
        .number()
        .int()
        .positive()
        .max(GATEWAY_LIMITS.bodyBytes)
        .default(GATEWAY_LIMITS.bodyBytes),
    })
    .prefault({}),
  policy: z
    .strictObject({
      maxPromptPrice: nanos.nullable().default(DEFAULT_POLICY.maxPromptPrice),
      maxCompletionPrice: nanos.nullable().default(DEFAULT_POLICY.maxCompletionPrice),
      /** The most that one request may cost, in coins. */
      maxFee: coins.nullable().default(DEFAULT_POLICY.maxFeeNano),
      allowWorkers: z.array(hash32).nullable().default(null),
      denyWorkers: z.array(hash32).default([]),
      allowSimulated: z.boolean().default(false),
      maxRouterFeeBps: z.number().int().min(0).max(10_000).default(DEFAULT_POLICY.maxRouterFeeBps),
      /** Names and meanings as in src/attestation/policy.ts. */
      tolerateStatuses: z.array(z.enum(TOLERABLE)).default([]),
      tolerateAdvisories: z.union([z.literal('*'), z.array(z.string().min(1).max(64))]).default([]),
      minTcbEvaluationDataNumber: z.number().int().nonnegative().default(0),
      imageIds: z.array(hash32).min(1).max(256).nullable().default(null),
      models: z
        .record(z.string().min(1).max(200), z.union([hash32.transform((one) => [one]), z.array(hash32)]))
        .default({}),
      maxAgeSeconds: z.number().int().positive().default(DEFAULT_POLICY.maxAgeSeconds),
      minHostTier: z.number().int().min(0).max(255).default(0),
      /** Where Intel's collateral comes from: the router of each worker, or a service with Intel's API. */
      collateral: z.union([z.literal('router'), z.url()]).default('router'),
    })
    .prefault({}),
  lines: z
    .strictObject({
      firstCap: coins.default(DEFAULT_FUNDING.firstCapNano),
      raiseMin: coins.default(DEFAULT_FUNDING.raiseMinNano),
      raiseMax: coins.default(DEFAULT_FUNDING.raiseMaxNano),
      roomPercent: z.number().int().min(1).max(100).default(DEFAULT_FUNDING.roomPercent),
      most: z.number().int().min(1).max(255).default(DEFAULT_FUNDING.maxLines),
      costMaxBps: z.number().int().min(1).max(10_000).default(DEFAULT_FUNDING.costMaxBps),
      raisesPerDay: z.number().int().min(1).max(1_000).default(DEFAULT_FUNDING.raisesPerDay),
    })
    .prefault({}),
  logLevel: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
});

export type ClientFile = z.infer<typeof clientFileSchema>;

/** What a client does, as its file words it. */
export function settingsOf({
  routers,
  escrow,
  policy,
  lines,
}: Pick<ClientFile, 'routers' | 'escrow' | 'policy' | 'lines'>): Pick<
  ClientConfig,
  'routers' | 'escrow' | 'policy' | 'funding'
> {
  const { collateral: _, maxFee: __, ...rules } = policy;
  return {
    routers,
    escrow: Address.parse(escrow),
    policy: { ...rules, maxFeeNano: policy.maxFee },
    funding: {
      firstCapNano: lines.firstCap,
      raiseMinNano: lines.raiseMin,
      raiseMaxNano: lines.raiseMax,
      roomPercent: lines.roomPercent,
      maxLines: lines.most,
      raisesPerDay: lines.raisesPerDay,
      costMaxBps: lines.costMaxBps,
    },
  };
}

/** One message that lists every problem of the file. */
export function parseClientFile(text: string): ClientFile {
  const parsed = clientFileSchema.safeParse(JSON.parse(text));
  if (parsed.success) return parsed.data;
  throw new Error(z.prettifyError(parsed.error));
}
