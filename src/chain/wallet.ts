import { internal, SendMode, type Cell } from '@ton/core';
import { mnemonicToPrivateKey } from '@ton/crypto';
import { WalletContractV4, WalletContractV5R1 } from '@ton/ton';
import { keyPairFromSeed, sign, type KeyPair } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import type { ConnectedChain } from './chain';
import { CHAIN_LIMITS } from './limits';
import { followEarlier, followTransfer, overtaken, type TraceDeps } from './trace';
import type { OutgoingMessage, TraceableWallet, TransferHooks, TransferReport } from './types';

export type WalletVersion = 'v5r1' | 'v4';

export interface WalletDeps {
  sleep?: (ms: number) => Promise<void>;
  /** Milliseconds that only grow. */
  monotonicMs?: () => number;
}

/** The key of a 24-word mnemonic, as every TON wallet derives it. */
export async function walletKeyFromMnemonic(words: string): Promise<KeyPair> {
  const { secretKey } = await mnemonicToPrivateKey(words.trim().split(/\s+/));
  return keyPairFromSeed(secretKey.subarray(0, 32));
}

/** A wallet contract as plain data; `pack` signs one external message body. */
export function walletOf(version: WalletVersion, publicKey: Buffer, networkId: number): WalletContract {
  if (version === 'v4') return WalletContractV4.create({ workchain: 0, publicKey });
  return WalletContractV5R1.create({
    publicKey,
    walletId: {
      networkGlobalId: networkId,
      context: { workchain: 0, walletVersion: 'v5r1', subwalletNumber: 0 },
    },
  });
}

type WalletContract = WalletContractV4 | WalletContractV5R1;

/**
 * A wallet that sends one message after the other. Each waits until everything that it caused is final, so the next
 * sequence number is always known and no two messages can take the same one.
 */
export function createWalletSender(
  chain: ConnectedChain,
  keys: KeyPair,
  options: { version?: WalletVersion } = {},
  deps: WalletDeps = {},
): TraceableWallet {
  const version = options.version ?? 'v5r1';
  const wallet = walletOf(version, keys.publicKey, chain.networkId);
  const sleep = deps.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
  const monotonicMs = deps.monotonicMs ?? (() => performance.now());
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;

  async function send(
    messages: readonly OutgoingMessage[],
    { onSigned, onTransaction }: TransferHooks,
  ): Promise<TransferReport> {
    const before = await chain.client.account(wallet.address);
    const seqno = await seqnoOf(before.deployed);
    const validUntil = before.atUnix + CHAIN_LIMITS.walletValidSeconds;
    const body = await pack(seqno, validUntil, messages);
    const sent = {
      ...{ wallet: wallet.address, bodyHash: body.hash(), seqno, validUntil },
      count: messages.length,
    };
    onSigned?.(sent);
    try {
      await chain.sendExternal(wallet.address, body, before.deployed ? undefined : wallet.init);
    } catch (error) {
      // An endpoint that took it may fail to say so, and refuses the repetition: only the chain knows.
      const report = await followEarlier(sent, traceDeps(onTransaction)).catch(() => undefined);
      if (report) return report;
      if (report === null) throw overtaken();
      throw error;
    }
    return followTransfer(sent, traceDeps(onTransaction));
  }

  const traceDeps = (onTransaction: TransferHooks['onTransaction']): TraceDeps => ({
    ...{ client: chain.client, sleep, monotonicMs },
    ...(onTransaction ? { onTransaction } : {}),
  });

  async function seqnoOf(deployed: boolean): Promise<number> {
    if (!deployed) return 0;
    return (await chain.client.getMethod(wallet.address, 'seqno')).readNumber();
  }

  function pack(seqno: number, timeout: number, messages: readonly OutgoingMessage[]): Promise<Cell> {
    const args = {
      seqno,
      timeout,
      signer: async (message: Cell) => sign(message.hash(), keys),
      sendMode: SendMode.PAY_GAS_SEPARATELY,
      messages: messages.map((message) =>
        internal({
          to: message.to,
          value: message.valueNano,
          bounce: message.bounce ?? true,
          ...(message.body ? { body: message.body } : {}),
          ...(message.init ? { init: message.init } : {}),
        }),
      ),
    };
    return wallet instanceof WalletContractV4 ? wallet.createTransfer(args) : wallet.createTransfer(args);
  }

  return {
    address: wallet.address,
    async send(message) {
      await this.transfer([message]);
    },
    outcome: (sent, { onTransaction } = {}) => followEarlier(sent, traceDeps(onTransaction)),
    async transfer(messages, hooks = {}) {
      if (messages.length < 1 || messages.length > CHAIN_LIMITS.walletBatch[version]) {
        throw new RangeError(
          `a ${version} wallet sends 1 to ${CHAIN_LIMITS.walletBatch[version]} messages at once`,
        );
      }
      if (waiting >= CHAIN_LIMITS.walletQueue) {
        throw new CocoonError('rate_limited', 'Too many messages wait for this wallet.');
      }
      waiting++;
      const turn = last.then(() => send(messages, hooks));
      last = turn.catch(() => undefined);
      return turn.finally(() => waiting--);
    },
  };
}
