import assert from 'node:assert/strict';
import { CLIENT_LIMITS } from '../../../src/client/limits';
import { nano } from '../../../src/protocol/amounts';
import { encodeFrame, FrameKind, FRAMES_CONTENT_TYPE } from '../../../src/protocol/wire';
import { errorBody, CocoonError } from '../../../src/protocol/errors';
import { framesResponse } from '../frames';
import type { Play } from '../play';
import type { Scene, Told } from '../scene';
import { offers } from './directory';

/** A moment that somebody waits for. */
function moment(): { came: Promise<void>; comes: () => void } {
  let comes: () => void = () => undefined;
  const came = new Promise<void>((resolve) => (comes = resolve));
  return { came, comes };
}

/** Asks, and lets every time limit pass once the router has gone silent. */
function patiently(silent: () => Promise<void>): (scene: Scene) => Promise<Told> {
  return async (scene) => {
    const answer = scene.ask();
    await silent();
    // What is on its way still arrives.
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    scene.network.timers.expire();
    return answer;
  };
}

const honestAgain = ({ router }: Scene): void => void (router.lies = {});

/** A reply that goes on for ever after its head. */
async function* endless(frame: Buffer, count = Infinity): AsyncGenerator<Buffer> {
  yield encodeFrame(FrameKind.Head, Buffer.alloc(32));
  for (let sent = 0; sent < count; sent++) {
    if (sent % 16 === 0) await new Promise((resolve) => setImmediate(resolve));
    yield frame;
  }
}

function holding(): Play {
  let { came, comes } = moment();
  let release: () => void = () => undefined;
  return {
    lie({ router }) {
      ({ came, comes } = moment());
      router.lies = {
        job: (_, forward) =>
          new Promise((resolve) => {
            release = () => resolve(forward());
            comes();
          }),
      };
    },
    ask: patiently(() => came),
    heal: honestAgain,
    async after() {
      release();
      for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
    },
  };
}

function silentAfter(frames: number): Play {
  let { came, comes } = moment();
  return {
    lie({ router }) {
      ({ came, comes } = moment());
      router.lies = {
        async job(_, forward) {
          const honest = Buffer.from(await (await forward()).arrayBuffer());
          return framesResponse(
            (async function* () {
              yield honest.subarray(0, frames);
              comes();
              await new Promise(() => undefined);
            })(),
          );
        },
      };
    },
    ask: patiently(() => came),
    heal: honestAgain,
  };
}

function slowError(): Play {
  let { came, comes } = moment();
  return {
    lie({ router }) {
      ({ came, comes } = moment());
      router.lies = {
        job() {
          const body = new ReadableStream({
            pull: () => {
              comes();
              return new Promise(() => undefined);
            },
          });
          return Promise.resolve(new Response(body, { status: 502 }));
        },
      };
    },
    ask: patiently(() => came),
    heal: honestAgain,
  };
}

/** Signs of life without end: only the limit for a whole reply, and no silence, can end them. */
function endlessLife(): Play {
  return {
    forms: ['json'],
    lie({ router, network }) {
      const { timers } = network;
      const set = timers.set.bind(timers);
      timers.set = (callback, delayMs) => {
        if (delayMs === CLIENT_LIMITS.replyMs) setTimeout(callback, 20);
        return set(callback, delayMs);
      };
      const life = encodeFrame(FrameKind.KeepAlive, Buffer.alloc(0));
      router.lies = { job: () => Promise.resolve(framesResponse(endless(life))) };
    },
    heal: honestAgain,
  };
}

/** By its newest prices: 20 fresh tokens, 10 cached, 12 made. */
const HONEST_COST = 49n;

function atNewestPrice({ client }: Scene): void {
  assert.equal(client.receipts()[0]!.costNano, HONEST_COST, 'the job was bought at an old price');
}

/** The offer of a moment ago, at three times the price; now the worker has another. */
function oldOffer({ worker, network }: Scene): ReturnType<Scene['worker']['offer']> {
  worker.setPrices({ promptPrice: 3_000_000n });
  const old = worker.offer();
  network.clock.advance(CLIENT_LIMITS.bookFreshSeconds + 1);
  worker.setPrices({ promptPrice: 1_000_000n });
  return old;
}

export const TIME: Record<string, Play> = {
  'holds-a-reply': holding(),
  'silent-in-a-reply': silentAfter(200),
  'slow-error': slowError(),
  'endless-signs-of-life': endlessLife(),
  'endless-reply': {
    forms: ['json'],
    lie({ router }) {
      const life = encodeFrame(FrameKind.KeepAlive, Buffer.alloc(64 * 1024));
      router.lies = { job: () => Promise.resolve(framesResponse(endless(life))) };
    },
    heal: honestAgain,
  },
  'old-price': {
    async lie(scene) {
      const old = oldOffer(scene);
      await scene.client.models();
      scene.network.clock.advance(CLIENT_LIMITS.bookFreshSeconds + 1);
      scene.router.lies = { book: offers(() => old) };
    },
    after: atNewestPrice,
  },
  'splits-its-view': {
    lie(scene) {
      const old = oldOffer(scene);
      scene.router.lies = { book: offers(() => old) };
      scene.otherRouter.isUp = true;
    },
    after: atNewestPrice,
  },
  'runs-it-again-and-again': {
    options: { config: { policy: { maxFeeNano: nano(700n) } } },
    lie({ router, network, otherWorker }) {
      network.workers.push(otherWorker);
      router.lies = {
        async job(_, forward) {
          await forward();
          return Response.json(errorBody(new CocoonError('worker_failed', 'no')), { status: 502 });
        },
      };
    },
    // Two tickets are more than the policy allows: whoever draws the liar is told so.
    heal: honestAgain,
    after({ client }) {
      const authorised = client.receipts().reduce((sum, { maxFeeNano }) => sum + maxFeeNano, 0n);
      assert.ok(authorised <= 700n, `one request authorised ${authorised}`);
    },
  },
  'frames-in-another-type': {
    lie({ router }) {
      router.lies = {
        async job(_, forward) {
          const { body } = await forward();
          return new Response(body, { headers: { 'content-type': `${FRAMES_CONTENT_TYPE}+plain` } });
        },
      };
    },
  },
};
