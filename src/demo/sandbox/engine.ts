import { join } from 'node:path';
import { z } from 'zod';
import { createEngine } from '../../engine/engine';
import { sha256 } from '../../protocol/hash';
import type { SandboxOptions } from './options';

export interface SandboxModel {
  id: string;
  hash: Buffer;
  contextLength: number;
  capabilities: ('chat' | 'completions' | 'embeddings' | 'audio')[];
}

export interface SandboxEngine {
  url: string;
  models: SandboxModel[];
  /** Whether it keeps prefixes apart by `cache_salt`, as the development engine does. */
  salted: boolean;
  close(): Promise<void>;
}

const CAPABILITIES = ['chat', 'completions', 'embeddings', 'audio'] as const;
const CONTEXT_LENGTH = 4_096;
const LIST_TIMEOUT_MS = 5_000;
/** Engines do not say what their models hear; their names do. */
const HEARS = /ear|whisper|speech|transcri/i;
const listSchema = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      max_model_len: z.number().int().positive().nullish(),
      capabilities: z.array(z.string()).optional(),
    }),
  ),
});

/** The development engine in this process, or the one that was named. Throws when that does not list its models. */
export async function openEngine(options: SandboxOptions, folder: string): Promise<SandboxEngine> {
  if (options.engine !== null) {
    const url = options.engine.replace(/\/+$/, '').replace(/\/v1$/, '');
    return { url, models: await modelsOf(url, {}), salted: false, close: () => Promise.resolve() };
  }
  const { slots, delayMsPerToken } = options;
  const engine = await createEngine({
    modelDir: join(folder, 'models'),
    port: 0,
    slots,
    queue: 512,
    delayMsPerToken,
  });
  const { url, modelId, modelHash } = engine;
  const hashes = { [modelId]: Buffer.from(modelHash, 'hex') };
  return { url, models: await modelsOf(url, hashes), salted: true, close: engine.close };
}

async function modelsOf(url: string, hashes: Readonly<Record<string, Buffer>>): Promise<SandboxModel[]> {
  const answer = await fetch(`${url}/v1/models`, { signal: AbortSignal.timeout(LIST_TIMEOUT_MS) });
  if (!answer.ok) throw new Error(`the engine answers ${answer.status} to GET ${url}/v1/models`);
  const { data } = listSchema.parse(await answer.json());
  if (data.length === 0) throw new Error(`the engine at ${url} lists no models`);
  return data.map(({ id, max_model_len: length, capabilities }) => ({
    id,
    // Nobody measured another engine's weights: in a simulation its name stands for them.
    hash: hashes[id] ?? sha256(Buffer.from(`cocoon/sandbox/model\0${id}`)),
    contextLength: length ?? CONTEXT_LENGTH,
    capabilities: capabilitiesOf(id, capabilities),
  }));
}

function capabilitiesOf(id: string, named: readonly string[] | undefined): SandboxModel['capabilities'] {
  const known = CAPABILITIES.filter((capability) => named?.includes(capability));
  if (known.length > 0) return known;
  return HEARS.test(id) ? ['audio'] : ['chat', 'completions', 'embeddings'];
}
