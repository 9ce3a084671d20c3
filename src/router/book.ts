import type { Clock } from '../chain/types';
import type { BookEntry, OrderBook } from '../protocol/wire';
import { WIRE_VERSION } from '../protocol/wire';
import type { LinkTable } from './links';
import type { Standings } from './standing';

export interface BookConfig {
  networkId: number;
  /** Account hash. */
  registry: Buffer;
  feeBps: number;
  feeTo: Buffer;
  cacheMs: number;
}

export interface BookDeps {
  links: LinkTable;
  standings: Standings;
  clock: Clock;
  /** Milliseconds that only grow. */
  monotonicMs(): number;
}

/** `GET /v1/book`: rendered once per `cacheMs` however many ask, and whenever a link comes or goes. */
export function createBook(config: BookConfig, deps: BookDeps): { render(): Buffer } {
  let rendered: { bytes: Buffer; atMs: number; revision: number } | null = null;
  return {
    render() {
      const atMs = deps.monotonicMs();
      const { revision } = deps.links;
      if (rendered?.revision === revision && atMs - rendered.atMs < config.cacheMs) return rendered.bytes;
      const bytes = Buffer.from(JSON.stringify(readBook(config, deps)));
      rendered = { bytes, atMs, revision };
      return bytes;
    },
  };
}

function readBook(config: BookConfig, deps: BookDeps): OrderBook {
  const nowUnix = Math.floor(deps.clock.now());
  const entries: BookEntry[] = [];
  for (const link of deps.links.values()) {
    entries.push({
      offer: link.checked.signed,
      freeSlots: link.freeSlots(),
      draining: link.draining(),
      ...deps.standings.read(link.key, nowUnix),
    });
  }
  return {
    version: WIRE_VERSION,
    networkId: config.networkId,
    registry: config.registry.toString('hex'),
    time: nowUnix,
    router: { feeBps: config.feeBps, feeTo: config.feeTo.toString('hex') },
    entries,
  };
}
