import { setImmediate as yieldToEventLoop } from 'node:timers/promises';
import { Cell, Address } from '@ton/core';
import { defaultConfig } from '@ton/sandbox';
import { CocoonError } from '../protocol/errors';
import { ApiError } from './api/apiError';
import { createDevnetClock, type ClockSetting } from './clock';
import { createCollator } from './collator';
import type { ClockView, Controls } from './controls';
import { createEmulator } from './emulator';
import { withFeeParameters } from './feeParameters';
import { createLedger } from './ledger';
import { DEVNET_LIMITS } from './limits';
import { createMempool } from './mempool';
import { DEVNET_NETWORK_ID, NOMINAL_BLOCK_MS } from './network';
import { createScheduler } from './scheduler';
import { createDevnetApp, listen } from './server';
import { openStore, type DevnetStore } from './store';

export interface DevnetConfig {
  /** Where the chain lives; null keeps it in memory. */
  dataDir: string | null;
  host?: string;
  /** 0 takes any free port. */
  port?: number;
  /** 0 makes a block at once whenever a message comes, and a reply to sendBoc waits for all it causes. */
  blockIntervalMs?: number;
  networkId?: number;
  /** The chain's first second; a folder with a chain keeps its own time. */
  startUnix?: number;
  /** A standing clock, for tests that own time. */
  frozen?: boolean;
  blockTransactionsMax?: number;
  headersTimeoutMs?: number;
  requestTimeoutMs?: number;
}

export interface DevnetDeps {
  systemMs?: () => number;
  onFault?: (reason: string) => void;
}

export interface Devnet {
  /** For /faucet, /clock and /healthz. */
  url: string;
  /** For TonClient and Blueprint. */
  apiUrl: string;
  networkId: number;
  /** Resolves once the money is there. */
  faucet(address: Address, nano: bigint): Promise<void>;
  nowUnix(): number;
  /** The chain's time jumps; the blocks in between exist from then on. */
  advance(seconds: number): ClockView;
  setTime(unix: number): ClockView;
  freeze(frozen: boolean): ClockView;
  close(): Promise<void>;
}

/** A TON chain in this process, behind toncenter's v2 API. */
export async function createDevnet(config: DevnetConfig, deps: DevnetDeps = {}): Promise<Devnet> {
  const systemMs = deps.systemMs ?? Date.now;
  const onFault = deps.onFault ?? (() => undefined);
  const networkId = config.networkId ?? DEVNET_NETWORK_ID;
  const blockIntervalMs = config.blockIntervalMs ?? NOMINAL_BLOCK_MS;

  const store = openStore(config.dataDir);
  try {
    return await start();
  } catch (error) {
    store.close();
    throw error;
  }

  async function start(): Promise<Devnet> {
    keepNetworkId(store, networkId);
    const clock = createDevnetClock(systemMs, store.clock() ?? firstSetting(config, systemMs()));
    const parameters = withFeeParameters(Cell.fromBase64(defaultConfig), networkId);
    const emulator = await createEmulator(parameters);
    const ledger = createLedger({
      store,
      clock,
      networkId,
      config: parameters,
      intervalMs: blockIntervalMs || NOMINAL_BLOCK_MS,
    });
    const collator = createCollator({
      store,
      ledger,
      emulator,
      clock,
      onFault,
      blockTransactionsMax: config.blockTransactionsMax ?? DEVNET_LIMITS.blockTransactionsMax,
      yieldToEventLoop: () => yieldToEventLoop(undefined),
    });
    const scheduler = createScheduler({
      store,
      ledger,
      collator,
      clock,
      intervalMs: blockIntervalMs,
      onFault,
    });
    const mempool = createMempool({
      store,
      collator,
      ledger,
      nowMs: clock.nowMs,
      onWaiting: scheduler.onWaiting,
    });

    const view = (): ClockView => {
      const { seqno } = ledger.head();
      return {
        unix: clock.nowMs() / 1000,
        frozen: clock.frozen(),
        seqno,
        block_interval_ms: blockIntervalMs,
      };
    };
    const jump = (unixMs: number): ClockView => {
      if (!clock.jumpTo(unixMs)) throw new ApiError(422, 'the chain has seen a later time already');
      store.setClock(clock.setting());
      return view();
    };
    const controls: Controls = {
      async faucet(address, nano) {
        const id = await mempool.gift(address, nano);
        await scheduler.onWaiting();
        await scheduler.untilProcessed(id);
      },
      clock: view,
      advance: (seconds) => jump(clock.nowMs() + seconds * 1000),
      setTime: (unix) => jump(unix * 1000),
      freeze(frozen) {
        clock.freeze(frozen);
        store.setClock(clock.setting());
        return view();
      },
      health: () => ({ network_id: networkId, ...view(), waiting: store.queueLength() }),
    };

    const host = config.host ?? '127.0.0.1';
    const app = createDevnetApp({ store, ledger, collator, emulator, mempool }, controls, onFault);
    const listener = await listen(app, { ...config, host, port: config.port ?? 0 });
    // What was acknowledged before a kill goes on now.
    if (store.queueLength() > 0) await scheduler.onWaiting();

    const url = `http://${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
    return {
      url,
      apiUrl: `${url}/api/v2/jsonRPC`,
      networkId,
      faucet: controls.faucet,
      nowUnix: () => clock.nowMs() / 1000,
      advance: controls.advance,
      setTime: controls.setTime,
      freeze: controls.freeze,
      async close() {
        await listener.close();
        await scheduler.close();
        store.close();
      },
    };
  }
}

function firstSetting({ startUnix, frozen }: DevnetConfig, systemMs: number): ClockSetting {
  const startMs = startUnix === undefined ? systemMs : startUnix * 1000;
  return { offsetMs: startMs - systemMs, frozenAtMs: frozen ? startMs : null };
}

/** Contracts carry the network id in what they sign, so a chain keeps the one that it began with. */
function keepNetworkId(store: DevnetStore, networkId: number): void {
  const known = store.meta('networkId');
  if (known === null) store.setMeta('networkId', String(networkId));
  else if (known !== String(networkId)) {
    throw new CocoonError('chain_unavailable', `This folder holds a chain with network id ${known}.`, {
      remedy: 'Start with that id, or name another folder.',
    });
  }
}
