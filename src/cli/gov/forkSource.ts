import { Cell } from '@ton/core';
import { z } from 'zod';
import type { ChainClient } from '../../chain/chainClient';
import { createRpc } from '../../chain/rpc';
import type { ForkSource } from '../../devnet/fork';

const cell = z.string().transform((text) => (text === '' ? null : Cell.fromBase64(text)));

const stateReply = z
  .object({ balance: z.union([z.string(), z.number()]), code: cell.default(null), data: cell.default(null) })
  .transform(({ balance, code, data }) => ({ balanceNano: BigInt(balance), code, data }));

/** The accounts of an endpoint, with their data: nobody but a copy needs that. Throws CocoonError `chain_unavailable`. */
export function createForkSource(endpoint: string, client: ChainClient): ForkSource {
  const rpc = createRpc({ endpoint });
  return {
    account: (address) => rpc.call('getAddressInformation', { address: address.toString() }, stateReply),
    configParam: (id) => client.configParam(id),
  };
}
