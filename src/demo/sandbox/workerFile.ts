import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import type { WorkerPlan } from '../provider';
import type { SandboxEngine } from './engine';

/** Nanotons per million tokens and per minute of audio: a short answer costs some hundredths of a milliton. */
const PRICES = {
  prompt_nano: '200000000',
  cached_nano: '50000000',
  completion_nano: '800000000',
  audio_nano: '60000000',
};

/** Writes the worker's configuration and its operator's key, as a provider would. Returns the file's path. */
export function writeSandboxWorker(
  plan: WorkerPlan,
  address: Address,
  around: { folder: string; network: object; engine: SandboxEngine; router: { url: string }; slots: number },
): string {
  const folder = join(around.folder, plan.name);
  mkdirSync(folder, { recursive: true });
  const operatorKeyFile = join(folder, 'operator.key');
  writeFileSync(operatorKeyFile, `${plan.operator.keys.seed.toString('hex')}\n`, { mode: 0o600 });
  const config = {
    stateDir: join(folder, 'state'),
    network: around.network,
    worker: address.toString(),
    imageId: plan.imageId.toString('hex'),
    attestation: { source: 'simulated' },
    routers: [around.router.url],
    engine: { url: around.engine.url, cacheSalt: around.engine.salted },
    models: around.engine.models.map(({ id, hash, contextLength, capabilities }) => ({
      ...{ id, contextLength, capabilities },
      hash: hash.toString('hex'),
      // What a request without max_tokens may take: the rest is room for its prompt.
      maxOutputTokens: Math.ceil(contextLength / 2),
      floor: PRICES,
    })),
    slots: around.slots,
    operatorKeyFile,
    logLevel: 'silent',
  };
  const file = join(folder, 'worker.json');
  writeFileSync(file, JSON.stringify(config, null, 2));
  return file;
}
