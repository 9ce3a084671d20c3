import {
  constants,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Duplex } from 'node:stream';
import { z } from 'zod';
import type { Timers } from '../channel';
import { sign, type KeyPair } from '../protocol/ed25519';
import { CocoonError, errorBody } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import {
  encodeFrame,
  ENVELOPE_HEAD_BYTES,
  FrameKind,
  FRAMES_CONTENT_TYPE,
  helloDigest,
  JOB_CONTENT_TYPE,
  type WorkerEvidence,
} from '../protocol/wire';
import { createBodyReader, type BodyReader } from './body';
import type { Jobs } from './jobs';
import { WORKER_LIMITS } from './limits';
import type { Logger } from './logger';
import type { OfferBoard } from './offer';
import type { ReplyLog } from './replyLog';
import type { StatusBoard } from './status';
import { after, every } from './timers';

const { HTTP2_HEADER_CONTENT_TYPE, HTTP2_HEADER_METHOD, HTTP2_HEADER_PATH, HTTP2_HEADER_STATUS } = constants;
const JSON_TYPE = 'application/json';

export interface LinkSessionDeps {
  timers: Timers;
  log: Logger;
  keys: KeyPair;
  jobs: Jobs;
  offers: OfferBoard;
  status: StatusBoard;
  /** Null while there is nothing to show. */
  evidence(): WorkerEvidence | null;
}

export interface LinkSession {
  /** GOAWAY: streams in flight end, no new one begins. Resolves when the session is over. */
  drain(): Promise<void>;
  destroy(): void;
}

/** Serves HTTP/2 over a socket that this worker opened: the router at its other end is the client. */
export function serveLink(socket: Duplex, deps: LinkSessionDeps, onClose: () => void): LinkSession {
  const session = performServerHandshake(socket, {
    maxSessionMemory: WORKER_LIMITS.sessionMemoryMb,
    settings: { maxConcurrentStreams: 4_096, initialWindowSize: 1024 * 1024 },
  });
  const readBody = createBodyReader(deps.timers);
  const endless = new Set<ServerHttp2Stream>();
  const stopPings = keepAlive(session, deps.timers);
  let closed = false;
  const close = (): void => {
    if (closed) return;
    closed = true;
    stopPings();
    onClose();
  };

  session.on('stream', (stream, headers) => {
    stream.on('error', () => stream.close());
    const route = `${String(headers[HTTP2_HEADER_METHOD])} ${String(headers[HTTP2_HEADER_PATH])}`;
    const contentType = String(headers[HTTP2_HEADER_CONTENT_TYPE] ?? '');
    answer(route, contentType, stream, { readBody, endless }, deps).catch((error: unknown) =>
      refuse(stream, error, deps.log),
    );
  });
  session.on('error', () => session.destroy());
  session.on('close', close);
  socket.on('close', close);

  return {
    drain: () =>
      new Promise((resolve) => {
        if (session.destroyed) resolve();
        session.close(() => resolve());
        for (const stream of endless) stream.end();
      }),
    destroy: () => session.destroy(),
  };
}

async function answer(
  route: string,
  contentType: string,
  stream: ServerHttp2Stream,
  state: { readBody: BodyReader; endless: Set<ServerHttp2Stream> },
  deps: LinkSessionDeps,
): Promise<void> {
  switch (route) {
    case 'POST /v1/jobs': {
      if (contentType !== JOB_CONTENT_TYPE) {
        throw new CocoonError('unsupported_media_type', `A job is sent as ${JOB_CONTENT_TYPE}.`);
      }
      const body = await state.readBody(stream, ENVELOPE_HEAD_BYTES + LIMITS.requestMaxBytes);
      await sendReply(stream, await deps.jobs.submit(body), deps.timers);
      return;
    }
    case 'POST /v1/hello':
      await answerHello(stream, state.readBody, deps);
      return;
    case 'GET /v1/evidence': {
      const evidence = deps.evidence();
      if (!evidence) throw new CocoonError('not_found', 'The quote of this worker is not here.');
      sendJson(stream, 200, evidence);
      return;
    }
    case 'GET /v1/status':
      streamStatus(stream, state.endless, deps);
      return;
    default:
      throw new CocoonError('not_found', 'A worker has no such path.');
  }
}

const helloSchema = z.strictObject({ nonce: z.string().regex(/^[0-9a-f]{64}$/) });

