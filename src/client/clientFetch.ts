import { CocoonError } from '../protocol/errors';
import type { Caller } from './caller';
import { createIdempotency } from './idempotency';
import { MODEL_PATHS, readModelRequest } from './modelRequest';
import type { ModelInfo } from './models';
import { errorResponse, jsonResponse, toCocoonError } from './respond';
import { serveModelRequest, type ServeDeps } from './serve';

/**
 * `fetch` for OpenAI's SDKs. Only the path after `/v1` counts; host and API key are ignored. Errors are responses in
 * OpenAI's shape; only an aborted signal rejects, as it does with any `fetch`.
 */
export function createClientFetch(deps: {
  serve: ServeDeps;
  models(): Promise<ModelInfo[]>;
}): (caller: Caller | null) => typeof globalThis.fetch {
  const idempotency = createIdempotency();

  const answerModel = async (request: Request, path: string, caller: Caller | null): Promise<Response> => {
    if (!(request.headers.get('content-type') ?? '').toLowerCase().startsWith('application/json')) {
      throw new CocoonError('unsupported_media_type', 'Send application/json.');
    }
    const text = await request.text();
    const parsed = readModelRequest(path, text);
    if (caller && !caller.mayUse(parsed.model)) throw noModel(parsed.model);
    const key = request.headers.get('idempotency-key');
    const { serve } = deps;
    const own = caller ? { ...serve, job: { ...serve.job, caller } } : serve;
    return idempotency.run(
      key === null ? null : `${caller?.id ?? ''} ${key}`,
      parsed.body,
      parsed.stream,
      () => serveModelRequest(parsed, request.signal, own),
    );
  };

  const route = async (request: Request, caller: Caller | null): Promise<Response> => {
    const path = pathOf(request.url);
    if (path in MODEL_PATHS) {
      return request.method === 'POST'
        ? answerModel(request, path, caller)
        : notAllowed(request.method, 'POST');
    }
    const isList = path === '/v1/models';
    if (!isList && !path.startsWith('/v1/models/'))
      throw new CocoonError('not_found', `There is no ${path}.`);
    if (request.method !== 'GET') return notAllowed(request.method, 'GET');
    const models = (await deps.models()).filter(({ id }) => !caller || caller.mayUse(id));
    if (isList) return jsonResponse({ object: 'list', data: models });
    const id = decodePath(path.slice('/v1/models/'.length));
    const model = models.find((one) => one.id === id);
    if (!model) throw noModel(id);
    return jsonResponse(model);
  };

  return (caller) => async (input, init) => {
    const request = new Request(input, init);
    try {
      return await route(request, caller);
    } catch (error) {
      request.signal.throwIfAborted();
      const named = toCocoonError(error);
      if (named.code === 'internal') deps.serve.onFault(null, named);
      return errorResponse(named);
    }
  };
}

function noModel(id: string): CocoonError {
  return new CocoonError('model_not_found', `There is no model ${id}.`);
}

function pathOf(url: string): string {
  const { pathname } = new URL(url);
  const at = pathname.indexOf('/v1/');
  return at < 0 ? pathname : pathname.slice(at).replace(/\/$/, '');
}

function decodePath(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new CocoonError('invalid_request', 'The path is not well formed.', { cause });
  }
}

function notAllowed(method: string, allowed: string): Response {
  const error = new CocoonError('method_not_allowed', `${method} is not served here.`);
  const response = errorResponse(error);
  response.headers.set('allow', allowed);
  return response;
}
