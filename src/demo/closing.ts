import { Address } from '@ton/core';
import { routerAddress } from '../../wrappers/Router';
import type { HeldReceipt } from '../chain/dues';
import { nano, type Nano } from '../protocol/amounts';
import { lineId } from '../protocol/line';
import { encodeSigned, receiptLayout } from '../protocol/signed';
import type { Customer } from './customer';
import type { Party } from './ledger';
import type { DemoWorker } from './provider';
import type { ReceiptRow } from './result';
import type { Stage } from './stage';

/** Who owns which accounts; whatever is not here is nobody's, and shows as a difference. */
export async function partiesOf(
  stage: Stage,
  workers: readonly DemoWorker[],
  customers: readonly Customer[],
): Promise<Party[]> {
  const machines = await Promise.all(workers.map((worker) => machineOf(stage, worker)));
  return [
    {
      name: 'maintainer',
      role: 'maintainer',
      accounts: [
        { label: 'wallet', address: stage.maintainer.wallet.address },
        { label: 'treasury', address: stage.treasury.wallet.address },
        { label: 'registry', address: stage.registry },
      ],
    },
    ...workers.map((worker, i): Party => ({
      name: worker.provider.name,
      role: 'provider',
      accounts: [
        { label: 'wallet', address: worker.provider.wallet.address },
        { label: 'operator', address: worker.operator.wallet.address },
        { label: 'worker', address: worker.address },
        { label: 'machine', address: machines[i]! },
      ],
    })),
    ...customers.map((customer): Party => ({
      name: customer.name,
      role: 'client',
      accounts: [
        { label: 'wallet', address: customer.actor.wallet.address },
        { label: 'escrow', address: customer.escrow },
      ],
    })),
    {
      name: 'router',
      role: 'router',
      accounts: [
        { label: 'wallet', address: stage.router.wallet.address },
        { label: 'listing', address: await routerAddress(stage.registry, stage.router.wallet.address) },
      ],
    },
  ];
}

/** The Platform contract of the machine on which a worker was attested. */
async function machineOf(stage: Stage, { address, name }: DemoWorker): Promise<Address> {
  const state = await stage.chain.worker(address);
  if (!state) throw new Error(`${name} has no contract`);
  return new Address(0, state.platform);
}

/** What receipts say beyond what lines have paid. */
export async function unsettled(
  stage: Stage,
  customers: readonly Customer[],
  receipts: readonly HeldReceipt[],
): Promise<Nano> {
  let sum = 0n;
  for (const customer of customers) {
    const lines = (await stage.chain.escrow(customer.escrow))?.lines;
    for (const held of receipts.filter(({ escrow }) => escrow.equals(customer.escrow.hash))) {
      const paid = lines?.get(lineId(held.line).toString('hex'))?.paidNano ?? 0n;
      if (held.receipt.value.total > paid) sum += held.receipt.value.total - paid;
    }
  }
  return nano(sum);
}

export async function receiptRows(
  stage: Stage,
  customers: readonly Customer[],
  receipts: readonly HeldReceipt[],
  nameOfWorker: (hash: Buffer) => string,
): Promise<ReceiptRow[]> {
  const rows: ReceiptRow[] = [];
  for (const customer of customers) {
    const lines = (await stage.chain.escrow(customer.escrow))?.lines;
    for (const held of receipts.filter(({ escrow }) => escrow.equals(customer.escrow.hash))) {
      const id = lineId(held.line).toString('hex');
      rows.push({
        client: customer.name,
        worker: nameOfWorker(held.line.workerAddress),
        lineId: id,
        workerKey: held.line.workerKey.toString('hex'),
        jobs: Number(held.receipt.value.jobs),
        totalNano: held.receipt.value.total,
        paidNano: lines?.get(id)?.paidNano ?? 0n,
        receipt: encodeSigned(receiptLayout, held.receipt).toString('hex'),
      });
    }
  }
  return rows;
}
