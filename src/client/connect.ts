import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { connectChain } from '../chain/connect';
import { createWalletSender } from '../chain/wallet';
import { readWalletKey } from '../chain/walletKeyFile';
import { keyPairFromSeed, type KeyPair } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import { parseClientFile, settingsOf, type ClientFile } from './config';
import { createClient } from './nodeClient';
import type { Client, ClientDeps } from './types';

/** Reads a configuration file; paths inside it are relative to its folder. */
export function readClientFile(path: string): ClientFile {
  const file = parseClientFile(readFileSync(path, 'utf8'));
  const here = (name: string): string => resolve(dirname(path), name);
  const { apiKeyFile, ...chain } = file.chain;
  const { apiKeysFile, ...gateway } = file.gateway;
  const { housekeepingKeyFile, ...rest } = file;
  return {
    ...rest,
    chain: apiKeyFile === undefined ? chain : { ...chain, apiKeyFile: here(apiKeyFile) },
    gateway: apiKeysFile === undefined ? gateway : { ...gateway, apiKeysFile: here(apiKeysFile) },
    signerSeedFile: here(file.signerSeedFile),
    dataDir: here(file.dataDir),
    ...(housekeepingKeyFile === undefined ? {} : { housekeepingKeyFile: here(housekeepingKeyFile) }),
  };
}

/** Connects a client to the chain and the routers that its file names. Its `close` ends everything that this opened. */
export async function connectClient(
  file: ClientFile,
  deps: Pick<ClientDeps, 'onFault'> = {},
): Promise<Client> {
  const signer = readSigner(file.signerSeedFile);
  const { housekeepingKeyFile } = file;
  const walletKeys = housekeepingKeyFile === undefined ? null : await readWalletKey(housekeepingKeyFile);
  const { chain, clock } = await connectChain(file.chain);
  const client = createClient(
    { ...settingsOf(file), signer, dataDir: file.dataDir },
    { chain, clock, ...(walletKeys ? { wallet: createWalletSender(chain, walletKeys) } : {}), ...deps },
  );
  return {
    ...client,
    async close() {
      await client.close();
      clock.stop();
    },
  };
}

function readSigner(path: string): KeyPair {
  const text = readFileSync(path, 'utf8').trim();
  if (!/^[0-9a-f]{64}$/i.test(text)) {
    throw new CocoonError('invalid_request', `${path} does not hold a seed.`, {
      remedy: 'A signer seed is 32 bytes in hex.',
    });
  }
  return keyPairFromSeed(Buffer.from(text, 'hex'));
}
