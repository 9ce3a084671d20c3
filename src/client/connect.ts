import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { createQuoteVerifier } from '../attestation';
import { nodeCrypto } from '../attestation/crypto/node';
import { connectChain } from '../chain/connect';
import type { Chain, Clock } from '../chain/types';
import { createWalletSender } from '../chain/wallet';
import { readWalletKey } from '../chain/walletKeyFile';
import { createCollateralSource } from '../collateral';
import { keyPairFromSeed, type KeyPair } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import { parseClientFile, settingsOf, type ClientFile } from './config';
import { createClient } from './nodeClient';
import type { Client, ClientDeps } from './types';
import { requireVouched } from './vouched';

/** Reads a configuration file; paths inside it are relative to its folder. */
export function readClientFile(path: string): ClientFile {
  const file = parseClientFile(readFileSync(path, 'utf8'));
  const here = (name: string): string => resolve(dirname(path), name);
  const { apiKeyFile, ...chain } = file.chain;
  const keyFile = (name: string | undefined) => (name === undefined ? {} : { apiKeyFile: here(name) });
  const witnesses = file.chain.witnesses.map((one) => ({ ...one, ...keyFile(one.apiKeyFile) }));
  const { apiKeysFile, ...gateway } = file.gateway;
  const { housekeepingKeyFile, ...rest } = file;
  return {
    ...rest,
    chain: { ...chain, witnesses, ...keyFile(apiKeyFile) },
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
  requireVouched(file, await chain.registryRoot());
  const collateral = await openCollateral(file, { chain, clock });
  const client = createClient(
    { ...settingsOf(file), signer, dataDir: file.dataDir },
    {
      ...{ chain, clock, ...collateral, ...deps },
      ...(walletKeys ? { wallet: createWalletSender(chain, walletKeys) } : {}),
    },
  );
  return {
    ...client,
    async close() {
      await client.close();
      clock.stop();
    },
  };
}

/** A service that the file names, for Intel's root alone: the simulated one's collateral is with its routers. */
async function openCollateral(
  { policy, dataDir }: ClientFile,
  { chain, clock }: { chain: Chain; clock: Clock },
): Promise<Pick<ClientDeps, 'collateral'>> {
  if (policy.collateral === 'router' || (await chain.registryRoot()) === 'simulated') return {};
  const source = createCollateralSource(
    { baseUrls: [policy.collateral], cacheDir: join(dataDir, 'collateral') },
    { verifier: createQuoteVerifier(nodeCrypto), now: () => Math.floor(clock.now()) },
  );
  return { collateral: async (family) => (await source.forFamily(family)).collateral };
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
