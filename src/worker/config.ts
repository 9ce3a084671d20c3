import { readFileSync } from 'node:fs';
import { Address } from '@ton/core';
import { z } from 'zod';
import { offeredModelSchema } from '../protocol/wire';
import { TSM_REPORTS } from './quotes/configfs';
import { SIMULATED_SOFTWARE } from './quotes/simulator';

/** The worker's configuration file. Unknown keys fail; secrets are named by file and never stand here. */

const address = z.string().transform((text, context) => {
  try {
    const parsed = Address.parse(text);
    if (parsed.workChain === 0) return parsed;
  } catch {
    // Reported below.
  }
  context.addIssue({ code: 'custom', message: 'an address in workchain 0' });
  return z.NEVER;
});
const hex32 = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '32 bytes in lower-case hex')
  .transform((text) => Buffer.from(text, 'hex'));
const nanoText = z
  .string()
  .regex(/^\d{1,18}$/, 'nanotons as a decimal string')
  .transform(BigInt);
const localUrl = z
  .url()
  .refine((text) => ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(text).hostname), {
    message: 'an engine on this machine: prompts must not leave it',
  });

const pricesSchema = z
  .strictObject({
    prompt_nano: nanoText,
    cached_nano: nanoText,
    completion_nano: nanoText,
    audio_nano: nanoText.default(0n),
  })
  .transform((prices) => ({
    promptPrice: prices.prompt_nano,
    cachedPrice: prices.cached_nano,
    completionPrice: prices.completion_nano,
    audioPrice: prices.audio_nano,
  }));

const modelSchema = offeredModelSchema.extend({
  /** The engine's own name of the model, when it is another. */
  engineModel: z.string().min(1).max(200).optional(),
  /** Where it is served, when that is not the engine of all others: a whisper server, for example. */
  engineUrl: localUrl.optional(),
  /** Nanotons per million tokens, and per minute of audio. */
  floor: pricesSchema,
  ceiling: pricesSchema.optional(),
  /** The smallest cap of a line that is served. */
  minCap_nano: nanoText.default(0n),
});

const handOverDir = z.string().min(1).optional();
const label = z.string().min(1).max(100);

/** Where quotes come from. Without it another process brings them to the chain. */
const attestationSchema = z.discriminatedUnion('source', [
  z.strictObject({
    source: z.literal('tdx'),
    /** Of the kernel. */
    folder: z.string().min(1).default(TSM_REPORTS),
    /** Where messages are laid ready when there is no operator's wallet here; else `hand-over` in the state folder. */
    handOverDir,
  }),
  z.strictObject({
    source: z.literal('simulated'),
    image: label.default(SIMULATED_SOFTWARE.image),
    shape: label.default(SIMULATED_SOFTWARE.shape),
    debug: z.boolean().default(SIMULATED_SOFTWARE.debug),
    handOverDir,
  }),
]);
export type AttestationConfig = z.output<typeof attestationSchema>;

export const workerConfigSchema = z.strictObject({
  stateDir: z.string().min(1),
  /** How far the ledger has come, told outside of stateDir: <stateDir>.high-water unless this says otherwise. */
  highWaterFile: z.string().min(1).optional(),
  network: z.strictObject({
    /** Base URL of a toncenter-compatible API, and the file with its key when it asks for one. */
    endpoint: z.url(),
    apiKeyFile: z.string().min(1).optional(),
    networkId: z.number().int().optional(),
    registry: address,
    /** URL of a devnet, whose clock is then followed instead of the system's. */
    devnet: z.url().optional(),
  }),
  /** The Worker contract. */
  worker: address,
  /** Of the measured image that this process runs in: what offers say, and clients compare with the chain. */
  imageId: hex32,
  attestation: attestationSchema.optional(),
  gpuEvidenceHash: hex32.default(Buffer.alloc(32)),
  hostTier: z.number().int().min(0).max(255).default(0),
  routers: z.array(z.url()).min(1).max(16),
  engine: z.strictObject({
    url: localUrl,
    /** The engine keeps prefixes apart by `cache_salt` (vLLM); off only for engines without a prefix cache. */
    cacheSalt: z.boolean().default(true),
    /** The engine understands `continuous_usage_stats` (vLLM, SGLang). */
    continuousUsage: z.boolean().default(false),
  }),
  models: z.array(modelSchema).min(1).max(64),
  slots: z.number().int().positive().max(4096).default(8),
  /** Health and metrics on 127.0.0.1; 0 takes any free port. */
  adminPort: z.number().int().min(0).max(65_535).default(0),
  /** Files of mode 0600 with a 32-byte seed in hex or 24 words: the operator announces and attests; any wallet may settle, and the provider's own has no business on this machine. */
  operatorKeyFile: z.string().optional(),
  settlementKeyFile: z.string().optional(),
  /** On drain every line gets its final receipt: right where the end of the process is the end of the key. */
  finalReceiptsOnDrain: z.boolean().default(false),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent']).default('info'),
});
export type WorkerConfig = z.output<typeof workerConfigSchema>;

/** Throws with one line per problem. */
export function readWorkerConfig(path: string): WorkerConfig {
  const parsed = workerConfigSchema.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  throw new Error(`${path}:\n${z.prettifyError(parsed.error)}`);
}
