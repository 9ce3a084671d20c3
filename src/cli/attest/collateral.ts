import { InvalidArgumentError, type Command } from 'commander';
import { readJsonFile } from './files';
import { ATTEST_LIMITS } from './limits';

export interface CollateralFlags {
  collateral?: string;
  pccs?: string;
  cache?: string;
}

export function withCollateralFlags(command: Command): Command {
  return command.option('--collateral <file>', 'JSON with what Intel publishes for this machine');
}

/** What Intel publishes for the quote's machine, from a file or a server. Throws CocoonError. */
export async function collateralOf(flags: CollateralFlags, _quote: Uint8Array): Promise<unknown> {
  if (flags.collateral !== undefined)
    return readJsonFile(flags.collateral, ATTEST_LIMITS.collateralFileBytes);
  throw new InvalidArgumentError('Name the collateral: --collateral <file>, or --pccs <url> to fetch it.');
}
