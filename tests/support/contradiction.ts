import { beginCell, type Cell } from '@ton/core';
import { createShardAccount } from '@ton/sandbox';
import * as binding from '../../build/Worker/Worker_Worker';
import { sign, type KeyPair } from '../../src/protocol/ed25519';
import { sha256 } from '../../src/protocol/hash';
import { receiptLayout, type Receipt, type Signed } from '../../src/protocol/signed';
import type { Network } from './network';

const RECEIPT: Receipt = {
  domain: sha256(Buffer.from('an escrow')),
  lineId: sha256(Buffer.from('a line')).subarray(0, 20),
  total: 1_000_000_000n,
  jobs: 7n,
  jobsRoot: sha256(Buffer.from('seven jobs')),
  issuedAt: 1_780_000_000,
  flags: 0,
};

/** A receipt of the usual line after seven jobs; `change` makes it another. */
export function receipt(keys: KeyPair, change: Partial<Receipt> = {}): Signed<Receipt> {
  const value = { ...RECEIPT, ...change };
  return { value, signature: sign(receiptLayout.hash(value), keys) };
}

/** What measured code never signs: the same seven jobs, and another sum. */
export function contradiction(keys: KeyPair): [Signed<Receipt>, Signed<Receipt>] {
  return [receipt(keys), receipt(keys, { total: RECEIPT.total + 1n })];
}

/** A Slash that is sent as it is, proof or not: domain, line and jobs are the first receipt's. */
export function unchecked(receiptKey: Buffer, first: Signed<Receipt>, second: Signed<Receipt>): Cell {
  const cell = ({ value, signature }: Signed<Receipt>): Cell =>
    beginCell()
      .storeUint(value.total, 64)
      .storeBuffer(value.jobsRoot)
      .storeUint(value.issuedAt, 32)
      .storeUint(value.flags, 8)
      .storeBuffer(signature)
      .endCell();
  const number = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);
  return beginCell()
    .store(
      binding.storeSlash({
        $$type: 'Slash',
        receiptKey: number(receiptKey),
        domain: number(first.value.domain),
        lineId: number(first.value.lineId),
        jobs: first.value.jobs,
        first: cell(first),
        second: cell(second),
      }),
    )
    .endCell();
}

/** Says to a Worker that all its places for keys are taken, where filling them would take long. */
export async function takeAllKeyPlaces(net: Network): Promise<void> {
  const account = await net.chain.getContract(net.worker);
  const state = account.accountState;
  if (state?.type !== 'active' || !state.state.code || !state.state.data) throw new Error('no worker');
  const slice = state.state.data.beginParse();
  // Tact's mark that the contract is deployed.
  slice.skip(1);
  const worker = binding.loadWorker$Data(slice);
  const record = binding.loadWorkerRecord(worker.record.beginParse());
  record.keys.count = binding.MAX_KEYS;
  worker.record = beginCell().store(binding.storeWorkerRecord(record)).endCell();
  const data = beginCell().storeBit(true).store(binding.storeWorker$Data(worker)).endCell();
  await net.chain.setShardAccount(
    net.worker,
    createShardAccount({ address: net.worker, code: state.state.code, data, balance: account.balance }),
  );
}
