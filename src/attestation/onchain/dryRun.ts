import { Address } from '@ton/core';
import { toHex } from '../bytes';
import { nodeCrypto } from '../crypto/node';
import { AttestationError } from '../errors';
import { imageId, shape } from '../image';
import { requireHints } from './dryRunHints';
import { refusalByPlatform, type AtPlatform } from './dryRunPlatform';
import type { Reason } from './dryRunReason';
import { refusalByRegistry, type RegistryLists } from './dryRunRegistry';
import { refusalByWorker, type WorkerStanding } from './dryRunWorker';
import { HintError } from './hint';
import { ATTEST_KINDS, type AttestKind } from './kind';
import { attestMessage, chainFor, type AttestMessage } from './message';
import { requireLiterals } from './quoteText';

/** What is known of the chain when a quote is about to be brought there. What is null is not looked at. */
export interface DryRunInput extends AtPlatform {
  registry: RegistryLists | null;
  worker: WorkerStanding | null;
}

export interface Refusal extends Reason {
  at: 'building' | 'platform' | 'registry' | 'worker';
}

/** `gasAtMost`: in the Platform itself, all places taken. */
export type DryRun =
  { ok: true; message: AttestMessage; gasAtMost: number } | { ok: false; refusal: Refusal };

/** GAS_PLATFORM_ATTEST and GAS_PLATFORM_STEP of contracts/platform/gas.tact. */
const GAS = { ca: 110_000, step: 25_000 } as const;

/** What a Platform needs at most for a message of this kind. */
export function attestGasAtMost(kind: AttestKind): number {
  return GAS.ca - GAS.step * ATTEST_KINDS.indexOf(kind);
}

/** Neither provider nor index changes what is checked, or how large the message is. */
const NOBODY = { provider: new Address(0, Buffer.alloc(32)), index: 0 };

/**
 * A model of everything that Platform, Registry and Worker check, in their order: names the check that would refuse the
 * quote before gas is spent, or gives the message. It reads no clock and no chain.
 */
export async function dryRun(input: DryRunInput, to = NOBODY): Promise<DryRun> {
  try {
    const refusal = await firstRefusal(input);
    return refusal === null
      ? { ok: true, message: attestMessage({ ...input, ...to }), gasAtMost: attestGasAtMost(input.kind) }
      : { ok: false, refusal };
  } catch (error) {
    if (error instanceof AttestationError) return unbuilt(error.code, error.message);
    if (error instanceof HintError) return unbuilt('quote_unbuildable', error.message);
    throw error;
  }
}

function unbuilt(error: string, why: string): DryRun {
  return { ok: false, refusal: { at: 'building', error, why } };
}

async function firstRefusal(input: DryRunInput): Promise<Refusal | null> {
  const { quote, root, kind, nowUnix, registry, worker } = input;
  requireLiterals(quote);
  const chain = chainFor(quote, root, kind);
  requireHints(quote, chain, kind);
  const byPlatform = refusalByPlatform(input, chain);
  if (byPlatform) return { at: 'platform', ...byPlatform };

  const measured = {
    imageId: toHex(await imageId(quote.body, root, nodeCrypto)),
    shape: toHex(await shape(quote.body, nodeCrypto)),
  };
  const byRegistry = registry && refusalByRegistry({ quote, chain, measured, lists: registry, nowUnix });
  if (byRegistry) return { at: 'registry', ...byRegistry };

  const imageEnd = registry?.images.get(measured.imageId) ?? Infinity;
  const until = Math.min(chain.leaf.notAfter, chain.ca.notAfter, imageEnd);
  const byWorker = worker && refusalByWorker({ quote, until, standing: worker, nowUnix });
  return byWorker ? { at: 'worker', ...byWorker } : null;
}
