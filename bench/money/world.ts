import { beginCell, Cell, external, internal as walletMessage, SendMode, toNano } from '@ton/core';
import { WalletContractV5R1 } from '@ton/ton';
import { Blockchain, defaultConfig, internal, type SendMessageResult } from '@ton/sandbox';
import { withFeeParameters } from '../../src/devnet/feeParameters';
import { allocateHash, openEntry, type Allocate, type AllocateEntry } from '../../src/protocol/allocate';
import { nano } from '../../src/protocol/amounts';
import { keyPairFromSeed, sign } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { lineId, NO_FEE_RECIPIENT, type Line } from '../../src/protocol/line';
import { receiptLayout, type Receipt } from '../../src/protocol/signed';
import {
  allocateExternalBody,
  escrowAddress,
  escrowInit,
  GET_ESCROW,
  openBody,
  parseEscrow,
  pruneBody,
  settleBody,
} from '../../wrappers/Escrow';
import { settleValueNano } from '../../wrappers/escrowCosts';
import { admitWorker } from './admission';

const NETWORK_ID = -217;
const GENESIS = 1_780_000_000;
const DAY = 86_400;
/** Attached beyond the contract's own figure, so that the rest can pay for its way back. */
const MARGIN = toNano('0.002');
/** Lines that fit into one message of a filling, with room to spare for the gas limit. */
const FILL = 60;

/** A client's escrow, a Worker and somebody's wallet on an emulated chain: the genuine contracts, prices of 2026. */
export interface MoneyWorld {
  /** `count` lines that no ledger of this world has had. */
  freshLines(count: number): Line[];
  /** Opens lines until the ledger has so many entries. */
  fill(entries: number): Promise<void>;
  /** What each does to the balances of everybody who takes part, in nanotons, negative when they lost. */
  open(lines: readonly Line[], capNano: bigint): Promise<bigint>;
  raise(lines: readonly Line[], capNano: bigint): Promise<bigint>;
  settle(lines: readonly Line[], totalNano: bigint): Promise<bigint>;
  /** After the lines' last day, which is then taken back: other lines are still to be measured. */
  prune(lines: readonly Line[]): Promise<bigint>;
}

