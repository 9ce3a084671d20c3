import { Address } from '@ton/core';
import { KEY_SLASHED, SLASH_REPORTER_BPS, slashBody, WORKER_VALUES } from '../../wrappers/Worker';
import type { Chain, TransferReport, WalletSender, WorkerState } from '../chain/types';
import { nano, type Nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import type { Proof } from './proof';

/** What filing a proof would do, as the chain stands. */
export interface SlashPreview {
  worker: Address;
  provider: Address;
  stakeNano: Nano;
  /** The reporter's share of it, at most: rent may have eaten into a stake. */
  rewardNano: Nano;
  /** Account hash of the Platform that is blocked. */
  platform: Buffer;
  /** What is attached; what is not needed comes back. */
  valueNano: Nano;
}

/**
 * Looks whether a proof can be filed. Throws CocoonError `not_found` when the registry has no such Worker, and
 * `chain_refused` with the reason when it would be refused.
 */
export async function previewSlash(chain: Pick<Chain, 'worker'>, proof: Proof): Promise<SlashPreview> {
  const worker = new Address(0, proof.worker);
  const state = await chain.worker(worker);
  if (!state)
    throw new CocoonError('not_found', `There is no Worker of this registry at ${worker.toString()}.`, {
      remedy: 'Name the registry that the worker belongs to.',
    });
  const key = slashableKey(state, proof.workerKey);
  return {
    worker,
    provider: state.provider,
    stakeNano: state.stakeNano,
    rewardNano: nano((state.stakeNano * BigInt(SLASH_REPORTER_BPS)) / 10_000n),
    platform: key.platform,
    valueNano: WORKER_VALUES.slash,
  };
}

/** Sends it. Throws CocoonError `chain_refused` when the Worker refused. */
export async function fileProof(
  wallet: WalletSender,
  proof: Proof,
  { worker, valueNano }: SlashPreview,
): Promise<TransferReport> {
  const body = slashBody(proof.workerKey, proof.first, proof.second);
  const report = await wallet.transfer([{ to: worker, valueNano, body }]);
  if (report.failure?.address.equals(worker))
    throw new CocoonError('chain_refused', `The Worker refused with exit code ${report.failure.exitCode}.`);
  return report;
}

function slashableKey(state: WorkerState, workerKey: Buffer): WorkerState['keys'][number] {
  const key = state.keys.find((one) => one.workerKey.equals(workerKey));
  if (!key) throw new CocoonError('chain_refused', 'That key was never admitted to this Worker.');
  if (key.activeUntil === KEY_SLASHED)
    throw new CocoonError('chain_refused', 'That key was slashed before, and each key slashes once.');
  if (state.stakeNano === 0n) throw new CocoonError('chain_refused', 'The Worker has no stake.');
  return key;
}
