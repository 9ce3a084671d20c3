import { chmodSync, closeSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

export { readSecretFile } from '../chain/secretFile';

const OWNER_ONLY = 0o600;

/** Makes the directory, readable by its owner alone. */
export function ensureStateDir(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  chmodSync(dir, 0o700);
}

/** Replaces the file in one step, on disk when this returns: a crash leaves the old one or the new one. */
export function writeSecretFile(path: string, text: string): void {
  const draft = `${path}.new`;
  const file = openSync(draft, 'w', OWNER_ONLY);
  try {
    writeSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(draft, OWNER_ONLY);
  renameSync(draft, path);
  syncDirectory(dirname(path));
}

export function syncDirectory(dir: string): void {
  const handle = openSync(join(dir, '.'), 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
