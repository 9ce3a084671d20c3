import { Address, Cell, toNano } from '@ton/core';
import {
  Blockchain,
  createShardAccount,
  defaultConfig,
  internal,
  type BlockchainTransaction,
  type SandboxContract,
  type TreasuryContract,
} from '@ton/sandbox';
import { viewTransaction } from '../../../../src/chain/transactionView';
import type { Chain, EscrowState, TransactionView, WalletSender } from '../../../../src/chain/types';
import { withFeeParameters } from '../../../../src/devnet/feeParameters';
import { nano } from '../../../../src/protocol/amounts';
import {
  escrowAddress,
  escrowInit,
  GET_ESCROW,
  GET_LINES,
  openBody,
  parseEscrow,
  parseLines,
  settleBody,
  type SettleItem,
} from '../../../../wrappers/Escrow';
import { BLOCK_ROOT, NETWORK_ID, readingsOf, REGISTRY, type FakeChain } from './chain';
import type { ManualClock } from './clock';

/** More than a line takes of a settlement's value; the rest comes back. */
const SETTLE_ITEM_NANO = toNano('0.1');

/** The genuine Escrow contract on an emulated chain whose time is the clock's; Workers and lists as in the fake one. */
export interface EmulatedChain extends Chain {
  address: Address;
  client: SandboxContract<TreasuryContract>;
  /** A wallet of its own that pays for prunes. */
  wallet: WalletSender;
  workerStates: FakeChain['workerStates'];
  rules: FakeChain['rules'];
  /** What becomes of the next external messages: by default they are processed at once. */
  onExternal: (process: () => Promise<void>) => Promise<void>;
  /** Brings receipts to the escrow; what it pays arrives at the lines' Workers. */
  settle(items: readonly SettleItem[]): Promise<void>;
}

export async function createEmulatedChain(
  clock: ManualClock,
  escrow: { signer: Buffer; depositNano: bigint; signerBudgetNano?: bigint },
): Promise<EmulatedChain> {
  const blockchain = await Blockchain.create({
    config: withFeeParameters(Cell.fromBase64(defaultConfig), NETWORK_ID),
  });
  blockchain.verbosity = { print: false, blockchainLogs: false, vmLogs: 'none', debugLogs: false };
  const onTime = (): Blockchain => {
    blockchain.now = Math.floor(clock.now());
    return blockchain;
  };
  const client = await onTime().treasury('client');
  const housekeeper = await blockchain.treasury('housekeeper');
  const address = await escrowAddress(REGISTRY, client.address, 0n);
  const seen: TransactionView[] = [];
  /** What the getters said last; true until the next message. */
  let known: (Pick<EscrowState, 'lines' | 'balanceNano'> & ReturnType<typeof parseEscrow>) | null = null;
  const note = (transactions: readonly BlockchainTransaction[]): void => {
    known = null;
    for (const transaction of transactions) {
      if (BigInt(`0x${address.hash.toString('hex')}`) !== transaction.address) continue;
      seen.unshift(viewTransaction({ transaction, hash: transaction.hash() }));
    }
  };

  const opened = await blockchain.sendMessage(
    internal({
      from: client.address,
      to: address,
      value: escrow.depositNano,
      bounce: true,
      stateInit: await escrowInit(REGISTRY, client.address, 0n),
      body: openBody({
        signer: escrow.signer,
        signerBudgetNano: escrow.signerBudgetNano ?? 1_000_000_000_000n,
        closeDelaySeconds: 36 * 3_600,
      }),
    }),
  );
  note(opened.transactions);

  const balanceOf = async (of: Address) => nano((await onTime().getContract(of)).balance);
  const workerStates: FakeChain['workerStates'] = new Map();
  const rules: FakeChain['rules'] = {
    ...{ images: new Map(), shapes: new Set(), models: new Map() },
    ...{ floors: new Map(), blocks: new Map() },
  };

  const wallet: WalletSender = {
    address: housekeeper.address,
    send: async (message) => void (await wallet.transfer([message])),
    async transfer([message]) {
      const before = await balanceOf(housekeeper.address);
      const { to, valueNano, body } = message!;
      const result = await housekeeper.send({ to, value: valueNano, bounce: true, ...(body && { body }) });
      note(result.transactions);
      const root = result.transactions[0]!;
      const spentNano = nano(before - (await balanceOf(housekeeper.address)));
      const named = { lt: root.lt, hash: root.hash(), atUnix: root.now };
      return { ...named, spentNano, feesNano: spentNano, failure: null, answers: [] };
    },
  };

  const chain: EmulatedChain = {
    ...{ networkId: NETWORK_ID, registry: REGISTRY, address, client, wallet, workerStates, rules },
    onExternal: (process) => process(),
    blockTime: () => Promise.resolve(clock.now()),
    balance: balanceOf,
    isDeployed: () => Promise.resolve(true),
    async escrow() {
      known ??= {
        ...parseEscrow((await onTime().runGetMethod(address, GET_ESCROW)).stackReader),
        lines: parseLines((await blockchain.runGetMethod(address, GET_LINES)).stackReader),
        balanceNano: await balanceOf(address),
      };
      const { entries: _, ...fields } = known;
      return { ...fields, address, readAtUnix: Math.floor(clock.now()) };
    },
    ...readingsOf(workerStates, rules, clock),
    masterchainRoot: () => Promise.resolve(BLOCK_ROOT),
    registryRoot: () => Promise.resolve('simulated' as const),
    workers: () => Promise.resolve([...workerStates.values()].map((state) => state.address)),
    sendExternal: (_, body) =>
      chain.onExternal(async () => {
        const info = { type: 'external-in' as const, dest: address, importFee: 0n };
        note((await onTime().sendMessage({ info, body })).transactions);
      }),
    transactions: (_, limit) => Promise.resolve(seen.slice(0, limit)),
    async settle(items) {
      if (items.length === 0) return;
      for (const { line } of items) {
        // Stands for a Worker: takes what it is sent, and bounces nothing.
        const account = { address: new Address(0, line.workerAddress), code: Cell.EMPTY, data: Cell.EMPTY };
        const shard = createShardAccount({ ...account, balance: toNano('1'), workchain: 0 });
        await blockchain.setShardAccount(account.address, shard);
      }
      const value = toNano('1') + SETTLE_ITEM_NANO * BigInt(items.length);
      onTime();
      note(
        (await housekeeper.send({ to: address, value, bounce: true, body: settleBody(items) })).transactions,
      );
    },
  };
  return chain;
}
