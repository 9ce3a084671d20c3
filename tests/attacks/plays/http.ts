import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { encodeFrame, FrameKind, FRAMES_CONTENT_TYPE } from '../../../src/protocol/wire';
import type { Play } from '../play';
import type { Scene } from '../scene';

/** A router as a server of its own; the client's request goes to it as the client made it. */
async function serving(
  { ends }: Scene,
  answer: RequestListener,
): Promise<(init: RequestInit) => Promise<Response>> {
  const server = createServer((request, response) => {
    request.resume();
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  ends.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(() => resolve()));
  });
  const { port } = server.address() as AddressInfo;
  return (init) => fetch(`http://127.0.0.1:${port}/`, init);
}

const JSON_ONLY: Pick<Play, 'forms'> = { forms: ['json'] };

function directory(answer: RequestListener): Play {
  return {
    ...JSON_ONLY,
    async lie(scene) {
      scene.router.lies = { bookRequest: await serving(scene, answer) };
    },
  };
}

function job(answer: RequestListener): Play {
  return {
    ...JSON_ONLY,
    async lie(scene) {
      const send = await serving(scene, answer);
      scene.router.lies = { job: (_bytes, _forward, init) => send(init) };
    },
  };
}

const FRAMES = { 'content-type': FRAMES_CONTENT_TYPE };
const HEAD = encodeFrame(FrameKind.Head, Buffer.alloc(32));
/** Twenty megabytes in twenty kilobytes. */
const bomb = (): Buffer => gzipSync(Buffer.alloc(20 * 1024 * 1024, 0x20), { level: 1 });
const sealedBomb = (): Buffer => {
  const life = encodeFrame(FrameKind.KeepAlive, Buffer.alloc(64 * 1024));
  return gzipSync(Buffer.concat([HEAD, ...Array.from({ length: 1_400 }, () => life)]), { level: 1 });
};

/** Redirects to another path of its own, which must never be asked. */
function redirecting(play: (answer: RequestListener) => Play): Play {
  const asked: string[] = [];
  const whole = play((request, response) => {
    asked.push(request.url!);
    response.writeHead(303, { location: '/elsewhere' }).end();
  });
  return {
    ...whole,
    after: () => assert.ok(!asked.includes('/elsewhere'), 'the client followed a redirect'),
  };
}

const endlessly =
  (status: number): RequestListener =>
  (_, response) => {
    const part = Buffer.alloc(256 * 1024, 0x20);
    const more = (): void => {
      while (!response.destroyed && response.write(part));
      response.once('drain', more);
    };
    response.writeHead(status, { 'content-type': 'application/json' });
    more();
  };

export const HTTP: Record<string, Play> = {
  'redirects-the-directory': redirecting(directory),
  'redirects-a-job': redirecting(job),
  'endless-directory': directory(endlessly(200)),
  'packed-directory': directory((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' }).end(bomb()),
  ),
  'packed-reply': job((_, response) =>
    response.writeHead(200, { ...FRAMES, 'content-encoding': 'gzip' }).end(sealedBomb()),
  ),
  'endless-error': job(endlessly(502)),
  'endless-headers': job((_, response) =>
    response.writeHead(200, { ...FRAMES, 'x-much': 'a'.repeat(128 * 1024) }).end(),
  ),
  'resets-a-reply': job((_, response) => {
    response.writeHead(200, FRAMES);
    response.write(HEAD, () => response.socket!.resetAndDestroy());
  }),
};
