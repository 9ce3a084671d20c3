import { TonClient, WalletContractV5R1, internal, SendMode } from '@ton/ton';
import type { Address, StateInit } from '@ton/core';
import { keyPairFromSeed } from '@ton/crypto';
import { createDevnet, type Devnet, type DevnetConfig } from '../../../src/devnet/devnet';

export const START_UNIX = 1_780_000_000;

/** A chain in memory, a block per message, time standing still until a test moves it. */
export function startDevnet(config: Partial<DevnetConfig> = {}): Promise<Devnet> {
  return createDevnet(
    { dataDir: null, blockIntervalMs: 0, startUnix: START_UNIX, frozen: true, ...config },
    {
      onFault: (reason) => {
        throw new Error(reason);
      },
    },
  );
}

export const tonClient = (devnet: { apiUrl: string }): TonClient =>
  new TonClient({ endpoint: devnet.apiUrl });

export function testWallet(client: TonClient, networkId: number, seed = 1) {
  const keys = keyPairFromSeed(Buffer.alloc(32, seed));
  const contract = WalletContractV5R1.create({
    publicKey: keys.publicKey,
    walletId: {
      networkGlobalId: networkId,
      context: { workchain: 0, walletVersion: 'v5r1', subwalletNumber: 0 },
    },
  });
  const wallet = client.open(contract);
  return {
    address: contract.address,
    contract,
    seqno: () => wallet.getSeqno(),
    /** The wallet's clock is the chain's; a message is good for an hour of it. */
    async send(
      to: Address,
      valueNano: bigint,
      options: { seqno: number; nowUnix?: number; count?: number; init?: StateInit },
    ) {
      const init = options.init ? { init: options.init } : {};
      const message = internal({ to, value: valueNano, bounce: false, ...init });
      await wallet.sendTransfer({
        seqno: options.seqno,
        timeout: Math.floor(options.nowUnix ?? START_UNIX) + 3_600,
        secretKey: keys.secretKey,
        sendMode: SendMode.PAY_GAS_SEPARATELY,
        messages: Array.from({ length: options.count ?? 1 }, () => message),
      });
    },
  };
}

/** The JSON-RPC reply, whatever its status. */
export async function rpc(
  devnet: { apiUrl: string },
  method: string,
  params: Record<string, unknown> = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(devnet.apiUrl, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ jsonrpc: '2.0', id: '7', method, params }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

export async function postJson(url: string, body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: typeof body === 'string' ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
