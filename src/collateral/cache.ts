import path from 'node:path';
import { readIfThere, writeWhole } from './files';
import { PARTS, type Part, type PartName } from './parts';
import type { PlatformFamily } from './platform';

/** Intel's answers on disk, one file each, until the next is due. */

export interface CachedPart {
  part: Part;
  /** Unix seconds. */
  fetchedAt: number;
  nextUpdate: number;
}

/** What the folder has for this family; a file that is broken in any way counts as absent. */
export async function readCached(
  folder: string,
  family: PlatformFamily,
  name: PartName,
): Promise<CachedPart | null> {
  const text = await readIfThere(fileOf(folder, family, name));
  if (text === null) return null;
  try {
    const { fetchedAt, part } = JSON.parse(text) as CachedPart;
    const { chain, content, signature } = part;
    if (![chain, content, signature].every((field) => typeof field === 'string')) return null;
    if (!Number.isInteger(fetchedAt)) return null;
    return { part: { chain, content, signature }, fetchedAt, nextUpdate: PARTS[name].nextUpdate(part) };
  } catch {
    return null;
  }
}

export async function writeCached(
  folder: string,
  family: PlatformFamily,
  name: PartName,
  { part, fetchedAt }: CachedPart,
): Promise<void> {
  await writeWhole(fileOf(folder, family, name), JSON.stringify({ fetchedAt, part }));
}

function fileOf(folder: string, family: PlatformFamily, name: PartName): string {
  return path.join(folder, `${PARTS[name].name(family)}.json`);
}
