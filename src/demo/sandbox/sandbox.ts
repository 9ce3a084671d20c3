import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pino from 'pino';
import type { Client } from '../../client';
import { createGateway, newSecret, openKeyBooks } from '../../client/gateway';
import { issueKeys, openCustomer, tellGateway } from './customer';
import { openEngine } from './engine';
import { foundSandbox, openRouter, openWorker, type Ends } from './network';
import type { SandboxOptions } from './options';

/** A whole simulated network in this process, on the loopback, and a gateway before it. */
export interface Sandbox {
  /** For OpenAI's libraries, for example `http://127.0.0.1:8787/v1`. */
  url: string;
  engineUrl: string;
  routerUrl: string;
  devnetUrl: string;
  models: string[];
  /** For `cocoon key` and `cocoon escrow`. */
  configFile: string;
  client: Client;
  close(): Promise<void>;
}

const WORDS_OF_FAULTS = 200;

/** Resolves when the gateway answers; `say` hears of each step. Leaves nothing behind when a step fails. */
export async function startSandbox(options: SandboxOptions, say: (step: string) => void): Promise<Sandbox> {
  const ends: Ends = [];
  const close = async (): Promise<void> => {
    for (let end = ends.pop(); end; end = ends.pop()) await end();
  };
  try {
    return { ...(await start(options, say, ends)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function start(
  options: SandboxOptions,
  say: (step: string) => void,
  ends: Ends,
): Promise<Omit<Sandbox, 'close'>> {
  const log = pino({ level: 'silent' });
  const folder = mkdtempSync(join(tmpdir(), 'cocoon-sandbox-'));
  ends.push(() => rmSync(folder, { recursive: true, force: true }));

  const engine = await openEngine(options, folder);
  ends.push(() => engine.close());
  const models = engine.models.map(({ id }) => id);
  say(`engine    ${engine.url}, ${models.join(', ')}`);
  const ground = await foundSandbox(folder, engine, ends);
  say(`chain     ${ground.devnet.url}, registry sealed`);
  const router = await openRouter(ground, log, ends);
  say(`router    ${router.url}`);
  await openWorker(ground, engine, router, { slots: options.slots, log }, ends);
  say('worker    admitted by its simulated quote');
  const fault = (text: string): void => say(`fault     ${text.slice(0, WORDS_OF_FAULTS)}`);
  const { client, configFile, dataDir } = await openCustomer(ground, router.url, fault, ends);
  say('client    escrow opened');

  const books = openKeyBooks(dataDir, () => Date.now() / 1_000);
  ends.push(() => books.close());
  issueKeys(books, options);
  const onFault = ({ cause, message }: Error): void =>
    fault(cause instanceof Error ? cause.message : message);
  const ownKey = newSecret();
  const gateway = createGateway(
    client,
    { port: options.port, simulated: true, apiKeys: [ownKey] },
    { keys: books, onFault },
  );
  const url = await gateway.listen();
  tellGateway(configFile, { port: Number(new URL(url).port), ownKey });
  ends.push(() => gateway.close());
  return {
    url,
    engineUrl: engine.url,
    routerUrl: router.url,
    devnetUrl: ground.devnet.url,
    models,
    ...{ configFile, client },
  };
}
