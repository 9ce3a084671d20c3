import { createServer, type Server } from 'node:http';
import pino from 'pino';
import { Registry } from 'prom-client';
import { createWalletSender } from '../../chain/wallet';
import { readWalletKey } from '../../chain/walletKeyFile';
import { CocoonError } from '../../protocol/errors';
import {
  allListeners,
  claimJson,
  claimTable,
  createSettleLog,
  createSettleMetrics,
  createSettlement,
  openSettleStore,
  type Settlement,
} from '../../settle';
import { providerRound, type ProviderDeps, type ProviderRound } from '../../settle/provider';
import { toJson } from '../connect';
import type { Console } from '../console';
import { connectBy, sourcesOf, workersOf, type SettleFlags } from './flags';
import { roundJson, roundText } from './report';

/**
 * `cocoon provider settle`: rounds until `stop` is aborted, then a last one that settles all that brings more than it
 * costs; with --once a single one. Answers the exit code: 0, or 1 when something near its end stays unpaid.
 */
export async function runSettle(flags: SettleFlags, to: Console, stop: AbortSignal): Promise<number> {
  const sources = sourcesOf(flags);
  const keys = await readWalletKey(flags.walletKey);
  const store = openSettleStore(flags.store);
  const { chain, clock } = await connectBy(flags).catch((error: unknown) => {
    store.close();
    throw error;
  });
  const registry = new Registry();
  const log = pino({ level: 'info' }, pino.destination({ fd: 2, sync: true }));
  const wallet = createWalletSender(chain, keys);
  const settlement = createSettlement({
    ...{ chain, clock, wallet, store, policy: { feesBelowBps: flags.feesBelow } },
    listener: allListeners(createSettleLog(log), createSettleMetrics(registry)),
  });
  const claim = flags.claim ? { wallet, aboveNano: flags.claimAbove } : null;
  const deps = { chain, clock, store, settlement, sources, workers: workersOf(flags), claim };
  const admin =
    flags.metricsPort === undefined ? null : await startAdmin(flags.metricsPort, registry, settlement);
  try {
    const last = await rounds(deps, flags, to, stop);
    if (!flags.json) to.write(claimTable(last.round.claims, clock.now()));
    if (flags.once) throwTrouble(last);
    return last.round.alarms.length > 0 ? 1 : 0;
  } finally {
    admin?.close();
    clock.stop();
    store.close();
  }
}

async function rounds(
  deps: ProviderDeps,
  flags: SettleFlags,
  to: Console,
  stop: AbortSignal,
): Promise<ProviderRound> {
  const tell = (round: ProviderRound): ProviderRound => {
    to.write(flags.json ? `${toJson(roundJson(round))}\n` : roundText(round));
    return round;
  };
  if (flags.once) return tell(await providerRound(deps));
  while (!stop.aborted) {
    tell(await providerRound(deps));
    await pause(flags.interval * 1_000, stop);
  }
  return tell(await providerRound(deps, { all: true }));
}

/** What ends a single round with an exit code of its own: an empty wallet, a chain or sources that do not answer. */
function throwTrouble({ round, intakes }: ProviderRound): void {
  const wallet = round.failures.find(({ escrow }) => escrow === null);
  if (wallet) throw wallet.error;
  const chain = round.failures.find(
    ({ error }) => error instanceof CocoonError && error.code === 'chain_unavailable',
  );
  if (chain) throw chain.error;
  const [failure] = round.failures;
  if (failure) throw failure.error;
  for (const { error } of intakes) if (error) throw error;
}

function pause(ms: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop.addEventListener('abort', end);
    if (stop.aborted) end();
  });
}

async function startAdmin(port: number, registry: Registry, settlement: Settlement): Promise<Server> {
  const server = createServer((request, response) => {
    const send = (code: number, type: string, text: string): void =>
      void response.writeHead(code, { 'content-type': type }).end(text);
    if (request.url === '/healthz') return send(200, 'application/json', '{"ok":true}');
    if (request.url === '/claims')
      return send(200, 'application/json', JSON.stringify({ claims: settlement.claims().map(claimJson) }));
    if (request.url !== '/metrics') return send(404, 'application/json', '{"error":"no such path"}');
    registry.metrics().then(
      (text) => send(200, registry.contentType, text),
      () => send(500, 'text/plain', ''),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return server;
}
