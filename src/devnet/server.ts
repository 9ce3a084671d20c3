import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { cors } from 'hono/cors';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { ApiError } from './api/apiError';
import type { ApiContext } from './api/method';
import { METHODS } from './api/methods';
import { addControlRoutes, type Controls } from './controls';
import { DEVNET_LIMITS } from './limits';

const PREFLIGHT_SECONDS = 86_400;
const rpcSchema = z.object({
  id: z.union([z.string(), z.number(), z.null()]).optional(),
  jsonrpc: z.literal('2.0').optional(),
  method: z.string(),
  params: z.record(z.string(), z.unknown()).optional(),
});

export function createDevnetApp(
  context: ApiContext,
  controls: Controls,
  onFault: (reason: string) => void,
): Hono {
  const app = new Hono();

  app.use(
    bodyLimit({
      maxSize: DEVNET_LIMITS.bodyMaxBytes,
      onError: (c) =>
        failure(c, new ApiError(413, `a body takes at most ${DEVNET_LIMITS.bodyMaxBytes} bytes`)),
    }),
  );
  // Any page may read the chain and send it messages; its money and its clock are the developer's.
  app.use('/api/*', cors({ origin: '*', allowMethods: ['GET', 'POST'], maxAge: PREFLIGHT_SECONDS }));
  app.use('/clock', cors({ origin: '*', allowMethods: ['GET'], maxAge: PREFLIGHT_SECONDS }));
  app.onError((error, c) => {
    if (error instanceof ApiError) return failure(c, error);
    onFault(`${c.req.method} ${c.req.path}: ${String(error)}`);
    return failure(c, new ApiError(500, 'LITE_SERVER_UNKNOWN: internal error'));
  });
  app.notFound((c) => failure(c, new ApiError(404, 'Not Found')));

  app.post('/api/v2/jsonRPC', async (c) => {
    const rpc = rpcSchema.safeParse(await jsonBody(c));
    if (!rpc.success) throw new ApiError(422, `jsonRPC: ${rpc.error.issues[0]!.message}`);
    const envelope = { jsonrpc: '2.0', id: rpc.data.id ?? null };
    try {
      return c.json({ ok: true, result: await call(rpc.data.method, rpc.data.params), ...envelope });
    } catch (error) {
      if (error instanceof ApiError) return failure(c, error, envelope);
      throw error;
    }
  });
  app.get('/api/v2/:method', async (c) => {
    const result = await call(c.req.param('method'), c.req.query());
    return c.json({ ok: true, result });
  });
  app.post('/api/v2/:method', async (c) => {
    const result = await call(c.req.param('method'), await jsonBody(c));
    return c.json({ ok: true, result });
  });
  addControlRoutes(app, controls, jsonBody);
  return app;

  async function call(name: string, parameters: unknown): Promise<unknown> {
    const method = METHODS.get(name);
    if (!method) throw new ApiError(404, `Unknown method: ${name.slice(0, 64)}`);
    return method(context, parameters);
  }
}

async function jsonBody(c: Context): Promise<unknown> {
  const type = c.req.header('content-type') ?? '';
  if (!/^application\/json\b/i.test(type)) throw new ApiError(415, 'send application/json');
  const text = await c.req.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError(400, 'the body is not JSON');
  }
}

function failure(c: Context, error: ApiError, envelope: Record<string, unknown> = {}): Response {
  // The rest of a refused body is not read, so nothing may follow it on this connection.
  if (error.code === 413) c.header('connection', 'close');
  return c.json(
    { ok: false, error: error.message, code: error.code, ...envelope },
    error.code as ContentfulStatusCode,
  );
}

export interface Listener {
  port: number;
  close(): Promise<void>;
}

export interface ListenOptions {
  host: string;
  port: number;
  headersTimeoutMs?: number | undefined;
  requestTimeoutMs?: number | undefined;
}

/** Listens, and gives up on clients that send too slowly. */
export async function listen(app: Hono, options: ListenOptions): Promise<Listener> {
  const server = createAdaptorServer({
    fetch: app.fetch,
    createServer,
    serverOptions: {
      headersTimeout: options.headersTimeoutMs ?? DEVNET_LIMITS.headersTimeoutMs,
      requestTimeout: options.requestTimeoutMs ?? DEVNET_LIMITS.requestTimeoutMs,
      keepAliveTimeout: DEVNET_LIMITS.keepAliveTimeoutMs,
      connectionsCheckingInterval: Math.min(1_000, options.requestTimeoutMs ?? 1_000),
    },
  }) as ReturnType<typeof createServer>;
  server.maxConnections = DEVNET_LIMITS.connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, options.host, resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeIdleConnections();
        // Requests in progress may finish; whoever keeps a socket open without one may not.
        setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS).unref();
      }),
  };
}

const CLOSE_GRACE_MS = 2_000;
