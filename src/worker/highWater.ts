import { closeSync, existsSync, fchmodSync, openSync, readFileSync, writeSync } from 'node:fs';

/**
 * How many commits a key's ledger has seen, told outside of the state directory. A directory that is put back from a
 * copy brings an older ledger with the same key: signing on from there would contradict receipts that are out, which
 * costs the stake. So a ledger that knows less than its mark is never signed for again.
 *
 * The mark is of one boot: a copy of directory and mark together is refused after the next start of the machine. It is
 * written after the commit and before anything is signed; like the ledger's readers it needs no fsync, because a power
 * cut is a boot.
 */
export interface HighWater {
  raise(commits: number): void;
  close(): void;
}

const KEY_BYTES = 32;
const COMMITS_BYTES = 8;
const BOOT_BYTES = 36;
const OWNER_ONLY = 0o600;

/** Where the mark of a state directory lies unless the configuration says otherwise: beside it. */
export function highWaterFileOf(stateDir: string): string {
  return `${stateDir.replace(/\/+$/, '')}.high-water`;
}

/** The kernel's name for this boot; zeros where there is none, and then copies are told by their commits alone. */
export function readBootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '0'.repeat(BOOT_BYTES);
  }
}

/** Why a ledger with so many commits is not to be trusted, or null. */
export function staleness(path: string, workerKey: Buffer, commits: number, bootId: string): string | null {
  if (!existsSync(path)) return 'there is no mark beside it';
  const mark = readFileSync(path);
  if (
    mark.length !== KEY_BYTES + COMMITS_BYTES + BOOT_BYTES ||
    !mark.subarray(0, KEY_BYTES).equals(workerKey)
  )
    return 'the mark beside it is of another key';
  if (mark.toString('latin1', KEY_BYTES + COMMITS_BYTES) !== bootId) return 'it is of an earlier boot';
  const known = mark.readBigUInt64BE(KEY_BYTES);
  return known > BigInt(commits)
    ? `it knows ${commits} commits of ${known}: it was put back from a copy`
    : null;
}

/** Begins the mark of a new key, or goes on with that of a ledger that is not stale. */
export function openHighWater(path: string, workerKey: Buffer, commits: number, bootId: string): HighWater {
  const file = openMark(path);
  const image = Buffer.alloc(KEY_BYTES + COMMITS_BYTES + BOOT_BYTES);
  workerKey.copy(image);
  image.writeBigUInt64BE(BigInt(commits), KEY_BYTES);
  image.write(bootId, KEY_BYTES + COMMITS_BYTES, 'latin1');
  writeSync(file, image, 0, image.length, 0);

  const count = Buffer.alloc(COMMITS_BYTES);
  return {
    raise(next) {
      count.writeBigUInt64BE(BigInt(next));
      writeSync(file, count, 0, COMMITS_BYTES, KEY_BYTES);
    },
    close: () => closeSync(file),
  };
}

function openMark(path: string): number {
  try {
    const file = openSync(path, existsSync(path) ? 'r+' : 'w+', OWNER_ONLY);
    fchmodSync(file, OWNER_ONLY);
    return file;
  } catch (cause) {
    throw new Error(
      `${path} cannot be written: set highWaterFile to a file outside of stateDir that the worker may write.`,
      { cause },
    );
  }
}
