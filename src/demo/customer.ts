import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import OpenAI from 'openai';
import { closeLines, openEscrow, pruneLines, topUp, withdraw } from '../chain/accounts';
import { createClient, createGateway, type Client } from '../client';
import { parseCoins, type Nano } from '../protocol/amounts';
import type { KeyPair } from '../protocol/ed25519';
import { demoKeys, type Actor } from './cast';
import type { Stage } from './stage';

/** A client of the network: an escrow, a signer key that is not a wallet's, and the SDK or the gateway. */
export interface Customer {
  name: string;
  actor: Actor;
  signer: KeyPair;
  escrow: Address;
  client: Client;
  /** The official package; odd customers use the SDK's fetch, even ones the local gateway. */
  openai: OpenAI;
  way: 'SDK' | 'gateway';
  close(): Promise<void>;
}

/** The last one brings less, because he is the one who runs dry. */
const DEPOSITS = { usual: parseCoins('3'), last: parseCoins('0.4') } as const;
const TOP_UP = parseCoins('0.1');
const BUDGET = parseCoins('3');

export async function createCustomer(stage: Stage, actor: Actor, routerUrl: string): Promise<Customer> {
  const signer = demoKeys(stage.options.seed, `${actor.name} signer`);
  const { contract: escrow } = await openEscrow(actor.wallet, {
    registry: stage.registry,
    signer: signer.publicKey,
    signerBudgetNano: BUDGET,
    depositNano: actor === stage.clients[stage.clients.length - 1] ? DEPOSITS.last : DEPOSITS.usual,
  });
  await topUp(actor.wallet, escrow, TOP_UP);
  const dataDir = join(stage.folder, actor.name);
  mkdirSync(dataDir, { recursive: true });
  const client = createClient(
    { routers: [routerUrl], escrow, signer, dataDir, policy: { allowSimulated: true } },
    { chain: stage.chain, clock: stage.clock },
  );
  const way = stage.clients.indexOf(actor) % 2 === 0 ? 'SDK' : 'gateway';
  const gateway = way === 'gateway' ? createGateway(client, { port: 0 }) : null;
  const openai = gateway
    ? new OpenAI({ baseURL: await gateway.listen(), apiKey: 'unused' })
    : new OpenAI({ baseURL: 'https://cocoon.invalid/v1', apiKey: 'unused', fetch: client.fetch });
  return {
    name: actor.name,
    actor,
    signer,
    escrow,
    client,
    openai,
    way,
    async close() {
      await gateway?.close();
      await client.close();
    },
  };
}

/** Closes all lines; what they hold unspent is free after the closing delay. */
export async function closeAllLines(customer: Customer): Promise<number> {
  const open = (await customer.client.lines()).filter((line) => line.closeAtUnix === 0);
  if (open.length > 0) await closeLines(customer.actor.wallet, customer.escrow, idsOf(open));
  return open.length;
}

/** After the delay: frees what ended lines left, then takes everything out. */
export async function leave(stage: Stage, customer: Customer): Promise<Nano> {
  const before = await stage.chain.balance(customer.actor.wallet.address);
  const escrow = await stage.chain.escrow(customer.escrow);
  const ids = [...(escrow?.lines.keys() ?? [])].map((id) => Buffer.from(id, 'hex'));
  if (ids.length > 0) await pruneLines(customer.actor.wallet, customer.escrow, ids);
  await withdraw(customer.actor.wallet, customer.escrow, 0n);
  const after = await stage.chain.balance(customer.actor.wallet.address);
  return (after - before) as Nano;
}

function idsOf(lines: readonly { id: string }[]): Buffer[] {
  return lines.map((line) => Buffer.from(line.id, 'hex'));
}
