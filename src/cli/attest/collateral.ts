import os from 'node:os';
import path from 'node:path';
import { InvalidArgumentError, type Command } from 'commander';
import type { QuoteVerifier } from '../../attestation/index';
import { createCollateralSource, INTEL_PCS, type CollateralDeps } from '../../collateral';
import { readJsonFile } from './files';
import { ATTEST_LIMITS } from './limits';

export interface CollateralFlags {
  collateral?: string;
  pccs: string[];
  cache?: string;
  offline: boolean;
}

export function withCollateralFlags(command: Command): Command {
  return command
    .option('--collateral <file>', 'JSON with what Intel publishes for this machine')
    .option('--pccs <url>', `fetch it instead, for example from ${INTEL_PCS}; may be repeated`, collect, [])
    .option('--offline', 'take what was fetched earlier and was valid at the time', false)
    .option('--cache <folder>', 'where fetched collateral is kept')
    .addHelpText('after', `\nOne of --collateral, --pccs and --offline is needed.`);
}

/**
 * What Intel publishes for the quote's machine: from a file, from servers (kept on disk while it is valid), or from what
 * is on disk. Throws CollateralError, CocoonError, or InvalidArgumentError where nothing says where from.
 */
export async function collateralOf(
  flags: CollateralFlags,
  quote: Uint8Array,
  atUnix: number,
  verifier: QuoteVerifier,
  deps: Pick<CollateralDeps, 'fetch' | 'sleep'> = {},
): Promise<unknown> {
  const { collateral, pccs, offline, cache = defaultCache() } = flags;
  const ways = [collateral !== undefined, pccs.length > 0, offline].filter(Boolean);
  if (ways.length !== 1)
    throw new InvalidArgumentError(
      'Name the collateral: one of --collateral <file>, --pccs <url> and --offline.',
    );
  if (collateral !== undefined) return readJsonFile(collateral, ATTEST_LIMITS.collateralFileBytes);
  const config = { baseUrls: pccs, cacheDir: cache, offline };
  const source = createCollateralSource(config, { ...deps, verifier, now: () => atUnix });
  return (await source.forQuote(quote)).prepared;
}

/** As the XDG base directory specification has it. */
function defaultCache(): string {
  return path.join(process.env.XDG_CACHE_HOME ?? path.join(os.homedir(), '.cache'), 'cocoon', 'collateral');
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