export async function createMoneyWorld(): Promise<MoneyWorld> {
  const chain = await Blockchain.create({
    config: withFeeParameters(Cell.fromBase64(defaultConfig), NETWORK_ID),
  });
  chain.now = GENESIS;
  chain.verbosity = { print: false, blockchainLogs: false, vmLogs: 'none', debugLogs: false };
  const registry = await chain.treasury('registry');
  const client = await chain.treasury('client', { balance: toNano('2000000') });
  const worker = await admitWorker(chain, registry, NETWORK_ID);
  const signer = keyPairFromSeed(sha256(Buffer.from('signer')));
  const escrow = await escrowAddress(registry.address, client.address, 0n);
  const keys = keyPairFromSeed(sha256(Buffer.from('settler')));
  const wallet = WalletContractV5R1.create({
    publicKey: keys.publicKey,
    walletId: {
      networkGlobalId: NETWORK_ID,
      context: { workchain: 0, walletVersion: 'v5r1', subwalletNumber: 0 },
    },
  });

  const open = { signer: signer.publicKey, signerBudgetNano: toNano('1000000'), closeDelaySeconds: 129_600 };
  await chain.sendMessage(
    internal({
      ...{ from: client.address, to: escrow, value: toNano('1000000'), bounce: true },
      ...{ stateInit: await escrowInit(registry.address, client.address, 0n), body: openBody(open) },
    }),
  );
  await client.send({ to: wallet.address, value: toNano('100'), bounce: false });

  const readEscrow = async () => parseEscrow((await chain.runGetMethod(escrow, GET_ESCROW)).stackReader);
  const { domain } = await readEscrow();
  let made = 0;
  let walletSeqno = 0;

  const balances = async (): Promise<bigint> => {
    let sum = 0n;
    for (const address of [escrow, worker.address, wallet.address]) {
      sum += (await chain.getContract(address)).balance;
    }
    return sum;
  };

  /** What a message costs all of them together: whatever moves between them cancels out. */
  const costOf = async (act: () => Promise<SendMessageResult>): Promise<bigint> => {
    const before = await balances();
    const result = await act();
    const isWhole = result.transactions.every(
      ({ description }) => description.type === 'generic' && !description.aborted,
    );
    if (!isWhole) throw new Error('a message of the benchmark was refused');
    return before - (await balances());
  };

  const allocate = async (
    entries: readonly AllocateEntry[],
    raiseNano: bigint,
  ): Promise<SendMessageResult> => {
    const { seqno, entries: before } = await readEscrow();
    const value: Allocate = {
      domain,
      seqno,
      validUntil: chain.now! + 300,
      raiseSum: nano(raiseNano),
      entries,
    };
    const body = allocateExternalBody({ value, signature: sign(allocateHash(value), signer) });
    const result = await chain.sendMessage(external({ to: escrow, body }));
    const opened = entries.filter(({ kind }) => kind === 'open').length;
    if ((await readEscrow()).entries !== before + opened) throw new Error('an entry was skipped');
    return result;
  };

  /** Through a wallet, whose own transaction counts, too. */
  const sendByWallet = async (valueNano: bigint, body: Cell): Promise<SendMessageResult> => {
    const signed = await wallet.createTransfer({
      seqno: walletSeqno,
      timeout: chain.now! + 60,
      sendMode: SendMode.PAY_GAS_SEPARATELY,
      signer: async (message: Cell) => sign(message.hash(), keys),
      messages: [walletMessage({ to: escrow, value: valueNano, bounce: true, body })],
    });
    const isFirst = walletSeqno === 0;
    walletSeqno += 1;
    return chain.sendMessage(
      external({ to: wallet.address, body: signed, ...(isFirst && { init: wallet.init }) }),
    );
  };

  const opening = (line: Line, capNano: bigint): AllocateEntry =>
    openEntry(line, { provider: worker.provider.hash, index: worker.index }, nano(capNano));

  const freshLines = (count: number): Line[] =>
    Array.from({ length: count }, () => ({
      ...{ workerAddress: worker.address.hash, settleBy: GENESIS + 12 * DAY + made++ },
      ...{ feeBps: 0, feeTo: NO_FEE_RECIPIENT, workerKey: worker.keys.publicKey },
    }));

  // The wallet's first message carries its code: that is not what is measured.
  await sendByWallet(toNano('0.01'), beginCell().endCell());

  return {
    freshLines,
    async fill(wanted) {
      for (let { entries } = await readEscrow(); entries < wanted; entries = (await readEscrow()).entries) {
        const lines = freshLines(Math.min(FILL, wanted - entries));
        await allocate(
          lines.map((line) => opening(line, 1n)),
          BigInt(lines.length),
        );
      }
    },
    open: (lines, capNano) =>
      costOf(() =>
        allocate(
          lines.map((line) => opening(line, capNano)),
          capNano * BigInt(lines.length),
        ),
      ),
    raise: (lines, capNano) =>
      costOf(() =>
        allocate(
          lines.map((line) => ({ kind: 'raise', cap: nano(capNano), lineId: lineId(line) })),
          capNano * BigInt(lines.length),
        ),
      ),
    async settle(lines, totalNano) {
      const items = lines.map((line) => {
        const receipt: Receipt = {
          ...{ domain, lineId: lineId(line), total: totalNano, jobs: 1n, jobsRoot: Buffer.alloc(32, 1) },
          ...{ issuedAt: chain.now!, flags: 0 },
        };
        return { line, receipt, signature: sign(receiptLayout.hash(receipt), worker.keys) };
      });
      const { entries, lockedNano } = await readEscrow();
      const cost = await costOf(() =>
        sendByWallet(settleValueNano(lines.length, entries) + MARGIN, settleBody(items)),
      );
      const due = lockedNano - (await readEscrow()).lockedNano;
      if (due === 0n) throw new Error('nothing was paid');
      return cost;
    },
    async prune(lines) {
      const before = chain.snapshot();
      const { now } = chain;
      chain.now = Math.max(...lines.map(({ settleBy }) => settleBy + 1));
      // The rent of these days is not the prune's.
      for (const to of [escrow, wallet.address]) await client.send({ to, value: 1n, bounce: false });
      const { entries } = await readEscrow();
      const cost = await costOf(() => sendByWallet(toNano('0.05'), pruneBody(lines.map(lineId))));
      if ((await readEscrow()).entries !== entries - lines.length) throw new Error('a line was not pruned');
      await chain.loadFrom(before);
      chain.now = now;
      walletSeqno -= 1;
      return cost;
    },
  };
}
