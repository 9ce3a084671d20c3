import { request as httpRequest } from 'node:http';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { Socket } from 'node:net';
import { sign } from '../../../../src/protocol/ed25519';
import {
  FRAMES_CONTENT_TYPE,
  FrameKind,
  LINK_PROTOCOL,
  encodeFrame,
  helloDigest,
  type SignedOffer,
} from '../../../../src/protocol/wire';
import type { WorkerParty } from './parties';

/** What a fake worker does with a job: it gets the whole body and the stream to answer on. */
export type OnJob = (stream: ServerHttp2Stream, body: Buffer) => void;

export interface FakeWorker {
  /** Jobs as they arrived. */
  readonly jobs: Buffer[];
  readonly session: ServerHttp2Session;
  readonly socket: Socket;
  /** Writes one JSON line to the status stream. */
  report(line: unknown): void;
  /** Why the router ended the link, once it did. */
  readonly ended: Promise<string>;
  /** Resolves when the router asked for the status: the link is accepted. */
  readonly accepted: Promise<void>;
  close(): void;
}

export interface FakeWorkerOptions {
  party: WorkerParty;
  onJob?: OnJob;
  offer?: SignedOffer;
  /** Replaces the answer to the hello. */
  hello?: (nonce: Buffer) => unknown;
  /** Answers who asks for its quote; by default nobody is answered. */
  onEvidence?: (stream: ServerHttp2Stream) => void;
  /** Answers no pings. */
  mute?: boolean;
}

/** Dials a router as a worker does, and serves HTTP/2 on the upgraded socket. */
export async function linkFakeWorker(url: string, options: FakeWorkerOptions): Promise<FakeWorker> {
  const { socket, head } = await upgrade(url);
  const server = createServer();
  const jobs: Buffer[] = [];
  let status: ServerHttp2Stream | undefined;
  let markAccepted!: () => void;
  const accepted = new Promise<void>((resolve) => (markAccepted = resolve));
  let markEnded!: (reason: string) => void;
  const ended = new Promise<string>((resolve) => (markEnded = resolve));
  const offer = options.offer ?? options.party.offer();

  server.on('stream', (stream, headers) => {
    stream.on('error', () => undefined);
    switch (headers[':path']) {
      case '/v1/hello':
        void readAll(stream).then((body) => {
          const nonce = Buffer.from((JSON.parse(body.toString()) as { nonce: string }).nonce, 'hex');
          const answer = options.hello?.(nonce) ?? {
            offer,
            proof: sign(helloDigest(nonce, offer), options.party.keys).toString('hex'),
          };
          stream.respond({ ':status': 200, 'content-type': 'application/json' });
          stream.end(typeof answer === 'string' ? answer : JSON.stringify(answer));
        });
        break;
      case '/v1/status':
        status = stream;
        stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
        markAccepted();
        break;
      case '/v1/evidence':
        options.onEvidence?.(stream);
        break;
      default:
        void readAll(stream).then((body) => {
          jobs.push(body);
          (options.onJob ?? (() => undefined))(stream, body);
        });
    }
  });
  if (head.length > 0) socket.unshift(head);
  const sessionReady = new Promise<ServerHttp2Session>((resolve) => server.once('session', resolve));
  server.emit('connection', socket);
  const session = await sessionReady;
  session.on('error', () => undefined);
  let reason = 'closed';
  session.on('goaway', (_code, _last, data?: Buffer) => (reason = data?.toString() ?? reason));
  session.once('close', () => markEnded(reason));

  return {
    jobs,
    session,
    socket,
    report: (line) => void status!.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`),
    ended,
    accepted,
    close() {
      // In a turn of its own: Node 20 never returns from destroying a session while it reports a reset stream.
      setImmediate(() => {
        session.destroy();
        socket.destroy();
      });
    },
  };
}

function upgrade(url: string): Promise<{ socket: Socket; head: Buffer }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(`${url}/v1/link`, {
      headers: { connection: 'Upgrade', upgrade: LINK_PROTOCOL },
    });
    request.once('upgrade', (_response, socket, head) => resolve({ socket, head }));
    request.once('response', (response) => reject(new Error(`no upgrade: ${response.statusCode}`)));
    request.once('error', reject);
    request.end();
  });
}

async function readAll(stream: ServerHttp2Stream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

/** A whole reply: head, the given chunks, a receipt. */
export function answerWith(stream: ServerHttp2Stream, chunks: readonly Buffer[], receipt: Buffer): void {
  stream.respond({ ':status': 200, 'content-type': FRAMES_CONTENT_TYPE });
  stream.write(encodeFrame(FrameKind.Head, Buffer.alloc(32, 9)));
  for (const chunk of chunks) stream.write(encodeFrame(FrameKind.Chunk, chunk));
  stream.end(encodeFrame(FrameKind.Receipt, receipt));
}