async function answerHello(
  stream: ServerHttp2Stream,
  readBody: BodyReader,
  deps: LinkSessionDeps,
): Promise<void> {
  const body = await readBody(stream, WORKER_LIMITS.helloMaxBytes);
  const hello = helloSchema.safeParse(parseJson(body));
  if (!hello.success) throw new CocoonError('invalid_request', 'A hello bears a nonce of 32 bytes in hex.');
  const offer = deps.offers.current();
  if (!offer) throw new CocoonError('no_attested_worker', 'The worker has no offer yet.');
  const proof = sign(helloDigest(Buffer.from(hello.data.nonce, 'hex'), offer), deps.keys);
  sendJson(stream, 200, { offer, proof: proof.toString('hex') });
}

/** JSON lines that never end: offers when they change, load at each change and every ten seconds. */
function streamStatus(stream: ServerHttp2Stream, open: Set<ServerHttp2Stream>, deps: LinkSessionDeps): void {
  open.add(stream);
  stream.respond({ [HTTP2_HEADER_STATUS]: 200, [HTTP2_HEADER_CONTENT_TYPE]: 'application/x-ndjson' });
  const send = (line: object): void => {
    // A router that does not read loses its link sooner than this buffer grows.
    if (stream.writableLength > WORKER_LIMITS.statusBufferBytes) stream.close();
    else if (!stream.destroyed) stream.write(`${JSON.stringify(line)}\n`);
  };
  const sendLoad = (): void => send(deps.status.current());
  const offer = deps.offers.current();
  if (offer) send({ offer });
  sendLoad();
  const stops = [
    deps.offers.subscribe((changed) => send({ offer: changed })),
    deps.status.subscribe(sendLoad),
    every(deps.timers, WORKER_LIMITS.statusMs, sendLoad),
  ];
  stream.on('close', () => {
    open.delete(stream);
    stops.forEach((stop) => stop());
  });
}

async function sendReply(stream: ServerHttp2Stream, reply: ReplyLog, timers: Timers): Promise<void> {
  const reader = reply.read();
  if (stream.destroyed) {
    reader.leave();
    return;
  }
  stream.respond({ [HTTP2_HEADER_STATUS]: 200, [HTTP2_HEADER_CONTENT_TYPE]: FRAMES_CONTENT_TYPE });
  let quiet = true;
  const stopKeepAlive = every(timers, WORKER_LIMITS.keepAliveMs, () => {
    if (quiet && !stream.destroyed) stream.write(encodeFrame(FrameKind.KeepAlive, Buffer.alloc(0)));
    quiet = true;
  });
  stream.on('close', () => {
    stopKeepAlive();
    reader.leave();
  });
  for (let frame = await reader.next(); frame; frame = await reader.next()) {
    // Counted as delivered once the connection took it; the await is the back-pressure.
    await written(stream, frame, timers);
    quiet = false;
    reader.taken();
  }
  reader.leave();
  if (!stream.destroyed) stream.end();
}

function written(stream: ServerHttp2Stream, frame: Buffer, timers: Timers): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = after(timers, WORKER_LIMITS.readerStallMs, () => {
      stream.close(constants.NGHTTP2_CANCEL);
      reject(new CocoonError('request_timeout', 'The reader takes nothing.'));
    });
    stream.write(frame, (error) => {
      cancel();
      if (error) reject(error);
      else resolve();
    });
  });
}

function refuse(stream: ServerHttp2Stream, error: unknown, log: Logger): void {
  if (!(error instanceof CocoonError)) log.error({ err: error }, 'a request of a router failed');
  const known = error instanceof CocoonError ? error : new CocoonError('internal', 'The worker failed.');
  if (stream.destroyed) return;
  if (stream.headersSent) stream.close(constants.NGHTTP2_INTERNAL_ERROR);
  else sendJson(stream, known.httpStatus, errorBody(known));
}

function sendJson(stream: ServerHttp2Stream, status: number, body: object): void {
  if (stream.destroyed) return;
  stream.respond({ [HTTP2_HEADER_STATUS]: status, [HTTP2_HEADER_CONTENT_TYPE]: JSON_TYPE });
  stream.end(JSON.stringify(body));
}

/** Pings every ten seconds; two without an answer end the session. */
function keepAlive(session: ServerHttp2Session, timers: Timers): () => void {
  let unanswered = 0;
  return every(timers, WORKER_LIMITS.pingMs, () => {
    if (session.destroyed) return;
    if (unanswered >= WORKER_LIMITS.unansweredPings) {
      session.destroy();
      return;
    }
    unanswered += 1;
    session.ping((error) => {
      if (!error) unanswered = 0;
    });
  });
}

function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return null;
  }
}
