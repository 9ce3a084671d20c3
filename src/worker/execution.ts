import { TRANSCRIPTION_PATH } from '../protocol/audio/transcription';
import { CocoonError, errorBody } from '../protocol/errors';
import type { Engine, EngineReply } from './engine';
import { refusalOf, smoothed, textBytesOf, usageOf } from './engineReply';
import { prepareRequest, type EngineRequest, type RequestRules } from './engineRequest';
import type { ReportedUsage } from './metering';
import type { ReplyLog } from './replyLog';
import type { SealedWriter } from './sealedWriter';
import { prepareTranscription } from './transcription';

/** What is known of a run besides what went out. */
export interface Execution {
  reported: ReportedUsage | null;
  /** False when the engine broke off or was cut off. */
  complete: boolean;
  /** Null when the request never reached the engine, so that nothing may be billed. */
  request: EngineRequest | null;
}

/** Asks the engine and writes its answer into the sealed reply; errors become part of the answer. Never rejects. */
export async function execute(
  request: { method: 'GET' | 'POST'; path: string; contentType: string; body: Buffer },
  rules: RequestRules,
  deps: { engine: Engine; writer: SealedWriter; log: ReplyLog; signal: AbortSignal },
): Promise<Execution> {
  const state: Execution = { reported: null, complete: false, request: null };
  try {
    const isSound = request.path === TRANSCRIPTION_PATH;
    const prepared = isSound ? await prepareTranscription(request, rules) : prepareRequest(request, rules);
    const reply = await deps.engine.run(prepared, deps.signal);
    state.complete =
      reply.kind === 'json'
        ? writeJson(reply, prepared, state, deps.writer, rules)
        : await writeStream(reply, prepared, state, deps, rules);
  } catch (error) {
    writeError(asCocoonError(error), deps.writer);
  }
  return state;
}

function writeJson(
  reply: EngineReply & { kind: 'json' },
  request: EngineRequest,
  state: Execution,
  writer: SealedWriter,
  rules: RequestRules,
): boolean {
  const json = parseJson(reply.body);
  if (reply.status !== 200) {
    // A refusal of the engine is an answer, and it is free.
    const body = JSON.stringify(refusalOf(reply.status, json));
    writer.head({ status: reply.status, headers: { 'content-type': 'application/json' } });
    writer.write(Buffer.from(body), 0);
    return true;
  }
  state.request = request;
  state.reported = usageOf(json);
  const tidy = smoothed(json, rules.model);
  const body = tidy ? Buffer.from(JSON.stringify(tidy)) : reply.body;
  writer.head({ status: 200, headers: { 'content-type': reply.contentType } });
  // A transcript is all text, in whichever form it was asked for.
  writer.write(body, request.audioMs > 0 ? body.length : textBytesOf(json));
  return true;
}

async function writeStream(
  reply: EngineReply & { kind: 'stream' },
  request: EngineRequest,
  state: Execution,
  deps: { writer: SealedWriter; log: ReplyLog; signal: AbortSignal },
  rules: RequestRules,
): Promise<boolean> {
  state.request = request;
  deps.writer.head({ status: reply.status, headers: { 'content-type': 'text/event-stream' } });
  let ended = false;
  for await (const data of reply.events) {
    const json = data === '[DONE]' ? null : parseJson(Buffer.from(data));
    state.reported = usageOf(json) ?? state.reported;
    const tidy = smoothed(json, rules.model);
    deps.writer.write(eventBytes(tidy ? JSON.stringify(tidy) : data), textBytesOf(tidy ?? json));
    ended ||= data === '[DONE]';
    await deps.log.room();
    if (deps.signal.aborted) break;
  }
  if (!ended) throw new CocoonError('worker_failed', 'The engine broke off.');
  return true;
}

/** A sealed response when nothing was written yet, else an error event inside the stream. */
export function writeError(error: CocoonError, writer: SealedWriter): void {
  const body = JSON.stringify(errorBody(error));
  if (writer.started()) {
    writer.write(eventBytes(body), 0);
    return;
  }
  writer.head({ status: error.httpStatus, headers: { 'content-type': 'application/json' } });
  writer.write(Buffer.from(body), 0);
}

function eventBytes(data: string): Buffer {
  return Buffer.from(`data: ${data.replaceAll('\n', '\ndata: ')}\n\n`);
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return null;
  }
}

function asCocoonError(error: unknown): CocoonError {
  return error instanceof CocoonError
    ? error
    : new CocoonError('worker_failed', 'The worker failed.', { cause: error });
}
