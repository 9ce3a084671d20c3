import { CocoonError } from '../protocol/errors';
import type { Caller } from './caller';
import type { EvidenceRoutes } from './evidence/routes';
import { createIdempotency } from './idempotency';
import { answerByModel, isModelPath, noModel } from './modelAnswer';
import type { ModelInfo } from './models';
import { errorResponse, jsonResponse, toCocoonError } from './respond';
import type { ServeDeps } from './attempt';

const MODELS_PATH = '/v1/models';

/**
 * `fetch` for OpenAI's SDKs. Only the path after `/v1` counts; host and API key are ignored. Errors are responses in
 * OpenAI's shape; only an aborted signal rejects, as it does with any `fetch`. Every response has an `x-request-id`.
 */
export function createClientFetch(deps: {
  serve: ServeDeps;
  models(): Promise<ModelInfo[]>;
  evidence: EvidenceRoutes;
}): (caller: Caller | null) => typeof globalThis.fetch {
  const idempotency = createIdempotency();

  const listModels = async (path: string, caller: Caller | null): Promise<Response> => {
    const models = (await deps.models()).filter(({ id }) => !caller || caller.mayUse(id));
    if (path === MODELS_PATH) return jsonResponse({ object: 'list', data: models });
    const id = decodePath(path.slice(MODELS_PATH.length + 1));
    const model = models.find((one) => one.id === id);
    if (!model) throw noModel(id);
    return jsonResponse(model);
  };

  const route = async (request: Request, caller: Caller | null): Promise<Response> => {
    const path = pathOf(request.url);
    const { method } = request;
    if (isModelPath(path)) {
      if (method !== 'POST') return notAllowed(method, 'POST');
      return answerByModel(request, path, caller, { ...deps, idempotency });
    }
    if (path === MODELS_PATH || path.startsWith(`${MODELS_PATH}/`)) {
      return method === 'GET' ? listModels(path, caller) : notAllowed(method, 'GET');
    }
    const evidence = await deps.evidence(request, path, caller);
    if (evidence) return evidence;
    throw new CocoonError('not_found', `There is no ${path}.`);
  };

  return (caller) => async (input, init) => {
    const request = new Request(input, init);
    const response = await route(request, caller).catch((error: unknown) => {
      request.signal.throwIfAborted();
      const named = toCocoonError(error);
      if (named.code === 'internal') deps.serve.onFault(null, named);
      return errorResponse(named);
    });
    if (!response.headers.has('x-request-id')) {
      response.headers.set('x-request-id', deps.serve.job.random(16).toString('hex'));
    }
    return response;
  };
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
