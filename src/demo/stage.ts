import { rmSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import { registryAddress } from '../../wrappers/Registry';
import { createChain, type ConnectedChain } from '../chain/chain';
import { createChainClock, devnetTimeSource, type ChainClock } from '../chain/clock';
import { walletOf } from '../chain/wallet';
import { modelFile } from '../engine/model/modelFile';
import { parseCoins } from '../protocol/amounts';
import { createActor, demoKeys, faucet, type Actor } from './cast';
import { startProgram, type Program } from './processes';
import type { DemoOptions } from './options';

/** The ground that the demo stands on: an embedded chain, engines, and people with wallets. */
export interface Stage {
  options: DemoOptions;
  folder: string;
  devnet: { url: string; apiUrl: string };
  registry: Address;
  chain: ConnectedChain;
  clock: ChainClock;
  maintainer: Actor;
  treasury: Actor;
  router: Actor;
  providers: Actor[];
  operators: Actor[];
  clients: Actor[];
  programs: Map<string, Program>;
  close(): Promise<void>;
}

export interface Model {
  id: string;
  hash: Buffer;
}

const MODEL_ID = 'tiny-llama';
const MODEL_SEED = 1;
const BLOCK_INTERVAL_MS = 150;
const HAS = {
  maintainer: parseCoins('50'),
  treasury: parseCoins('1'),
  router: parseCoins('20'),
  provider: parseCoins('40'),
  operator: parseCoins('5'),
  client: parseCoins('10'),
} as const;
/** Slow enough that a stream can be cut in its middle, fast enough for a demo. */
const DELAY_MS_PER_TOKEN = 4;

export async function startDevnet(options: DemoOptions): Promise<Stage> {
  const folder = join(options.out, 'state');
  rmSync(options.out, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const programs = new Map<string, Program>();
  const { program, value: devnet } = await startProgram({
    name: 'devnet',
    entry: 'src/devnet/main.ts',
    args: [
      '--data-dir',
      join(folder, 'devnet'),
      '--port',
      '0',
      '--block-interval',
      String(BLOCK_INTERVAL_MS),
      '--json',
    ],
    logDir: join(options.out, 'logs'),
    ready: (line) => {
      if (!line.startsWith('{')) return undefined;
      const said = JSON.parse(line) as { url?: string; api_url?: string; network_id?: number };
      if (!said.url || !said.api_url || said.network_id === undefined) return undefined;
      return { url: said.url, apiUrl: said.api_url, networkId: said.network_id };
    },
  });
  programs.set('devnet', program);

  // The registry's address follows from its owner's, and that from his key, before anything is deployed.
  const owner = walletOf('v5r1', demoKeys(options.seed, 'maintainer').publicKey, devnet.networkId);
  const registry = await registryAddress('simulated', owner.address);
  const chain = await createChain({ endpoint: devnet.apiUrl, registry });
  const clock = await createChainClock({ source: devnetTimeSource(devnet.url), follow: 'chain' });
  const actor = (name: string): Actor => createActor(chain, options.seed, name);
  const many = (count: number, name: string): Actor[] =>
    Array.from({ length: count }, (_, i) => actor(`${name} ${i + 1}`));
  return {
    options,
    folder,
    devnet,
    registry,
    chain,
    clock,
    maintainer: actor('maintainer'),
    treasury: actor('treasury'),
    router: actor('router'),
    providers: many(options.workers, 'provider'),
    operators: many(options.workers, 'operator'),
    clients: many(options.clients, 'client'),
    programs,
    async close() {
      clock.stop();
      // The chain goes last: the others still settle when they are told to stop.
      const order = [...programs.values()].reverse();
      for (const each of order) await each.stop();
    },
  };
}

/** Gives everybody what they start with; the only money that ever enters the demo. */
export async function fundEverybody(stage: Stage): Promise<void> {
  const { maintainer, treasury, router, providers, operators, clients } = stage;
  const gifts: [Actor, bigint][] = [
    [maintainer, HAS.maintainer],
    [treasury, HAS.treasury],
    [router, HAS.router],
    ...providers.map((actor): [Actor, bigint] => [actor, HAS.provider]),
    ...operators.map((actor): [Actor, bigint] => [actor, HAS.operator]),
    ...clients.map((actor): [Actor, bigint] => [actor, HAS.client]),
  ];
  await Promise.all(gifts.map(([actor, amount]) => faucet(stage.devnet.url, actor.wallet.address, amount)));
}

const ENGINE_READY = /^engine ready at (\S+) model (\S+) hash ([0-9a-f]{64})$/;

/** The model file that all engines share: made from a seed, so that its hash is known before an engine runs. */
export async function makeModel(stage: Stage): Promise<Model> {
  const { sha256 } = await modelFile(modelFolder(stage), MODEL_SEED);
  return { id: MODEL_ID, hash: Buffer.from(sha256, 'hex') };
}

/** One engine per provider, as each of them has a GPU of his own. Resolves with their URLs. */
export async function startEngines(stage: Stage): Promise<string[]> {
  const start = async (name: string): Promise<string> => {
    const { program, value } = await startProgram({
      name,
      entry: 'src/engine/main.ts',
      args: [
        ...['--port', '0', '--model-dir', modelFolder(stage), '--seed', String(MODEL_SEED), '--id', MODEL_ID],
        ...['--slots', '4', '--queue', '64', '--delay-ms-per-token', String(DELAY_MS_PER_TOKEN)],
      ],
      logDir: join(stage.options.out, 'logs'),
      ready: (line) => ENGINE_READY.exec(line)?.[1],
    });
    stage.programs.set(name, program);
    return value;
  };
  return Promise.all(stage.providers.map((_, i) => start(`engine ${i + 1}`)));
}

function modelFolder(stage: Stage): string {
  return join(stage.folder, 'models');
}

/** The router's process; its fee goes to the first 20 bytes of its wallet's account hash. */
export async function startRouter(stage: Stage, feeBps: number): Promise<{ url: string; feeTo: Buffer }> {
  const feeTo = stage.router.wallet.address.hash.subarray(0, 20);
  const configFile = join(stage.folder, 'router.json');
  const config = {
    listen: { port: 0 },
    chain: { endpoint: stage.devnet.apiUrl, registry: stage.registry.toString(), devnet: stage.devnet.url },
    ledger: join(stage.folder, 'router.sqlite'),
    fee: { bps: feeBps, to: feeTo.toString('hex') },
  };
  writeFileSync(configFile, JSON.stringify(config, null, 2));
  const { program, value: url } = await startProgram({
    name: 'router',
    entry: 'src/router/main.ts',
    args: ['--config', configFile, '--json'],
    logDir: join(stage.options.out, 'logs'),
    ready: (line) => (line.startsWith('{"url"') ? (JSON.parse(line) as { url: string }).url : undefined),
  });
  stage.programs.set('router', program);
  return { url, feeTo };
}
