import type { Address } from '@ton/core';
import type { ConnectedChain } from '../chain/chain';
import type { TraceableWallet } from '../chain/types';
import { createWalletSender } from '../chain/wallet';
import { keyPairFromSeed, type KeyPair } from '../protocol/ed25519';
import { sha256 } from '../protocol/hash';

/** A person of the demo: a name, a key made from the demo's seed, and a wallet. */
export interface Actor {
  name: string;
  keys: KeyPair;
  wallet: TraceableWallet;
}

/** Everybody's keys follow from the seed, so that a run can be repeated. Never do this outside a demo. */
export function demoKeys(seed: number, name: string): KeyPair {
  return keyPairFromSeed(sha256(Buffer.from(`cocoon/demo/${seed}/${name}`)));
}

export function createActor(chain: ConnectedChain, seed: number, name: string): Actor {
  const keys = demoKeys(seed, name);
  return { name, keys, wallet: createWalletSender(chain, keys) };
}

/** Money from nowhere: only a devnet has it. */
export async function faucet(devnetUrl: string, to: Address, amountNano: bigint): Promise<void> {
  const reply = await fetch(new URL('/faucet', devnetUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ address: to.toString(), amount: amountNano.toString() }),
  });
  if (!reply.ok) throw new Error(`the faucet answered ${reply.status}: ${await reply.text()}`);
}

/** Moves a devnet's clock forward. */
export async function advanceClock(devnetUrl: string, seconds: number): Promise<void> {
  const reply = await fetch(new URL('/clock', devnetUrl), {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ advance: seconds }),
  });
  if (!reply.ok) throw new Error(`the clock answered ${reply.status}: ${await reply.text()}`);
}
