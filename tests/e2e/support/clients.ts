import { join } from 'node:path';
import type { Address } from '@ton/core';
import OpenAI from 'openai';
import { openEscrow } from '../../../src/chain/accounts';
import { createClient, createGateway, type Client } from '../../../src/client';
import type { ClientConfig } from '../../../src/client/types';
import type { Actor } from '../../../src/demo/cast';
import { parseCoins } from '../../../src/protocol/amounts';
import type { KeyPair } from '../../../src/protocol/ed25519';
import type { Ground } from './ground';
import type { E2eRouter } from './routers';

export interface E2eClient {
  actor: Actor;
  signer: KeyPair;
  escrow: Address;
  client: Client;
  /** The official package over the SDK's fetch, and over a gateway of its own; neither repeats a request. */
  sdk: OpenAI;
  gateway: OpenAI;
  close(): Promise<void>;
}

/** An escrow without a client program. */
export async function openE2eEscrow(
  ground: Ground,
  name: string,
  depositCoins = '4',
): Promise<Pick<E2eClient, 'actor' | 'signer' | 'escrow'>> {
  const actor = await ground.person(name, '10');
  const signer = ground.keys(`${name} signer`);
  const { contract: escrow } = await openEscrow(actor.wallet, {
    registry: ground.registry,
    signer: signer.publicKey,
    signerBudgetNano: parseCoins('3'),
    depositNano: parseCoins(depositCoins),
  });
  return { actor, signer, escrow };
}

export async function openE2eClient(
  ground: Ground,
  name: string,
  routers: readonly E2eRouter[],
  options: Pick<Partial<ClientConfig>, 'funding'> = {},
): Promise<E2eClient> {
  const opened = await openE2eEscrow(ground, name);
  const client = createClient(
    {
      ...options,
      routers: routers.map(({ url }) => url),
      escrow: opened.escrow,
      signer: opened.signer,
      dataDir: join(ground.folder, name),
      policy: { allowSimulated: true },
    },
    { chain: ground.chain, clock: ground.clock },
  );
  const gateway = createGateway(client, { port: 0 });
  const common = { apiKey: 'unused', maxRetries: 0 };
  return {
    ...opened,
    client,
    sdk: new OpenAI({ ...common, baseURL: 'https://cocoon.invalid/v1', fetch: client.fetch }),
    gateway: new OpenAI({ ...common, baseURL: await gateway.listen() }),
    async close() {
      await gateway.close();
      await client.close();
    },
  };
}
