import { Address, beginCell } from '@ton/core';
import type { ChainClient } from '../../../src/chain/chainClient';
import { readRegistryRoot } from '../../../src/chain/registryRoot';
import { CocoonError } from '../../../src/protocol/errors';
import { registryCodeHash, registryInit } from '../../../wrappers/Registry';

const REGISTRY = new Address(0, Buffer.alloc(32, 1));

function rootOf(code: string) {
  const client: Pick<ChainClient, 'account'> = {
    account: () =>
      Promise.resolve({ deployed: code !== '', balanceNano: 0n, code, last: null, seqno: 1, atUnix: 1 }),
  };
  return readRegistryRoot(client as ChainClient, REGISTRY);
}

async function codeOf(root: 'intel' | 'simulated'): Promise<string> {
  const { code } = await registryInit(root, new Address(0, Buffer.alloc(32, 2)), 7);
  return code!.toBoc().toString('base64');
}

test('a registry is told by its code, whoever owns it', async () => {
  expect(await rootOf(await codeOf('intel'))).toBe('intel');
  expect(await rootOf(await codeOf('simulated'))).toBe('simulated');
  expect((await registryCodeHash('intel')).equals(await registryCodeHash('simulated'))).toBe(false);
});

test('any other code, and none, is no registry', async () => {
  const other = beginCell().storeUint(1, 8).endCell().toBoc().toString('base64');
  for (const code of [other, '']) {
    await expect(rootOf(code)).rejects.toMatchObject({ code: 'chain_refused' });
  }
});

test('an endpoint that does not answer proves nothing', async () => {
  const down = new CocoonError('chain_unavailable', 'No chain.');
  const client: Pick<ChainClient, 'account'> = { account: () => Promise.reject(down) };
  await expect(readRegistryRoot(client as ChainClient, REGISTRY)).rejects.toBe(down);
});
