import { nodeCrypto } from '../attestation/crypto/node';
import { pruneLines } from '../chain/accounts';
import { createClientOver } from './client';
import { openStore } from './store';
import type { Client, ClientConfig, ClientDeps } from './types';

/** The client of a program in Node. Owns its data directory. */
export function createClient({ dataDir, ...config }: ClientConfig, deps: ClientDeps): Client {
  const { wallet, ...rest } = deps;
  const pruner = wallet
    ? {
        address: wallet.address,
        prune: (ids: readonly Buffer[]) => pruneLines(wallet, config.escrow, ids),
      }
    : null;
  return createClientOver(() => openStore(dataDir), config, {
    attestationCrypto: nodeCrypto,
    ...rest,
    pruner,
  });
}
