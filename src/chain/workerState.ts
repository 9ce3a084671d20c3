import type { Address } from '@ton/core';
import { GET_WORKER, parseWorker, workerAddress } from '../../wrappers/Worker';
import { CocoonError } from '../protocol/errors';
import type { AddressMemo } from './addressMemo';
import type { ChainClient } from './chainClient';
import type { WorkerState } from './types';

const NEVER = Buffer.alloc(32);

/** The Worker contract at an address, or null when none of this registry lives there. */
export async function readWorker(
  client: ChainClient,
  address: Address,
  registry: Address,
  memo: AddressMemo,
): Promise<WorkerState | null> {
  const account = await client.account(address);
  if (!account.deployed) return null;
  const view = await tryGet(client, address);
  if (!view?.registry.equals(registry)) return null;
  const { provider, index } = view;
  const genuine = await memo(provider, index, () => workerAddress(registry, provider, index));
  if (!genuine.equals(address)) return null;
  const { admitted, terms: _terms, owedNano: _owed, ...fields } = view;
  return {
    ...fields,
    address,
    statementHash: admitted?.statementHash ?? NEVER,
    imageId: admitted?.imageId ?? NEVER,
    shape: admitted?.shape ?? NEVER,
    platform: admitted?.platform ?? NEVER,
    tcb: admitted?.tcb ?? null,
    attestedAt: admitted?.attestedAt ?? 0,
    // The getter ran on this block or a later one.
    readAtUnix: account.atUnix,
  };
}

async function tryGet(client: ChainClient, address: Address): Promise<ReturnType<typeof parseWorker> | null> {
  try {
    return parseWorker(await client.getMethod(address, GET_WORKER));
  } catch (error) {
    if (error instanceof CocoonError && error.code === 'chain_unavailable') throw error;
    // Some other contract: it has no such method, or one that answers something else.
    return null;
  }
}
