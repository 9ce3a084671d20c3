import { randomBytes } from 'node:crypto';
import { connect, type ClientHttp2Session } from 'node:http2';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import { LINK_PROTOCOL, signedOfferSchema } from '../protocol/wire';
import { collect } from './collect';
import type { RouterLimits } from './limits';
import {
  checkOffer,
  checkProof,
  checkWorker,
  type CheckedOffer,
  type OfferChain,
  type WorkerTerms,
} from './offers';

const helloSchema = z.strictObject({
  offer: signedOfferSchema,
  proof: z.string().regex(/^[0-9a-f]{128}$/),
});

const NONCE_BYTES = 32;

/** Why an upgrade request is not one to a link, or null. */
export function refuseUpgrade(request: IncomingMessage): { status: number; message: string } | null {
  const [path] = (request.url ?? '').split('?');
  if (path !== '/v1/link') return { status: 404, message: 'Not Found' };
  if (request.method !== 'GET') return { status: 405, message: 'Method Not Allowed' };
  if (request.headers.upgrade !== LINK_PROTOCOL) return { status: 426, message: 'Upgrade Required' };
  return null;
}

/** Answers 101 and turns the roles: from here on the worker serves HTTP/2 and the router is its client. */
export function switchProtocols(socket: Socket, head: Buffer, limits: RouterLimits): ClientHttp2Session {
  socket.setTimeout(0);
  socket.setNoDelay(true);
  socket.setKeepAlive(true);
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: ${LINK_PROTOCOL}\r\n\r\n`,
  );
  if (head.length > 0) socket.unshift(head);
  const session = connect('http://worker', {
    createConnection: () => socket,
    settings: { enablePush: false, initialWindowSize: limits.streamWindowBytes },
    maxSessionMemory: limits.linkMemoryMebibytes,
  });
  // Node's HTTP server leaves its sockets half open: a worker that died would else be noticed only by its silence.
  socket.once('end', () => session.destroy());
  session.once('connect', () => session.setLocalWindowSize(limits.linkWindowBytes));
  return session;
}

/** Asks who is there, and checks the answer against the chain. Throws CocoonError `worker_unverified`. */
export async function greet(
  session: ClientHttp2Session,
  chain: OfferChain,
  nowUnix: number,
  limits: RouterLimits,
): Promise<{ checked: CheckedOffer; terms: WorkerTerms }> {
  const nonce = randomBytes(NONCE_BYTES);
  const stream = session.request({
    ':method': 'POST',
    ':path': '/v1/hello',
    'content-type': 'application/json',
  });
  stream.end(JSON.stringify({ nonce: nonce.toString('hex') }));
  const answer = await collect(stream, limits.helloBytes, limits.helloTimeoutMs);
  const hello = readHello(answer);
  const checked = checkOffer(hello.offer, chain);
  checkProof(checked, nonce, hello.proof);
  return { checked, terms: await checkWorker(checked, chain, nowUnix) };
}

function readHello(bytes: Buffer): z.infer<typeof helloSchema> {
  try {
    return helloSchema.parse(JSON.parse(bytes.toString()));
  } catch (cause) {
    throw new CocoonError('worker_unverified', 'The hello cannot be read.', { cause });
  }
}
