import type { Address, TupleReader } from '@ton/core';
import { escrowAddress, GET_ESCROW, GET_LINES, parseEscrow, parseLines } from '../../wrappers/Escrow';
import { nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import type { AddressMemo } from './addressMemo';
import type { ChainClient } from './chainClient';
import { CHAIN_LIMITS } from './limits';
import type { EscrowState } from './types';

/**
 * The escrow at an account, or null when none of this registry lives there. An address is the hash of the code and the
 * first data, so one that the pinned code gives for (registry, client, salt) has that code and no other.
 */
export async function readEscrow(
  client: ChainClient,
  address: Address,
  registry: Address,
  memo: AddressMemo,
): Promise<EscrowState | null> {
  for (let attempt = 0; attempt < CHAIN_LIMITS.attempts; attempt++) {
    const [account, head, ledger] = await Promise.all([
      client.account(address),
      getOrNull(client, address, GET_ESCROW),
      getOrNull(client, address, GET_LINES),
    ]);
    if (!account.deployed || !account.last) return null;
    // Three answers make one state when no transaction lies between them.
    const lt = account.last.lt;
    if (head && ledger && !(head.lastLt === lt && ledger.lastLt === lt)) continue;

    const fields = head && tryParse(() => parseEscrow(head.stack));
    if (!fields || !ledger || !fields.registry.equals(registry)) return null;
    const { client: owner, salt } = fields;
    const genuine = await memo(owner, salt, () => escrowAddress(registry, owner, salt));
    if (!genuine.equals(address)) return null;
    const { entries: _entries, ...escrow } = fields;
    return {
      ...escrow,
      address,
      balanceNano: nano(account.balanceNano),
      lines: parseLines(ledger.stack),
      readAtUnix: account.atUnix,
    };
  }
  throw new CocoonError(
    'chain_unavailable',
    `The escrow ${address.toString()} changes faster than it can be read.`,
  );
}

interface Answer {
  stack: TupleReader;
  lastLt: bigint;
}

/** Null for a contract without such a method: some other contract. */
async function getOrNull(client: ChainClient, address: Address, name: string): Promise<Answer | null> {
  try {
    return await client.getMethodAt(address, name);
  } catch (error) {
    if (error instanceof CocoonError && error.code === 'chain_refused') return null;
    throw error;
  }
}

function tryParse<T>(parse: () => T): T | null {
  try {
    return parse();
  } catch {
    return null;
  }
}
