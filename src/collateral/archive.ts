import { createHash } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Collateral } from '../attestation/collateral';
import { CollateralError } from './errors';
import { readIfThere, writeWhole } from './files';
import { MAX_ARCHIVE_ENTRIES } from './limits';
import type { PlatformFamily } from './platform';

/**
 * Everything that was ever used, each under the hash of its bytes, so that an old quote can be verified again as it was
 * then: Intel itself does not give old collateral out.
 */
export interface Archive {
  /** Keeps it, and returns its hash: SHA-256 of the JSON text, hex. */
  keep(family: PlatformFamily, collateral: Collateral): Promise<string>;
  /** Throws CollateralError `collateral_not_archived`, also where the bytes do not have this hash any more. */
  byHash(hash: string): Promise<Collateral>;
  /** Hashes of what was used for a family, in no order. */
  hashesOf(family: PlatformFamily): Promise<string[]>;
}

const HASH = /^[0-9a-f]{64}$/;

export function createArchive(folder: string): Archive {
  const listed = (): Promise<string[]> => list(folder);
  return {
    async keep(family, collateral) {
      const text = JSON.stringify(collateral);
      const hash = hashOf(text);
      const file = path.join(folder, `${prefixOf(family)}${hash}.json`);
      if ((await readIfThere(file)) !== text) await writeWhole(file, text);
      return hash;
    },
    async byHash(hash) {
      const name = HASH.test(hash)
        ? (await listed()).find((file) => file.endsWith(`${hash}.json`))
        : undefined;
      const text = name === undefined ? null : await readIfThere(path.join(folder, name));
      if (text === null) throw new CollateralError('collateral_not_archived', `the archive has no ${hash}`);
      if (hashOf(text) === hash) return JSON.parse(text) as Collateral;
      throw new CollateralError('collateral_not_archived', `${name} in the archive was changed`);
    },
    async hashesOf(family) {
      const prefix = prefixOf(family);
      const names = (await listed()).filter((name) => name.startsWith(prefix));
      return names
        .map((name) => name.slice(prefix.length, -'.json'.length))
        .filter((hash) => HASH.test(hash));
    },
  };
}

function prefixOf({ fmspc, ca }: PlatformFamily): string {
  return `${fmspc}-${ca}-`;
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

async function list(folder: string): Promise<string[]> {
  try {
    const names = await readdir(folder);
    if (names.length <= MAX_ARCHIVE_ENTRIES) return names.filter((name) => name.endsWith('.json'));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  throw new CollateralError(
    'collateral_not_archived',
    `${folder} has more than ${MAX_ARCHIVE_ENTRIES} files: move old ones away`,
  );
}
