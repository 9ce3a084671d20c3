import { Hono, type Context } from 'hono';
import { z } from 'zod';
import { ApiError, invalidParameter, stopping } from '../apiError';
import { ENGINE_LIMITS } from '../limits';
import { readForm, readJson } from './body';
import { chatCompletion } from './chat';
import { textCompletion } from './completions';
import { embeddings } from './embeddings';
import type { EngineContext } from './generate';
import { chatSchema, completionSchema, embeddingSchema, parseBody } from './schemas';
import { asApiError } from './sse';
import { parseTranscription } from './transcriptionForm';
import { transcription } from './transcriptions';

type Handler<T> = (context: EngineContext, body: T, client: AbortSignal) => Promise<Response>;

/** The OpenAI-compatible surface, as vLLM has it. */
export function createApp(context: EngineContext): Hono {
  const app = new Hono();
  const models = modelList(context);

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
  app.get('/v1/models', (c) => c.json({ object: 'list', data: models }));
  app.get('/v1/models/:id{.+}', (c) => {
    const id = c.req.param('id');
    const model = models.find((each) => each.id === id);
    if (!model) throw modelNotFound(id);
    return c.json(model);
  });

  const post = <T extends { model: string }>(
    path: string,
    schema: z.ZodType<T>,
    handle: Handler<T>,
  ): void => {
    app.post(path, async (c) => {
      const body = parseBody(schema, await readJson(c));
      requireModel(body.model, context.modelId, context.earId);
      return await handle(context, body, c.req.raw.signal);
    });
  };
  post('/v1/chat/completions', chatSchema, chatCompletion);
  post('/v1/completions', completionSchema, textCompletion);
  post('/v1/embeddings', embeddingSchema, embeddings);

  app.post('/v1/audio/transcriptions', async (c) => {
    const request = await parseTranscription(await readForm(c));
    requireModel(request.model, context.earId, context.modelId);
    return await transcription(context, request, c.req.raw.signal);
  });

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

function modelList({ modelId, earId, runtime, now }: EngineContext): { id: string }[] {
  const entry = (id: string): { id: string } & Record<string, unknown> => ({
    id,
    object: 'model',
    created: now(),
    owned_by: 'development-engine',
    root: id,
    parent: null,
  });
  return [{ ...entry(modelId), max_model_len: runtime.contextLength }, entry(earId)];
}

/** Throws ApiError for a model that this path is not for: 400 if the engine has it, else 404. */
function requireModel(id: string, wanted: string, other: string): void {
  if (id === wanted) return;
  if (id === other)
    throw invalidParameter('model', `The model '${id}' is not for this path; '${wanted}' is.`);
  throw modelNotFound(id);
}

function modelNotFound(id: string): ApiError {
  return new ApiError(404, 'model_not_found', `The model '${id}' does not exist.`, 'model');
}

function wrongMethod(c: Context, allowed: string): Response {
  const error = new ApiError(405, 'method_not_allowed', `${c.req.path} takes ${allowed} only.`);
  return c.json(error.body(), 405, { allow: allowed });
}
