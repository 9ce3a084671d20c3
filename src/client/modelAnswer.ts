import { TRANSCRIPTION_PATH } from '../protocol/audio/transcription';
import { CocoonError } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import type { ServeDeps } from './attempt';
import type { Caller } from './caller';
import type { Idempotency } from './idempotency';
import { readJsonRequest } from './jsonRequest';
import { MODEL_PATHS, type ModelRequest } from './modelRequest';
import { chatRequestOf, readResponsesRequest, responseOf } from './responses';
import { serveModelRequest } from './serve';
import { readSoundRequest } from './soundRequest';

const RESPONSES_PATH = '/v1/responses';

/** Whether a POST to that path is answered by a model. */
export function isModelPath(path: string): boolean {
  return path === RESPONSES_PATH || Object.hasOwn(MODEL_PATHS, path);
}

/** A request that was read: what workers are asked, and how their answer is told. */
interface Asked {
  parsed: ModelRequest;
  /** Of path and content: what an `Idempotency-Key` stands for. */
  fingerprint: Buffer;
  told?: (answer: Response) => Promise<Response>;
}

/** Answers a POST by a worker. Throws CocoonError for what is refused; nothing was paid then. */
export async function answerByModel(
  request: Request,
  path: string,
  caller: Caller | null,
  deps: { serve: ServeDeps; idempotency: Idempotency },
): Promise<Response> {
  const { parsed, fingerprint, told } = await readAsked(request, path);
  if (caller && !caller.mayUse(parsed.model)) throw noModel(parsed.model);
  const { serve } = deps;
  const own = caller ? { ...serve, job: { ...serve.job, caller } } : serve;
  const name = { caller: caller?.id ?? '', key: request.headers.get('idempotency-key'), fingerprint };
  return deps.idempotency.run(name, request.signal, async (signal) => {
    const answer = await serveModelRequest(parsed, signal, own);
    return told ? told(answer) : answer;
  });
}

export function noModel(id: string): CocoonError {
  return new CocoonError('model_not_found', `There is no model ${id}.`, { param: 'model' });
}

async function readAsked(request: Request, path: string): Promise<Asked> {
  const contentType = request.headers.get('content-type') ?? '';
  if (path === TRANSCRIPTION_PATH) {
    return readSoundRequest(contentType, Buffer.from(await request.arrayBuffer()));
  }
  if (!/^application\/json\s*(;|$)/i.test(contentType)) {
    throw new CocoonError('unsupported_media_type', 'Send application/json.');
  }
  const text = await request.text();
  const fingerprint = sha256(Buffer.from(`${path}\n${text}`));
  if (path !== RESPONSES_PATH) return { parsed: readJsonRequest(path, text), fingerprint };
  const asked = readResponsesRequest(text);
  const chat = JSON.stringify(chatRequestOf(asked));
  const parsed = readJsonRequest('/v1/chat/completions', chat);
  return { parsed, fingerprint, told: (answer) => responseOf(answer, asked) };
}
