import { createServer } from 'node:http';
import { connect, type ClientHttp2Session, type ClientHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import {
  createFrameParser,
  FrameKind,
  JOB_CONTENT_TYPE,
  LINK_PROTOCOL,
  type Frame,
} from '../../../../src/protocol/wire';

/** The router's end of a link, without a router: it accepts every worker and sends what the test sends. */
export interface TestRouter {
  readonly url: string;
  /** The newest link; waits for one. */
  link(): Promise<ClientHttp2Session>;
  /** Forgets the newest link, so that `link` waits for the next. */
  dropLink(): Promise<void>;
  close(): Promise<void>;
}

export interface Reply {
  status: number;
  frames: Frame[];
  /** Of an error in OpenAI's shape, in the body or in a frame. */
  code: string | null;
  raw: Buffer;
}

export async function startTestRouter(): Promise<TestRouter> {
  const server = createServer((_request, response) => response.writeHead(404).end());
  let session: ClientHttp2Session | null = null;
  let waiting: ((session: ClientHttp2Session) => void)[] = [];
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('upgrade', (_request, socket) => {
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${LINK_PROTOCOL}\r\n\r\n`,
    );
    const linked = connect('http://worker', { createConnection: () => socket });
    linked.on('error', () => undefined);
    socket.on('error', () => undefined);
    // Node's HTTP server leaves sockets half open.
    socket.on('end', () => linked.destroy());
    session = linked;
    waiting.forEach((resolve) => resolve(linked));
    waiting = [];
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    link: () => (session ? Promise.resolve(session) : new Promise((resolve) => waiting.push(resolve))),
    dropLink() {
      const dropped = session;
      session = null;
      if (!dropped || dropped.destroyed) return Promise.resolve();
      return new Promise((resolve) => {
        dropped.once('close', () => resolve());
        dropped.destroy();
      });
    },
    close: () =>
      new Promise((resolve) => {
        session?.destroy();
        server.close(() => resolve());
        sockets.forEach((socket) => socket.destroy());
      }),
  };
}

export interface OpenReply {
  stream: ClientHttp2Stream;
  /** Resolves with the next frame, null at the end. */
  next(): Promise<Frame | null>;
  all(): Promise<Reply>;
}

/** Sends a job and gives its reply piece by piece. */
export function openJob(
  session: ClientHttp2Session,
  job: Buffer,
  contentType: string = JOB_CONTENT_TYPE,
): OpenReply {
  const stream = session.request({ ':method': 'POST', ':path': '/v1/jobs', 'content-type': contentType });
  const parser = createFrameParser();
  const frames: Frame[] = [];
  const raw: Buffer[] = [];
  let status = 0;
  let ended = false;
  let wake = (): void => undefined;
  stream.on('response', (headers) => {
    status = Number(headers[':status']);
  });
  stream.on('data', (bytes: Buffer) => {
    raw.push(bytes);
    if (status === 200) frames.push(...parser.push(bytes));
    wake();
  });
  const finish = (): void => {
    ended = true;
    wake();
  };
  stream.on('end', finish);
  stream.on('close', finish);
  stream.on('error', () => undefined);
  stream.end(job);

  let at = 0;
  const next = async (): Promise<Frame | null> => {
    while (at >= frames.length && !ended) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return frames[at++] ?? null;
  };
  return {
    stream,
    next,
    async all() {
      while (await next()) continue;
      const body = Buffer.concat(raw);
      const failed = frames.find(({ kind }) => kind === FrameKind.Error);
      const error = failed ? failed.payload : status !== 200 ? body : null;
      return { status, frames, raw: body, code: error ? codeOf(error) : null };
    },
  };
}

export function sendJob(session: ClientHttp2Session, job: Buffer): Promise<Reply> {
  return openJob(session, job).all();
}

export async function request(
  session: ClientHttp2Session,
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; json: unknown }> {
  const stream = session.request({ ':method': method, ':path': path });
  stream.end(body ? JSON.stringify(body) : undefined);
  const status = await new Promise<number>((resolve) => {
    stream.on('response', (headers) => resolve(Number(headers[':status'])));
  });
  const parts: Buffer[] = [];
  for await (const bytes of stream) parts.push(bytes as Buffer);
  return { status, json: JSON.parse(Buffer.concat(parts).toString('utf8')) };
}

function codeOf(body: Buffer): string | null {
  try {
    return (JSON.parse(body.toString('utf8')) as { error: { code: string } }).error.code;
  } catch {
    return null;
  }
}
