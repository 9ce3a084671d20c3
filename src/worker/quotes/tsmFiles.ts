import { mkdir, open, rmdir } from 'node:fs/promises';

/** What a quote takes of a file system. Nothing here blocks the event loop: the kernel may think for half a minute. */
export interface TsmFiles {
  makeEntry(path: string): Promise<void>;
  /** configfs removes the attributes of an entry with it. */
  removeEntry(path: string): Promise<void>;
  /** One write; the kernel takes it when the file is closed, which has happened when this resolves. */
  write(path: string, bytes: Uint8Array): Promise<void>;
  /** At most `maxBytes` + 1 bytes, so that a caller sees when there are more. */
  read(path: string, maxBytes: number): Promise<Buffer>;
}

const CHUNK_BYTES = 4_096;

export const systemFiles: TsmFiles = {
  makeEntry: (path) => mkdir(path),
  removeEntry: (path) => rmdir(path),
  async write(path, bytes) {
    const file = await open(path, 'w');
    try {
      await file.write(bytes);
    } finally {
      await file.close();
    }
  },
  async read(path, maxBytes) {
    const file = await open(path, 'r');
    const chunks: Buffer[] = [];
    try {
      for (let left = maxBytes + 1; left > 0; left -= chunks.at(-1)!.length) {
        const { bytesRead, buffer } = await file.read(Buffer.alloc(Math.min(CHUNK_BYTES, left)));
        if (bytesRead === 0) break;
        chunks.push(buffer.subarray(0, bytesRead));
      }
    } finally {
      await file.close();
    }
    return Buffer.concat(chunks);
  },
};
