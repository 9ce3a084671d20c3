import { join } from 'node:path';
import pino from 'pino';
import { createChain } from '../../../src/chain/chain';
import { createEscrowCache } from '../../../src/chain/escrowCache';
import type { Clock } from '../../../src/chain/types';
import { openCollateral } from '../../../src/router/collateral';
import { createRouter, type Router } from '../../../src/router/router';
import type { Ground } from './ground';
import { createTee, type Tee } from './tee';

export const ROUTER_FEE_BPS = 100;

export interface E2eRouter {
  /** Where clients and workers reach it. */
  url: string;
  router: Router;
  feeTo: Buffer;
  ledgerPath: string;
  /** Everything that its sockets carried, towards clients, workers and the chain; empty unless it was asked for. */
  traffic(): Buffer[];
  /** Everything that it logged, at the finest level. */
  log(): string;
  /** The receipt that it keeps of a line: base64 of image and signature. */
  receipt(lineId: string, escrow: string): Promise<string>;
  close(): Promise<void>;
}

/** The collateral of a simulated registry's machines. */
function simulated(clock: Clock) {
  return openCollateral(
    async () => 'simulated',
    { urls: [], cacheDir: '' },
    { clock, log: pino({ level: 'silent' }) },
  );
}

/** A router with a ledger file of its own; with `recorded`, all its connections run through a tee. */
export async function startRouter(ground: Ground, name: string, recorded: boolean): Promise<E2eRouter> {
  const feeTo = ground.keys('router').publicKey.subarray(0, 20);
  const ledgerPath = join(ground.folder, `${name}.sqlite`);
  const lines: string[] = [];
  const log = pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) });
  const devnetPort = Number(new URL(ground.devnet.url).port);
  const chainTee = recorded ? await createTee(devnetPort) : null;
  const chain = await createChain({
    endpoint: `http://127.0.0.1:${chainTee?.port ?? devnetPort}/api/v2/jsonRPC`,
    registry: ground.registry,
  });
  const { clock } = ground;
  const router = await createRouter(
    { host: '127.0.0.1', port: 0, ledgerPath, feeBps: ROUTER_FEE_BPS, feeTo },
    { chain, escrows: createEscrowCache({ chain, clock }), clock, log, collateral: simulated(clock) },
  );
  const tee = recorded ? await createTee(router.port) : null;
  const tees = [tee, chainTee].filter((one): one is Tee => one !== null);
  const url = tee ? `http://127.0.0.1:${tee.port}` : router.url;
  return {
    ...{ url, router, feeTo, ledgerPath },
    traffic: () => tees.flatMap((one) => one.streams()),
    log: () => lines.join(''),
    async receipt(lineId, escrow) {
      const reply = await fetch(`${url}/v1/lines/${lineId}/receipt?escrow=${escrow}`);
      return ((await reply.json()) as { receipt: string }).receipt;
    },
    async close() {
      await router.close();
      await Promise.all(tees.map((one) => one.close()));
    },
  };
}
