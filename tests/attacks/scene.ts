import type { Client } from '../../src/client';
import type { RequestPlaintext } from '../../src/channel';
import {
  createEmulatedNetwork,
  createNetwork,
  HELLO,
  type EmulatedNetwork,
  type Network,
  type NetworkOptions,
} from '../unit/client/network/setup';
import type { EngineAnswer, FakeWorker } from '../unit/client/network/worker';
import { honestEngine, PROMPT_SECRET } from './engine';
import { createLyingRouter, type LyingRouter } from './wire';

export const LIAR_URL = 'http://liar.test';
const HONEST_URL = 'http://honest.test';
export const FORMS = ['json', 'stream'] as const;
export type Form = (typeof FORMS)[number];

/** A client with two routers and two workers. One router or one worker lies, the other waits. */
export interface Scene {
  network: Omit<Network, 'chain'> & Pick<Network | EmulatedNetwork, 'chain'>;
  /** The same around the genuine escrow, where money is at stake; else the escrow is a model of it. */
  emulated: EmulatedNetwork | null;
  client: Client;
  router: LyingRouter;
  /** Another router to the same workers; down until the lie was told. */
  otherRouter: LyingRouter;
  worker: FakeWorker;
  /** Not yet in any order book. */
  otherWorker: FakeWorker;
  form: Form;
  /** What the lying worker's engine says, when it lies. */
  engine: ((request: RequestPlaintext) => EngineAnswer) | null;
  ask(change?: object, client?: Client): Promise<Told>;
  /** What must be closed with the scene. */
  ends: (() => Promise<void> | void)[];
  close(): Promise<void>;
}

/** All that a caller is told. */
export interface Told {
  status: number;
  text: string;
  /** Of the error; null for an answer. */
  code: string | null;
}

export async function createScene(
  form: Form,
  options: NetworkOptions & { money?: boolean } = {},
): Promise<Scene> {
  let lying = false;
  const whole: NetworkOptions = {
    workers: 2,
    engine: (request) => (lying && scene.engine ? scene.engine(request) : honestEngine(request)),
    ...options,
    config: { routers: [LIAR_URL, HONEST_URL], ...options.config },
  };
  const emulated = options.money ? await createEmulatedNetwork(whole) : null;
  const network = emulated ?? createNetwork(whole);
  await network.client.close();
  const real = network.router.fetch;
  const router = createLyingRouter(real);
  const otherRouter = createLyingRouter(real);
  otherRouter.isUp = false;
  network.router.fetch = (input, init) =>
    (new URL(input).origin === LIAR_URL ? router : otherRouter).fetch(input, init);
  const [worker, otherWorker] = network.workers.splice(0, 2) as [FakeWorker, FakeWorker];
  network.workers.push(worker);
  const run = worker.run.bind(worker);
  worker.run = (envelope) => {
    lying = true;
    try {
      return run(envelope);
    } finally {
      lying = false;
    }
  };

  const client = network.restart();
  const scene: Scene = {
    ...{ network, emulated, client, router, otherRouter, worker, otherWorker, form, engine: null, ends: [] },
    ask: (change = {}, by = client) => askBy(by, { ...bodyOf(form), ...change }),
    async close() {
      await client.close();
      for (const end of scene.ends) await end();
    },
  };
  return scene;
}

function bodyOf(form: Form): object {
  const messages = [{ role: 'user', content: `Hear the ${PROMPT_SECRET}.` }];
  return { ...HELLO, messages, max_tokens: 64, ...(form === 'stream' && { stream: true }) };
}

async function askBy(client: Client, body: object): Promise<Told> {
  const response = await client.fetch('https://cocoon.invalid/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, text, code: codeIn(text) };
}

/** Of an error body, or of the error event that ends a stream. */
function codeIn(text: string): string | null {
  const last = text.startsWith('{')
    ? text
    : (text.trimEnd().split('\n\n').at(-1) ?? '').replace(/^data: /, '');
  try {
    const { error } = JSON.parse(last) as { error?: { code: string } };
    return error ? error.code : null;
  } catch {
    return null;
  }
}
