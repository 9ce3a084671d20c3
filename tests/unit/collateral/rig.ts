import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { createSimulatedQuoteVerifier } from '../../../src/attestation/simulated';
import { createSimulatedHost, type SimulatedHost } from '../../../src/attestation/testing/host';
import { MINTED_AT, REPORT_DATA } from '../../../src/attestation/testing/mint';
import {
  createCollateralSource,
  type CollateralConfig,
  type CollateralSource,
} from '../../../src/collateral';
import { startPccs, type Pccs } from './pccs';

/** A machine, the service that knows it, a folder, and a clock that stands still until it is set. */
export interface Rig {
  host: SimulatedHost;
  quote: Buffer;
  pccs: Pccs;
  folder: string;
  /** Unix seconds. */
  clock: { now: number };
  /** What the source waited for between tries, in milliseconds. */
  waited: number[];
  source(config?: Partial<CollateralConfig>): CollateralSource;
  close(): Promise<void>;
}

export const verifier = createSimulatedQuoteVerifier(nodeCrypto);
export const DAY = 86_400;

export async function createRig(ca: 'platform' | 'processor' = 'platform'): Promise<Rig> {
  const host = createSimulatedHost({
    random: (length) => new Uint8Array(length).fill(7),
    nowUnix: MINTED_AT,
    ca,
  });
  const pccs = await startPccs(host.collateral(MINTED_AT));
  const folder = mkdtempSync(path.join(tmpdir(), 'cocoon-collateral-'));
  const clock = { now: MINTED_AT };
  const waited: number[] = [];
  return {
    host,
    quote: host.quote(REPORT_DATA),
    pccs,
    folder,
    clock,
    waited,
    source: (config = {}) =>
      createCollateralSource(
        { baseUrls: [pccs.url], cacheDir: folder, ...config },
        { verifier, now: () => clock.now, sleep: async (ms) => void waited.push(ms) },
      ),
    async close() {
      await pccs.close();
      rmSync(folder, { recursive: true });
    },
  };
}
