import { serve, type ServerType } from '@hono/node-server';
import { randomUUID } from 'node:crypto';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { stopping } from './apiError';
import { earFile } from './ear/parameters';
import { createApp } from './http/app';
import { createMetrics } from './http/metrics';
import { ENGINE_LIMITS } from './limits';
import { modelFile } from './model/modelFile';
import { loadRuntime } from './runtime';
import { createSlotPool } from './slotPool';

export interface EngineConfig {
  /** Where the generated model is kept. */
  modelDir: string;
  /** Seed of the weights, and of requests that name none. */
  seed?: number;
  /** Name of the model in requests. */
  modelId?: string;
  /** Name in requests of the model that hears. */
  earId?: string;
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  /** Requests that run at once. */
  slots?: number;
  /** Requests that wait for a slot before others are answered 429. */
  queue?: number;
  /** Slows generation down, for demonstrations that need a long stream. */
  delayMsPerToken?: number;
}

export interface Engine {
  /** Base URL without a path; OpenAI clients want it with "/v1" behind. */
  url: string;
  modelId: string;
  /** SHA-256 of the model file, in hex. */
  modelHash: string;
  contextLength: number;
  /** Everything that /v1/models lists, with the SHA-256 of what each model knows, in hex. */
  models: readonly EngineModel[];
  /** Takes no more requests, lets running ones finish for a few seconds, cuts the rest, and unloads the model. */
  close(): Promise<void>;
}

export interface EngineModel {
  id: string;
  hash: string;
  /** What the model is for: text and embeddings, or audio transcriptions. */
  capability: 'text' | 'audio';
}

/** Generates the model if need be, loads it and serves it. Resolves when requests are answered. */
export async function createEngine(config: EngineConfig): Promise<Engine> {
  const { seed = 1, modelId = 'tiny-llama', earId = 'tiny-ear' } = config;
  const { slots = ENGINE_LIMITS.slotsDefault } = config;
  if (modelId === earId) throw new Error(`Two models cannot have the same name, '${modelId}'.`);
  const queue = config.queue ?? slots * ENGINE_LIMITS.queuePerSlot;
  const file = await modelFile(config.modelDir, seed);
  const ear = await earFile(config.modelDir);
  const runtime = await loadRuntime(file.path, slots);
  const shutdown = new AbortController();
  let draining = false;
  const pool = createSlotPool(runtime.slots, queue);
  const earPool = createSlotPool<'ear'>(['ear'], queue);
  const app = createApp({
    runtime,
    pool,
    embeddingPool: createSlotPool(['embedder'], queue),
    earPool,
    metrics: createMetrics([pool, earPool]),
    modelId,
    earId,
    defaultSeed: seed,
    delayMsPerToken: config.delayMsPerToken ?? 0,
    shutdown: shutdown.signal,
    draining: () => draining,
    now: () => Math.floor(Date.now() / 1000),
    newId: () => randomUUID().replaceAll('-', ''),
  });
  const host = config.host ?? '127.0.0.1';
  const server = await listen(app.fetch, host, config.port ?? 0);
  const { port } = server.address() as AddressInfo;

  const close = async (): Promise<void> => {
    draining = true;
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    const cut = setTimeout(() => shutdown.abort(stopping()), ENGINE_LIMITS.drainMs);
    const drop = setTimeout(
      () => closeConnections(server, 'All'),
      ENGINE_LIMITS.drainMs + ENGINE_LIMITS.cutMs,
    );
    // Connections that become idle now would otherwise be kept for their keep-alive time.
    const sweep = setInterval(() => closeConnections(server, 'Idle'), ENGINE_LIMITS.sweepMs);
    await closed;
    clearTimeout(cut);
    clearTimeout(drop);
    clearInterval(sweep);
    await runtime.close();
  };
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`,
    modelId,
    modelHash: file.sha256,
    contextLength: runtime.contextLength,
    models: [
      { id: modelId, hash: file.sha256, capability: 'text' },
      { id: earId, hash: ear.sha256, capability: 'audio' },
    ],
    close,
  };
}

function closeConnections(server: ServerType, which: 'All' | 'Idle'): void {
  // HTTP/1 servers have both; the union type of the adapter allows for others.
  const method = `close${which}Connections` as const;
  if (method in server) (server as Server)[method]();
}

async function listen(
  fetch: (request: Request) => Response | Promise<Response>,
  hostname: string,
  port: number,
): Promise<ServerType> {
  return await new Promise((resolve, reject) => {
    const server = serve(
      {
        fetch,
        hostname,
        port,
        serverOptions: {
          headersTimeout: ENGINE_LIMITS.headersTimeoutMs,
          requestTimeout: ENGINE_LIMITS.requestTimeoutMs,
          connectionsCheckingInterval: 1_000,
          noDelay: true,
        },
      },
      () => resolve(server),
    );
    server.once('error', reject);
  });
}
