import type { Logger } from 'pino';
import { nodeCrypto } from '../attestation/crypto/node';
import { createQuoteVerifier } from '../attestation/index';
import { simulatedCollateral } from '../attestation/testing/host';
import type { Clock } from '../chain/types';
import { createCollateralSource } from '../collateral';
import type { Root } from '../protocol/root';
import type { FamilyCollateral } from './evidence';

export interface RouterCollateral {
  /** Services with Intel's API, version 4, in the order in which they are asked. */
  urls: readonly string[];
  cacheDir: string;
}

/**
 * Intel's collateral from the services that the configuration names; on a simulated registry the simulator's own. The chain
 * tells which: a router that cannot read that yet serves everything else meanwhile.
 */
export function openCollateral(
  readRoot: () => Promise<Root>,
  config: RouterCollateral,
  deps: { clock: Clock; log: Logger },
): FamilyCollateral {
  let opened: Promise<FamilyCollateral> | null = null;
  const source = (): Promise<FamilyCollateral> =>
    (opened ??= readRoot()
      .then((root) => sourceOf(root, config, deps))
      .catch((error: unknown) => {
        opened = null;
        throw error;
      }));
  source().catch((error: unknown) => deps.log.warn({ err: error }, 'no collateral for clients yet'));
  return { forFamily: async (family) => (await source()).forFamily(family) };
}

function sourceOf(
  root: Root,
  { urls, cacheDir }: RouterCollateral,
  { clock, log }: { clock: Clock; log: Logger },
): FamilyCollateral {
  const now = (): number => Math.floor(clock.now());
  if (root === 'simulated') {
    log.warn('SIMULATED registry: the collateral served here is made up, and vouches for nothing');
    return { forFamily: async (family) => ({ collateral: simulatedCollateral(family, now()) }) };
  }
  return createCollateralSource(
    { baseUrls: urls, cacheDir },
    { verifier: createQuoteVerifier(nodeCrypto), now },
  );
}
