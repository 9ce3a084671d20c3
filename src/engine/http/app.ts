import { Hono, type Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { z } from 'zod';
import { ApiError } from '../apiError';
import { ENGINE_LIMITS } from '../limits';
import { chatCompletion } from './chat';
import { textCompletion } from './completions';
import { embeddings } from './embeddings';
import type { EngineContext } from './generate';
import { chatSchema, completionSchema, embeddingSchema, parseBody } from './schemas';
import { asApiError } from './sse';

type Handler<T> = (context: EngineContext, body: T, client: AbortSignal) => Promise<Response>;

/** The OpenAI-compatible surface, as vLLM has it. */
export function createApp(context: EngineContext): Hono {
  const app = new Hono();
  const model = {
    id: context.modelId,
    object: 'model',
    created: context.now(),
    owned_by: 'development-engine',
    root: context.modelId,
    parent: null,
    max_model_len: context.runtime.contextLength,
  };

  app.get('/health', (c) => c.body(null, 200));
  app.get('/metrics', async (c) =>
    c.text(await context.metrics.render(), 200, { 'content-type': context.metrics.contentType }),
  );
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [model] }));
  app.get('/v1/models/:id{.+}', (c) => {
    requireModel(context, c.req.param('id'));
    return c.json(model);
  });

  const limit = bodyLimit({
    maxSize: ENGINE_LIMITS.bodyMaxBytes,
    onError: () => {
      throw new ApiError(413, 'body_too_large', `A body has at most ${ENGINE_LIMITS.bodyMaxBytes} bytes.`);
    },
  });
  const post = <T extends { model: string }>(
    path: string,
    schema: z.ZodType<T>,
    handle: Handler<T>,
  ): void => {
    app.post(path, limit, async (c) => {
      const body = parseBody(schema, await readJson(c));
      requireModel(context, body.model);
      return await handle(context, body, c.req.raw.signal);
    });
  };
  post('/v1/chat/completions', chatSchema, chatCompletion);
  post('/v1/completions', completionSchema, textCompletion);
  post('/v1/embeddings', embeddingSchema, embeddings);

  for (const { path, method } of [...app.routes]) {
    if (method === 'GET' || method === 'POST') app.all(path, (c) => wrongMethod(c, method));
  }
  app.notFound((c) => {
    const error = new ApiError(404, 'not_found', `There is no ${c.req.path} here.`);
    return c.json(error.body(), 404);
  });
  app.onError((thrown, c) => {
    const error = asApiError(thrown);
    if (error.status === 429 || error.status === 503) {
      c.header('retry-after', String(ENGINE_LIMITS.retryAfterSeconds));
    }
    return c.json(error.body(), error.status);
  });
  return app;
}

async function readJson(c: Context): Promise<unknown> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') {
    throw new ApiError(415, 'unsupported_media_type', 'Send the body as application/json.');
  }
  const text = await c.req.text();
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new ApiError(400, 'invalid_json', 'The body is not valid JSON.');
  }
}

function requireModel(context: EngineContext, id: string): void {
  if (id === context.modelId) return;
  throw new ApiError(404, 'model_not_found', `The model '${id}' does not exist.`, 'model');
}

function wrongMethod(c: Context, allowed: string): Response {
  const error = new ApiError(405, 'method_not_allowed', `${c.req.path} takes ${allowed} only.`);
  return c.json(error.body(), 405, { allow: allowed });
}
