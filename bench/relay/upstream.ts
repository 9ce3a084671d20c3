import { createServer as createHttpServer, request, type IncomingMessage, type Server } from 'node:http';
import { createServer as createHttp2Server, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo, Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { sign } from '../../src/protocol/ed25519';
import {
  FRAMES_CONTENT_TYPE,
  FrameKind,
  LINK_PROTOCOL,
  encodeFrame,
  helloDigest,
} from '../../src/protocol/wire';
import { offer, worker } from './parties';

export const CHUNKS = 16;
const HEAD = encodeFrame(FrameKind.Head, Buffer.alloc(32, 9));
const CHUNK = encodeFrame(FrameKind.Chunk, Buffer.alloc(512, 7));

/** Gives the receipt that belongs to a job. */
export type ReceiptFor = (job: Buffer) => Buffer;

/** The same reply for both relays: head, chunks in turns of the event loop of their own, receipt. */
async function writeReply(to: Writable, receipt: Buffer): Promise<void> {
  to.write(HEAD);
  for (let i = 0; i < CHUNKS; i++) {
    await new Promise((resolve) => setImmediate(resolve));
    to.write(CHUNK);
  }
  to.end(encodeFrame(FrameKind.Receipt, receipt));
}

/** What a plain proxy forwards to. */
export async function startHttpUpstream(receiptFor: ReceiptFor): Promise<{ url: string; server: Server }> {
  const server = createHttpServer((incoming, outgoing) => {
    void readAll(incoming).then((job) => {
      outgoing.writeHead(200, { 'content-type': FRAMES_CONTENT_TYPE });
      return writeReply(outgoing, receiptFor(job));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, server };
}

/** Links to a router as a worker does. Resolves once the link is accepted. */
export async function linkWorker(url: string, receiptFor: ReceiptFor): Promise<Socket> {
  const socket = await upgrade(url);
  const server = createHttp2Server();
  const signed = offer();
  let status: ServerHttp2Stream | undefined;
  const accepted = new Promise<void>((resolve) => {
    server.on('stream', (stream, headers) => {
      stream.on('error', () => undefined);
      void readAll(stream).then(async (body) => {
        switch (headers[':path']) {
          case '/v1/hello': {
            const { nonce } = JSON.parse(body.toString()) as { nonce: string };
            const proof = sign(helloDigest(Buffer.from(nonce, 'hex'), signed), worker).toString('hex');
            stream.respond({ ':status': 200, 'content-type': 'application/json' });
            stream.end(JSON.stringify({ offer: signed, proof }));
            return;
          }
          case '/v1/status':
            status = stream;
            stream.respond({ ':status': 200, 'content-type': 'application/x-ndjson' });
            stream.write(statusLine());
            resolve();
            return;
          default:
            stream.respond({ ':status': 200, 'content-type': FRAMES_CONTENT_TYPE });
            await writeReply(stream, receiptFor(body));
            status?.write(statusLine());
        }
      });
    });
  });
  server.emit('connection', socket);
  await accepted;
  return socket;
}

function statusLine(): string {
  return `${JSON.stringify({ free: 4096, draining: false })}\n`;
}

function upgrade(url: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const asked = request(`${url}/v1/link`, { headers: { connection: 'Upgrade', upgrade: LINK_PROTOCOL } });
    asked.once('upgrade', (_response, socket, head) => {
      // The router's first HTTP/2 bytes may come right behind its 101.
      if (head.length > 0) socket.unshift(head);
      resolve(socket);
    });
    asked.once('response', ({ statusCode }) => reject(new Error(`no upgrade: ${statusCode}`)));
    asked.once('error', reject);
    asked.end();
  });
}

export async function readAll(stream: IncomingMessage | ServerHttp2Stream): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part as Buffer);
  return Buffer.concat(parts);
}
