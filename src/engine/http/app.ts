import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { ApiError, stopping } from '../apiError';
import { ENGINE_LIMITS } from '../limits';
import { readJson } from './body';
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

  app.use(async (c, next) => {
    if (context.draining()) {
      c.header('connection', 'close');
      throw stopping();
    }
    await next();
    // A connection that served its request while the engine stops is not kept for another.
    if (context.draining()) c.header('connection', 'close');
  });
  app.get('/health', (c) => c.body(null, 200));
  app.get('/metrics', async (c) =>
    c.text(await context.metrics.render(), 200, { 'content-type': context.metrics.contentType }),
  );
  app.get('/v1/models', (c) => c.json({ object: 'list', data: [model] }));
  app.get('/v1/models/:id{.+}', (c) => {
    requireModel(context, c.req.param('id'));
    return c.json(model);
  });

  const post = <T extends { model: string }>(
    path: string,
    schema: z.ZodType<T>,
    handle: Handler<T>,
  ): void => {
    app.post(path, async (c) => {
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

function requireModel(context: EngineContext, id: string): void {
  if (id === context.modelId) return;
  throw new ApiError(404, 'model_not_found', `The model '${id}' does not exist.`, 'model');
}

function wrongMethod(c: Context, allowed: string): Response {
  const error = new ApiError(405, 'method_not_allowed', `${c.req.path} takes ${allowed} only.`);
  return c.json(error.body(), 405, { allow: allowed });
}
