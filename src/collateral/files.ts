import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { MAX_FILE_BYTES } from './limits';

let drafts = 0;

/** Writes a file so that a reader, and a restart, finds it whole or not at all. Makes the folder. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}-${drafts++}.draft`;
  const handle = await open(draft, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(draft, file);
}

/** The text of a file; null where there is none, or one beyond any size that is written here. */
export async function readIfThere(file: string): Promise<string | null> {
  try {
    const { size } = await stat(file);
    return size > MAX_FILE_BYTES ? null : await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}
